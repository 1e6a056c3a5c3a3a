/**
 * Who is signed in. A link brings a token in its fragment, which no server and no log ever sees; it leaves the address at
 * once and stays with this tab.
 */
import { useSyncExternalStore } from 'react';

const KEY = 'hydra-token';
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};

/** Called once, before anything is asked. */
export function takeToken(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  sessionStorage.setItem(KEY, token);
  history.replaceState(null, '', location.pathname + location.search);
}

export const credential = (): string | null => sessionStorage.getItem(KEY);

/** The server does not know us any more. */
export function signedOut(): void {
  sessionStorage.removeItem(KEY);
  tell();
}

export const useIsSignedIn = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => credential() !== null,
  );
