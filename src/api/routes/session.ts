/** A browser signs in: it brings a link or a token, and has a cookie from then on. */
import type { Authenticate } from '../../auth/authenticate.ts';
import { isPortalLink, readPortalLink } from '../../auth/portal-links.ts';
import { type Principal, ROLES, type Role, refOfPortal } from '../../auth/principal.ts';
import {
  cookieFor,
  csrfOf,
  hashOfSession,
  NO_COOKIE,
  newSessionSecret,
  SESSION_LIVES_MS,
} from '../../auth/sessions.ts';
import { readMailSettings } from '../../db/mail-settings.ts';
import { beginSession, endSession, usePortalLink } from '../../db/sessions.ts';
import { inTenant, type Scope } from '../../db/tenant.ts';
import { readTenant } from '../../db/tenants.ts';
import { newId } from '../../ids.ts';
import { admit } from '../handler.ts';
import { ANYTHING, type OpenCall, openRoute } from '../open-route.ts';
import { Problem } from '../problem.ts';
import { created, ok, type Parts, route } from '../route.ts';
import { session, sessionBody } from '../schemas/session.ts';

const tag = 'Sessions';
type Whose = Pick<Principal, 'tenant' | 'mode' | 'customer' | 'ref'> & { role: Role };

export const beginning = openRoute({
  method: 'post',
  path: '/api/session',
  tag,
  summary: 'Sign a browser in',
  about:
    'Sets a cookie (`__Host-`, not for scripts, of this site only) that lasts for 12 hours, or 2 without use. A link works once. A service key opens none.',
  body: sessionBody,
  mayHold: { token: ANYTHING },
  answers: { 201: { about: 'Signed in, with the cookie.', schema: session } },
  async handle(call: OpenCall<unknown, { token: string }>) {
    const { parts, authenticate, body, request } = call;
    // Whoever sends a browser here from elsewhere would sign it in as somebody of their choice.
    if (request.get('sec-fetch-site') === 'cross-site') throw new Problem(403, 'link_invalid', 'not from another site');
    const at = new Date();
    const whose = isPortalLink(body.token)
      ? await byLink(parts, body.token, at)
      : await byToken(authenticate, body.token);
    const secret = newSessionSecret();
    const id = newId('ses');
    const { tenant, mode, customer, ref, role } = whose;
    const expiresAt = new Date(at.getTime() + SESSION_LIVES_MS);
    const begun = { id, tenant, mode, principal: ref, role, customer, seenAt: at, expiresAt, endedAt: null };
    await inTenant(parts.db, whose, (trx) => beginSession(trx, { ...begun, hash: hashOfSession(secret) }));
    const reply = created(await show(parts, whose), { csrfToken: csrfOf(secret) });
    return { ...reply, headers: { 'set-cookie': cookieFor(secret) } };
  },
});

async function byLink({ db, links }: Parts, token: string, at: Date): Promise<Whose> {
  const link = readPortalLink(links.key, token);
  if (!link) throw new Problem(401, 'link_invalid', 'the link is not one of ours');
  const { tenant, mode, id } = link;
  const used = await inTenant(db, { tenant, mode }, (trx) => usePortalLink(trx, id, at));
  if (used.outcome !== 'used') {
    throw used.outcome === 'spent'
      ? new Problem(401, 'link_used', 'the link has let somebody in already: ask for another')
      : new Problem(401, 'link_over', 'the link’s time is over: ask for another');
  }
  return { tenant, mode, role: 'customer', customer: used.customer, ref: refOfPortal(used.customer) };
}

async function byToken(authenticate: Authenticate, token: string): Promise<Whose> {
  const { caller, ...principal } = admit(mine, await authenticate(`Bearer ${token}`));
  return { ...principal, role: caller as Role };
}

const mine = route({
  method: 'get',
  path: '/api/session',
  tag,
  summary: 'Who am I',
  who: ROLES,
  grant: 'tenants:read',
  answers: { 200: { about: 'By the cookie, or by the token.', schema: session } },
  async handle({ parts, principal }) {
    const csrfToken = principal.session?.csrf ?? null;
    return ok({ ...(await show(parts, { ...principal, role: principal.caller as Role })), csrfToken });
  },
});

const ending = route({
  method: 'delete',
  path: '/api/session',
  tag,
  summary: 'Sign a browser out',
  who: ROLES,
  grant: 'tenants:read',
  answers: { 200: { about: 'The cookie opens nothing any more.', schema: session } },
  async handle({ parts, principal, scope }) {
    const { session: own } = principal;
    if (own) await inTenant(parts.db, scope, (trx) => endSession(trx, own.id, new Date()));
    const shown = await show(parts, { ...principal, role: principal.caller as Role });
    return { ...ok({ ...shown, csrfToken: null }), headers: { 'set-cookie': NO_COOKIE } };
  },
});

async function show({ db }: Parts, { role, customer, ...scope }: Scope & Pick<Whose, 'role' | 'customer'>) {
  const own = await readTenant(db, scope);
  const { accent } = await inTenant(db, scope, readMailSettings);
  const tenant = { id: scope.tenant, name: own?.name ?? scope.tenant, colours: { accent } };
  return { role, customerId: customer, mode: scope.mode, tenant };
}

export const sessionRoutes = [mine, ending];
