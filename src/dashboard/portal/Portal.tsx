import { useIsSignedIn } from '../api/session.ts';
export function Portal() {
  return <main className="page">{useIsSignedIn() ? 'in' : 'out'}</main>;
}
