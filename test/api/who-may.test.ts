/** Every route, with every kind of caller: whoever it does not name is turned away before anything else is looked at. */
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/api/routes/index.ts';
import { type Caller, GRANTS, ROLES } from '../../src/auth/principal.ts';
import { type Answer, type Api, auth, startApiAlone } from './support.ts';

let api: Api;
let customer: string;
beforeAll(async () => {
  api = await startApiAlone();
  const subject = 'the-customer';
  await api.owner('POST', '/api/customers', { subjects: [subject] });
  customer = await api.token('customer', { sub: subject });
});
afterAll(() => api?.stop());

const AT_ONCE = 16;
type Route = (typeof routes)[number];
const nameOf = ({ method, path }: Route) => `${method.toUpperCase()} ${path}`;

/** All of these with one credential, as `name status code` where it is not what it should be. */
async function strangers(credential: string | null, some: readonly Route[], good: (answer: Answer) => boolean) {
  const ask = api.as(credential);
  const wrong: string[] = [];
  for (let i = 0; i < some.length; i += AT_ONCE) {
    await Promise.all(
      some.slice(i, i + AT_ONCE).map(async (each) => {
        const path = each.path.replace(/:\w+/g, 'x_1');
        const answer = await ask(each.method.toUpperCase(), path, each.method === 'get' ? undefined : {});
        if (!good(answer)) wrong.push(`${nameOf(each)} ${answer.status} ${answer.body?.code}`);
      }),
    );
  }
  return wrong;
}

const HOUR = 3_600;
const now = () => Math.floor(Date.now() / 1_000);
const claims = () => ({ sub: 'the-owner', tenant: api.tenant, role: 'owner', mode: 'test' });
const signed = (over: object = {}, { key = auth.AUTH_JWT_SECRET, exp = now() + HOUR, nbf = now() - HOUR } = {}) =>
  new SignJWT({ ...claims(), ...over })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(auth.AUTH_ISSUER)
    .setAudience(auth.AUTH_AUDIENCE)
    .setNotBefore(nbf)
    .setExpirationTime(exp)
    .sign(new TextEncoder().encode(key));
const unsigned = () =>
  new UnsecuredJWT(claims())
    .setIssuer(auth.AUTH_ISSUER)
    .setAudience(auth.AUTH_AUDIENCE)
    .setExpirationTime('1h')
    .encode();

describe('no route takes', () => {
  test.each<[string, () => Promise<string | null>, number]>([
    ['nobody', async () => null, 401],
    ['a token without a signature', async () => unsigned(), 401],
    ['one signed with another key', () => signed({}, { key: 'another secret of 32 characters!!' }), 401],
    ['one that is over', () => signed({}, { exp: now() - HOUR }), 401],
    ['one that comes too early', () => signed({}, { nbf: now() + HOUR }), 401],
    ['one that is too large', () => signed({ padding: 'x'.repeat(10_000) }), 401],
    ['a customer nobody knows', () => signed({ sub: 'nobody', role: 'customer' }), 403],
    ['a role that is none', () => signed({ role: 'god' }), 401],
  ])('%s', async (_who, credential, status) => {
    expect(await strangers(await credential(), routes, (answer) => answer.status === status)).toEqual([]);
  });

  test('an owner of a tenant that is not there, but where one is made', async () => {
    const those = routes.filter(({ anyTenant }) => !anyTenant);
    const credential = await signed({ tenant: 'ten_nobody' });
    expect(
      await strangers(credential, those, ({ status, body }) => status === 403 && body.code === 'tenant_unknown'),
    ).toEqual([]);
  });
});

describe('a route that does not name them takes no', () => {
  test.each(ROLES)('%s', async (role) => {
    const credential = role === 'customer' ? customer : await api.token(role);
    const closed = routes.filter(({ who }) => !who.includes(role));
    expect(
      await strangers(credential, closed, ({ status, body }) => status === 403 && body.code === 'not_allowed'),
    ).toEqual([]);
  });

  test('service, whatever it was granted; and where it is named, none that lacks the grant', async () => {
    const keyWith = async (scopes: readonly string[]) =>
      (await api.owner('POST', '/api/admin/keys', { name: 'walk', scopes })).body.secret as string;
    const closed = routes.filter(({ who }) => !who.includes('service'));
    const isClosed = ({ status, body }: Answer) => status === 403 && body.code === 'not_allowed';
    expect(await strangers(await keyWith(['*']), closed, isClosed)).toEqual([]);
    const open = routes.filter(({ who }) => who.includes('service'));
    for (const grant of new Set(open.map((each) => each.grant))) {
      const noun = grant.split(':')[0]!;
      const others = GRANTS.filter((each) => each.split(':')[0] !== noun);
      const those = open.filter((each) => each.grant === grant);
      const lacks = ({ status, body }: Answer) => status === 403 && body.code === 'scope_missing';
      expect(await strangers(await keyWith(others), those, lacks)).toEqual([]);
    }
  });
});

test('who is named where is what anybody would say', () => {
  const named = (who: Caller, pattern: RegExp) =>
    routes.filter((each) => pattern.test(nameOf(each)) && each.who.includes(who)).map(nameOf);
  expect(named('customer', / \/api\/(admin|customers|usage|entitlements)\b/)).toEqual([]);
  expect(named('service', / \/api\/(admin\/keys|session)\b/)).toEqual([]);
  for (const role of ['support', 'finance'] as const) {
    expect(
      named(role, /^(POST|PUT|PATCH|DELETE) \/api\/admin\/(keys|tenants|price-books|customers\/:id\/entitlements)\b/),
    ).toEqual([]);
  }
});
