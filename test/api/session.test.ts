/** A browser signs in with a link or a token, and from then on by a cookie that proves nothing without its second word. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signPortalLink } from '../../src/auth/portal-links.ts';
import { type Answer, type Api, startApiAlone } from './support.ts';

let api: Api;
let ada: Awaited<ReturnType<Api['customer']>>;
let grace: Awaited<ReturnType<Api['customer']>>;
beforeAll(async () => {
  api = await startApiAlone();
  ada = await api.customer();
  grace = await api.customer();
});
afterAll(() => api?.stop());

const returnUrl = 'https://app.example/account';
const linkFor = async (ask: Api['owner'], headers = {}) => {
  const { status, body } = await ask('POST', '/api/portal/sessions', { returnUrl }, headers);
  expect(status).toBe(201);
  return new URL(body.url as string);
};
const tokenOf = (url: URL) => new URLSearchParams(url.hash.slice(1)).get('token')!;
const signIn = (token: string, headers = {}) => api.as(null)('POST', '/api/session', { token }, headers);
const cookieOf = ({ headers }: Answer) => headers.get('set-cookie')!.split(';')[0]!;
const withCookie = (answer: Answer) => ({ cookie: cookieOf(answer) });
const asked = (answer: Answer, method: string, path: string, body?: unknown, headers = {}) =>
  api.as(null)(method, path, body, { ...withCookie(answer), ...headers });

test('a link lets its customer in, once', async () => {
  const url = await linkFor(api.owner, { 'hydra-customer': ada.id });
  expect(url.origin + url.pathname).toBe('https://billing.example/portal');
  const answer = await signIn(tokenOf(url));
  expect(answer).toMatchObject({
    status: 201,
    body: {
      role: 'customer',
      customerId: ada.id,
      mode: 'test',
      tenant: { id: api.tenant, name: 'Test', colours: { accent: '#1f3a5f' } },
    },
  });
  expect(answer.headers.get('set-cookie')).toMatch(
    /^__Host-hydra=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
  expect(await asked(answer, 'GET', '/api/session')).toMatchObject({ status: 200, body: answer.body });
  expect(await asked(answer, 'GET', '/api/billing/subscriptions')).toMatchObject({ status: 200 });
  expect(await signIn(tokenOf(url))).toMatchObject({ status: 401, body: { code: 'link_used' } });
});

test('of two that come with one link at once, one gets in', async () => {
  const token = tokenOf(await linkFor(ada.ask));
  const answers = await Promise.all([signIn(token), signIn(token), signIn(token)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
});

test('a link that is over, made up, or changed lets nobody in', async () => {
  const url = await linkFor(ada.ask);
  const token = tokenOf(url);
  await api.db
    .updateTable('portal_links')
    .set({ expires_at: new Date(0) })
    .where('used_at', 'is', null)
    .execute();
  expect(await signIn(token)).toMatchObject({ status: 401, body: { code: 'link_over' } });
  const made = signPortalLink(Buffer.alloc(32), { tenant: api.tenant, mode: 'test', id: 'pls_1' });
  const changed = `hpl_${Buffer.from(JSON.stringify([api.tenant, 'live', 'pls_1'])).toString('base64url')}${token.slice(token.indexOf('.'))}`;
  for (const wrong of [made, changed, 'hpl_', 'hpl_a.b', `${token}.x`]) {
    expect(await signIn(wrong)).toMatchObject({ status: 401, body: { code: 'link_invalid' } });
  }
});

test('an operator signs in with a token; a service key opens no session', async () => {
  const answer = await signIn(await api.token('support'));
  expect(answer).toMatchObject({ status: 201, body: { role: 'support', customerId: null } });
  expect(await asked(answer, 'GET', '/api/admin/customers')).toMatchObject({ status: 200 });
  expect(await asked(answer, 'GET', '/api/admin/keys')).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
  const { body } = await api.owner('POST', '/api/admin/keys', { name: 'app', scopes: ['*'] });
  expect(await signIn(body.secret)).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
  expect(await signIn('a.b.c')).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
});

test('a cookie changes nothing without its second word', async () => {
  const mine = await signIn(tokenOf(await linkFor(ada.ask)));
  const others = await signIn(tokenOf(await linkFor(grace.ask)));
  const end = (headers = {}) => asked(mine, 'POST', '/api/portal/sessions', { returnUrl }, headers);
  for (const word of [{}, { 'x-csrf-token': '' }, { 'x-csrf-token': others.body.csrfToken }]) {
    expect(await end(word)).toMatchObject({ status: 403, body: { code: 'csrf_token_missing' } });
  }
  expect(await end({ 'x-csrf-token': mine.body.csrfToken })).toMatchObject({ status: 201 });
  // A token of one's own needs none, and counts before the cookie.
  const asOwner = { authorization: `Bearer ${await api.token('owner')}`, 'hydra-customer': grace.id };
  expect(await end(asOwner)).toMatchObject({ status: 201 });
});

test('nobody is signed in from another site', async () => {
  const token = tokenOf(await linkFor(ada.ask));
  expect(await signIn(token, { 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 });
  expect(await signIn(token, { 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 201 });
});

test('it reaches nobody else', async () => {
  const answer = await signIn(tokenOf(await linkFor(ada.ask)));
  const named = { 'hydra-customer': grace.id };
  expect(await asked(answer, 'GET', '/api/billing/subscriptions', undefined, named)).toMatchObject({ status: 404 });
  expect(await asked(answer, 'GET', `/api/customers/${grace.id}`)).toMatchObject({ status: 403 });
});

test('it ends when one signs out, with its time, and where it is not used', async () => {
  const over = { status: 401, body: { code: 'session_over' } };
  const out = await signIn(tokenOf(await linkFor(ada.ask)));
  const gone = await asked(out, 'DELETE', '/api/session', undefined, { 'x-csrf-token': out.body.csrfToken });
  expect(gone).toMatchObject({ status: 200, body: { csrfToken: null } });
  expect(gone.headers.get('set-cookie')).toMatch(/^__Host-hydra=; .*Max-Age=0$/);
  expect(await asked(out, 'GET', '/api/session')).toMatchObject(over);

  for (const late of [{ expires_at: new Date(0) }, { seen_at: new Date(Date.now() - 3 * 3_600_000) }]) {
    const answer = await signIn(tokenOf(await linkFor(ada.ask)));
    await api.db.updateTable('sessions').set(late).execute();
    expect(await asked(answer, 'GET', '/api/session')).toMatchObject(over);
  }
  expect(
    await api.as(null)('GET', '/api/session', undefined, { cookie: `__Host-hydra=${'a'.repeat(43)}` }),
  ).toMatchObject(over);
  expect(await api.as(null)('GET', '/api/session', undefined, { cookie: '__Host-hydra=short' })).toMatchObject({
    ...{ status: 401, body: { code: 'token_missing' } },
  });
});

test('nothing that opens anything is kept', async () => {
  const url = await linkFor(ada.ask, { 'idempotency-key': 'link' });
  const again = await ada.ask('POST', '/api/portal/sessions', { returnUrl }, { 'idempotency-key': 'link' });
  expect(again.body).toEqual({ id: expect.stringMatching(/^pls_/) });
  const answer = await signIn(tokenOf(url));
  const stored = JSON.stringify([
    await api.db.selectFrom('sessions').selectAll().execute(),
    await api.db.selectFrom('requests').selectAll().execute(),
    await api.db.selectFrom('portal_links').selectAll().execute(),
  ]);
  for (const secret of [tokenOf(url), cookieOf(answer).slice(13), answer.body.csrfToken])
    expect(stored).not.toContain(secret);
});

test('who brings many wrong ones is told to wait', async () => {
  const tries = await Promise.all(Array.from({ length: 60 }, () => signIn('hpl_x')));
  const last = await signIn(tokenOf(await linkFor(ada.ask)));
  expect(last).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(tries.map(({ status }) => status)).toContain(401);
});
