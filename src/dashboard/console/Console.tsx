import { useIsSignedIn } from '../api/session.ts';

/** Signed in or not: the operator's pages begin here. */
export function Console() {
  return (
    <main className="page" id="main">
      <h1>Console</h1>
      <p className="soft">
        {useIsSignedIn() ? 'You are signed in.' : 'Open this page by the link that you were given.'}
      </p>
    </main>
  );
}
