/**
 * Who is signed in. A link brings a token in its fragment, which no server and no log ever sees; it leaves the address at
 * once, and the server gives a cookie for it that scripts can't read. What changes something is sent with a second word.
 */
import { useSyncExternalStore } from 'react';
import type { components } from './openapi.ts';
import { type Problem, ProblemError } from './problem.ts';

type Session = components['schemas']['Session'];
type State = { state: 'unknown' } | { state: 'in'; session: Session } | { state: 'out'; why: Problem | null };

/** `/portal/<link>/cancel`, for those who write an address by hand: the same page, signed in. */
const LINK_IN_PATH = /^(\/\w+)\/(hpl_[^/]+)(\/.*)?$/;

let current: State = { state: 'unknown' };
let returnTo: string | null = null;
let begun: Promise<void> = Promise.resolve();
const listeners = new Set<() => void>();

function become(next: State): void {
  current = next;
  for (const listener of listeners) listener();
}

/**
 * Called once, before anything is drawn. With a link the page waits for the cookie; without one it asks for everything at
 * once, and learns on the way whether it may.
 */
export function beginSession(): Promise<void> {
  const given = new URLSearchParams(location.hash.slice(1));
  const [, page = '', inPath = null, rest = ''] = LINK_IN_PATH.exec(location.pathname) ?? [];
  const token = given.get('token') ?? inPath;
  returnTo = given.get('return');
  if (token) history.replaceState(null, '', (inPath ? page + rest : location.pathname) + location.search);
  begun = token ? ask({ method: 'POST', body: JSON.stringify({ token }) }) : ask({});
  return token ? begun : Promise.resolve();
}

async function ask(how: RequestInit): Promise<void> {
  try {
    const headers = new Headers(how.body ? { 'content-type': 'application/json' } : {});
    const response = await fetch('/api/session', { ...how, headers });
    const body: unknown = await response.json();
    become(response.ok ? { state: 'in', session: body as Session } : { state: 'out', why: body as Problem });
  } catch {
    // The server is away: whatever is asked next says so, in the place where it is missed.
    become({ state: 'unknown' });
  }
}

/** What the server wants to hear with each change, as soon as it is known. */
export async function csrfToken(): Promise<string | null> {
  await begun;
  return current.state === 'in' ? current.session.csrfToken : null;
}

/** The server does not know us any more. */
export function signedOut(why: Problem | null): void {
  if (current.state !== 'out') become({ state: 'out', why });
}

export async function signOut(): Promise<void> {
  const csrf = await csrfToken();
  const response = await fetch('/api/session', { method: 'DELETE', headers: csrf ? { 'x-csrf-token': csrf } : {} });
  if (!response.ok) throw new ProblemError((await response.json()) as Problem);
  become({ state: 'out', why: null });
}

/** Where the link came from: one goes back there. */
export const whereFrom = (): string | null => (returnTo && /^https?:/.test(returnTo) ? returnTo : null);

export const useSession = (): State =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
