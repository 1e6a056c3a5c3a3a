import { useSession } from '../api/session.ts';

/** Signed in or not: the operator's pages begin here. */
export function Console() {
  const isIn = useSession().state === 'in';
  return (
    <main id="main">
      <h1>Console</h1>
      <p className="soft">{isIn ? 'You are signed in.' : 'Open this page by the link that you were given.'}</p>
    </main>
  );
}
