/**
 * A browser that is signed in has a cookie that its scripts can't read. What it changes has to come with a second word that
 * only our own pages can know: it is made of the cookie, so nothing of it is kept.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../security/equal.ts';

/** Bound to this host, to the whole of it, and to an encrypted connection (or to this machine): browsers see to it. */
export const COOKIE = '__Host-hydra';
/** From its beginning, and from when it was last seen. */
export const SESSION_LIVES_MS = 12 * 3_600_000;
export const SESSION_IDLES_MS = 2 * 3_600_000;

export const newSessionSecret = (): string => randomBytes(32).toString('base64url');
export const hashOfSession = (secret: string): Buffer => createHash('sha256').update(secret).digest();
export const csrfOf = (secret: string): string => createHmac('sha256', secret).update('csrf').digest('base64url');

export const isCsrf = (expected: string, given: string | undefined): boolean =>
  given !== undefined && constantTimeEqual(expected, given);

export const cookieFor = (secret: string): string =>
  `${COOKIE}=${secret}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${SESSION_LIVES_MS / 1_000}`;
export const NO_COOKIE = `${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`;

/** Of a header with any number of cookies; null where none of them can be one of ours. */
export function secretFrom(header: string | undefined): string | null {
  for (const part of header?.split(';') ?? []) {
    const [, secret] = /^\s*__Host-hydra=([A-Za-z0-9_-]{43})\s*$/.exec(part) ?? [];
    if (secret) return secret;
  }
  return null;
}
