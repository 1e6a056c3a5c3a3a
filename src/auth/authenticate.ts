/** From a header to a principal. Everything that a route needs to know about its caller is found out here, once. */
import { findKeyByPrefix, touchKey } from '../db/api-keys.ts';
import type { Db } from '../db/client.ts';
import { findSession, touchSession } from '../db/sessions.ts';
import { customerOfSubject } from '../db/subjects.ts';
import { inTenant } from '../db/tenant.ts';
import { tenantExists } from '../db/tenants.ts';
import type { TenantId } from '../domain/ids.ts';
import { constantTimeEqual } from '../security/equal.ts';
import { type Principal, refOfKey, refOfSubject } from './principal.ts';
import { hashOfKey, prefixOf } from './service-keys.ts';
import { csrfOf, hashOfSession, SESSION_IDLES_MS, secretFrom } from './sessions.ts';
import type { Claims, VerifyToken } from './tokens.ts';

type Invalid =
  | `token_${'missing' | 'invalid' | 'expired'}`
  | `key_${'invalid' | 'revoked' | 'expired'}`
  | 'session_over';
export type Authenticated =
  | { outcome: 'authenticated'; principal: Principal; tenantKnown: boolean }
  | { outcome: 'refused'; code: Invalid; detail: string }
  /** Known, and without anything that it could act on. */
  | { outcome: 'without_customer' }
  | { outcome: 'unavailable' };
/** The header `Authorization`, or where there is none the cookie. */
export type Authenticate = (authorization: string | undefined, cookie?: string) => Promise<Authenticated>;

/** Of a user with many claims; what is larger is not even looked at. */
const LONGEST_TOKEN = 8_192;

export function createAuthenticate({ db, verifyToken }: { db: Db; verifyToken: VerifyToken }): Authenticate {
  /** Tenants are never deleted, so one that was seen stays known. */
  const known = new Set<TenantId>();

  return async (authorization, cookie) => {
    const credential = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const secret = authorization === undefined ? secretFrom(cookie) : null;
    if (secret) return bySession(db, secret);
    if (!credential) return refused('token_missing', 'a bearer token or a service key is needed');
    if (credential.length > LONGEST_TOKEN) return refused('token_invalid', 'the token is too large');
    return credential.startsWith('sk_') ? byKey(db, credential) : byToken(credential);
  };

  async function byToken(token: string): Promise<Authenticated> {
    const verified = await verifyToken(token);
    return verified.outcome === 'verified' ? principalOf(verified.claims) : verified;
  }

  async function principalOf(claims: Claims): Promise<Authenticated> {
    const { sub, tenant, mode, role, customer: claimed } = claims;
    const { exists, mapped } = await inTenant(db, { tenant, mode }, async (trx) => ({
      exists: known.has(tenant) || (await tenantExists(trx, tenant)),
      mapped: role === 'customer' ? await customerOfSubject(trx, sub) : null,
    }));
    if (exists) known.add(tenant);
    const principal = { ref: refOfSubject(tenant, sub), tenant, mode, caller: role, grants: [] };
    if (role !== 'customer') {
      return { outcome: 'authenticated', principal: { ...principal, customer: claimed ?? null }, tenantKnown: exists };
    }
    // Our own mapping decides. The issuer's word counts where there is none, and may not contradict it.
    if (mapped && claimed && mapped !== claimed) {
      return refused('token_invalid', 'the token names another customer than its subject is mapped to');
    }
    const customer = mapped ?? claimed;
    if (!customer) return { outcome: 'without_customer' };
    return { outcome: 'authenticated', principal: { ...principal, customer }, tenantKnown: exists };
  }
}

async function byKey(db: Db, secret: string): Promise<Authenticated> {
  const prefix = prefixOf(secret);
  const key = prefix && (await findKeyByPrefix(db, prefix));
  if (!key || !constantTimeEqual(key.hash, hashOfKey(secret))) return refused('key_invalid', 'no such service key');
  if (key.revokedAt) return refused('key_revoked', 'the service key was revoked');
  if (key.expiresAt && key.expiresAt.getTime() <= Date.now())
    return refused('key_expired', 'the service key has expired');
  await touchKey(db, prefix);
  const { id, tenant, mode, scopes } = key;
  const principal: Principal = { ref: refOfKey(id), tenant, mode, caller: 'service', grants: scopes, customer: null };
  return { outcome: 'authenticated', principal, tenantKnown: true };
}

async function bySession(db: Db, secret: string): Promise<Authenticated> {
  const hash = hashOfSession(secret);
  const session = await findSession(db, hash);
  const now = Date.now();
  if (!session || session.endedAt || session.expiresAt.getTime() <= now) return sessionOver();
  if (session.seenAt.getTime() + SESSION_IDLES_MS <= now) return sessionOver();
  await touchSession(db, hash);
  const { id, tenant, mode, role, customer, principal: ref } = session;
  const principal: Principal = { ref, tenant, mode, caller: role, grants: [], customer };
  return {
    ...{ outcome: 'authenticated', tenantKnown: true },
    principal: { ...principal, session: { id, csrf: csrfOf(secret) } },
  };
}

const sessionOver = () => refused('session_over', 'the session is over: sign in again');
const refused = (code: Invalid, detail: string): Authenticated => ({ outcome: 'refused', code, detail });
