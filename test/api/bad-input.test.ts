/** Whatever is sent, the answer is a problem with a stable code; nothing is written, and it is never our fault. */
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/api/routes/index.ts';
import { newServiceKey } from '../../src/auth/service-keys.ts';
import type { Db } from '../../src/db/client.ts';
import { type Answer, type Api, auth, publishPrices, rowCounts, startApiAlone, token } from './support.ts';

let db: Db;
let api: Api;
let mine: Awaited<ReturnType<Api['customer']>>;
let theirs: Awaited<ReturnType<Api['customer']>>;
beforeAll(async () => {
  api = await startApiAlone({ patienceMs: { command: 1_500, payment: 1_500 } });
  db = api.db;
  await publishPrices(api);
  mine = await api.customer();
  theirs = await api.customer();
});
afterAll(() => api?.stop());

function expectProblem({ status, headers, body, text }: Answer, wanted: number, code: string): void {
  expect({ status, code: body.code }).toEqual({ status: wanted, code });
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(headers.get('x-request-id')).toBe(body.requestId);
  expect(body).toMatchObject({
    type: `urn:hydra:problem:${code}`,
    status,
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(text).not.toMatch(/node_modules|\.ts:|at \w+ \(/);
}

const SUBSCRIBE = '/api/billing/subscribe';
const SUB = 'sub_01m7z3qyse0000000000000000';
const plan = { planId: 'basic' };

describe('what a customer may send', () => {
  test.each<[string, string, string, unknown, number, string, string?]>([
    ['an unknown plan', 'POST', SUBSCRIBE, { planId: 'gold' }, 422, 'unknown_plan', 'planId'],
    ['no plan', 'POST', SUBSCRIBE, {}, 400, 'invalid_request', 'planId'],
    ['a fraction', 'POST', SUBSCRIBE, { ...plan, quantity: 1.5 }, 400, 'invalid_request', 'quantity'],
    ['a number as text', 'POST', SUBSCRIBE, { ...plan, quantity: '1' }, 400, 'invalid_request', 'quantity'],
    ['nothing, as a quantity', 'POST', SUBSCRIBE, { ...plan, quantity: 0 }, 400, 'invalid_request', 'quantity'],
    ['too much', 'POST', SUBSCRIBE, { ...plan, quantity: 1e15 }, 400, 'invalid_request', 'quantity'],
    [
      'an add-on that the plan has not',
      'POST',
      SUBSCRIBE,
      { planId: 'business', addOns: [{ id: 'gold' }] },
      422,
      'unknown_add_on',
      'addOns.0.id',
    ],
    [
      'an add-on twice',
      'POST',
      SUBSCRIBE,
      { ...plan, addOns: [{ id: 'a' }, { id: 'a' }] },
      400,
      'invalid_request',
      'addOns',
    ],
    ['a field that isn’t one', 'POST', SUBSCRIBE, { ...plan, price: 1 }, 400, 'invalid_request', 'price'],
    ['a prototype', 'POST', SUBSCRIBE, '{"planId":"basic","__proto__":{"a":1}}', 400, 'invalid_request'],
    ['a list', 'POST', SUBSCRIBE, [], 400, 'invalid_request'],
    ['a word', 'POST', SUBSCRIBE, '"basic"', 400, 'invalid_json'],
    ['null', 'POST', SUBSCRIBE, 'null', 400, 'invalid_json'],
    ['broken JSON', 'POST', SUBSCRIBE, '{"planId":', 400, 'invalid_json'],
    ['ten megabytes', 'POST', SUBSCRIBE, { planId: 'x'.repeat(10_000_000) }, 413, 'body_too_large'],
    ['a NUL', 'POST', SUBSCRIBE, { planId: 'a\0b' }, 400, 'invalid_request', 'planId'],
    ['half a character', 'POST', SUBSCRIBE, '{"planId":"\\ud800"}', 400, 'invalid_request', 'planId'],
    ['an id of another kind', 'GET', '/api/billing/subscriptions/inv_1', undefined, 400, 'invalid_request', 'id'],
    ['a subscription that isn’t there', 'GET', `/api/billing/subscriptions/${SUB}`, undefined, 404, 'not_found'],
    ['a command to one that isn’t there', 'POST', '/api/billing/resume', { subscriptionId: SUB }, 404, 'not_found'],
    [
      'a day that isn’t one',
      'POST',
      '/api/billing/cancel',
      { subscriptionId: SUB, at: '2027-02-30' },
      400,
      'invalid_request',
      'at',
    ],
    [
      'neither plan nor quantity',
      'POST',
      '/api/billing/change',
      { subscriptionId: SUB },
      400,
      'invalid_request',
      'planId',
    ],
    ['a cursor of its own', 'GET', '/api/billing/invoices?cursor=abc', undefined, 400, 'cursor_invalid', 'cursor'],
    ['a limit without bounds', 'GET', '/api/billing/invoices?limit=100000', undefined, 400, 'invalid_request', 'limit'],
    ['a filter twice', 'GET', '/api/billing/invoices?limit=1&limit=2', undefined, 400, 'invalid_request', 'limit'],
    ['a filter that isn’t one', 'GET', '/api/billing/invoices?all=1', undefined, 400, 'invalid_request', 'all'],
    ['an unknown route', 'GET', '/api/billing/nothing', undefined, 404, 'route_unknown'],
    ['an unknown route with a body', 'POST', '/nothing', {}, 404, 'route_unknown'],
    ['another method', 'DELETE', '/api/billing/invoices', undefined, 405, 'method_not_allowed'],
    ['an address that can’t be decoded', 'GET', '/api/billing/invoices/%E0%A4%A', undefined, 400, 'invalid_request'],
    ['a console’s route', 'GET', '/api/admin/customers', undefined, 403, 'not_allowed'],
  ])('%s', async (_what, method, path, body, status, code, field) => {
    const before = await rowCounts(db);
    const answer = await mine.ask(method, path, body, method === 'POST' ? { 'idempotency-key': 'k' } : {});
    expectProblem(answer, status, code);
    if (field) expect(answer.body.errors.map(({ path: name }: { path: string }) => name)).toContain(field);
    expect(await rowCounts(db)).toEqual(before);
  });

  test('another type than JSON', async () => {
    const answer = await mine.ask('POST', SUBSCRIBE, 'planId=basic', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  test('a key that is none', async () => {
    expectProblem(
      await mine.ask('POST', SUBSCRIBE, plan, { 'idempotency-key': 'x'.repeat(256) }),
      400,
      'idempotency_key_invalid',
    );
  });

  test('another customer’s name', async () => {
    const header = { 'hydra-customer': theirs.id };
    for (const path of ['/api/billing/subscriptions', '/api/billing/invoices', '/api/billing/payment-methods']) {
      expectProblem(await mine.ask('GET', path, undefined, header), 404, 'not_found');
    }
    expectProblem(await mine.ask('POST', SUBSCRIBE, plan, header), 404, 'not_found');
  });
});

describe('what an administrator may send', () => {
  const books = '/api/admin/price-books';
  const book = (unitAmount: unknown) => ({
    plans: [
      {
        ...{ id: 'a', product: 'a', name: 'A', interval: { unit: 'month', count: 1 }, trialDays: 0 },
        prices: [{ currency: 'usd', model: 'flat', unitAmount }],
      },
    ],
  });
  test.each<[string, string, string, unknown, number, string, string?]>([
    ['a price as a float', 'POST', books, book(19.99), 400, 'invalid_request', 'plans.0.prices.0.unitAmount'],
    ['a price with an exponent', 'POST', books, book('1e3'), 422, 'price_book_invalid', 'plans.0.prices.0.unitAmount'],
    ['a price below nothing', 'POST', books, book('-1'), 422, 'price_book_invalid', 'plans.0.prices.0.unitAmount'],
    ['a book that isn’t there', 'POST', `${books}/pb_1/publish`, {}, 404, 'not_found'],
    [
      'a time zone that isn’t one',
      'POST',
      '/api/customers',
      { timeZone: 'Mars/Olympus' },
      400,
      'invalid_request',
      'timeZone',
    ],
    ['an offset as a zone', 'POST', '/api/customers', { timeZone: '+02:00' }, 400, 'invalid_request', 'timeZone'],
    ['a currency that isn’t one', 'POST', '/api/customers', { currency: 'xxx' }, 400, 'invalid_request', 'currency'],
    ['a locale that isn’t one', 'POST', '/api/customers', { locale: 'not a locale' }, 400, 'invalid_request', 'locale'],
    ['an e-mail that isn’t one', 'POST', '/api/customers', { email: 'ada' }, 400, 'invalid_request', 'email'],
    ['somebody’s user', 'POST', '/api/customers', { subjects: ['user-1'] }, 409, 'subject_taken', 'subjects.0'],
    ['a clock that isn’t there', 'POST', '/api/customers', { clockId: 'clk_1' }, 422, 'unknown_clock'],
    [
      'a key that has ended',
      'POST',
      '/api/admin/keys',
      { name: 'a', scopes: ['*'], expiresAt: '2020-01-01T00:00:00Z' },
      400,
      'invalid_request',
      'expiresAt',
    ],
    [
      'a scope that isn’t one',
      'POST',
      '/api/admin/keys',
      { name: 'a', scopes: ['everything'] },
      400,
      'invalid_request',
      'scopes.0',
    ],
    ['a subscription for nobody', 'POST', SUBSCRIBE, plan, 400, 'customer_required', 'Hydra-Customer'],
  ])('%s', async (_what, method, path, body, status, code, field) => {
    const before = await rowCounts(db);
    const answer = await api.owner(method, path, body);
    expectProblem(answer, status, code);
    if (field) expect(answer.body.errors.map(({ path: name }: { path: string }) => name)).toContain(field);
    expect(await rowCounts(db)).toEqual(before);
  });

  test('two customers with one external id', async () => {
    const body = { externalId: 'same' };
    expect((await api.owner('POST', '/api/customers', body)).status).toBe(201);
    expectProblem(await api.owner('POST', '/api/customers', body), 409, 'external_id_taken');
  });

  test('a clock in live mode', async () => {
    const live = api.as(await api.token('owner', { mode: 'live' }));
    for (const [method, path, body] of [
      ['POST', '/api/admin/clocks', {}],
      ['GET', '/api/admin/clocks', undefined],
      ['POST', '/api/admin/clocks/clk_1/advance', { by: 'P1D' }],
      ['POST', '/api/customers', { clockId: 'clk_1' }],
    ] as const) {
      expectProblem(await live(method, path, body), 403, 'clocks_are_test_only');
    }
  });
});

describe('who nobody knows', () => {
  const addressOf = (path: string) => path.replace(/:\w+/g, 'x_1');

  test.each(routes.map(({ method, path }) => [method.toUpperCase(), path]))(
    '%s %s without a token',
    async (method, path) => {
      const answer = await api.as(null)(method, addressOf(path), method === 'GET' ? undefined : {});
      expectProblem(answer, 401, 'token_missing');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    },
  );

  test.each<[string, () => Promise<string>, number, string]>([
    ['a word', async () => 'password', 401, 'token_invalid'],
    [
      'a token without a signature',
      async () =>
        new UnsecuredJWT({ sub: 'a', tenant: api.tenant, role: 'owner', mode: 'test' })
          .setIssuer(auth.AUTH_ISSUER)
          .setAudience(auth.AUTH_AUDIENCE)
          .setExpirationTime('1h')
          .encode(),
      401,
      'token_invalid',
    ],
    [
      'an old token',
      () => api.token('owner').then(() => token({ sub: 'a', tenant: api.tenant, role: 'owner', mode: 'test' }, -3_600)),
      401,
      'token_expired',
    ],
    ['a token of no tenant’s', () => api.token('owner', { tenant: 'ten_nobody' }), 403, 'tenant_unknown'],
    ['a user without a customer', () => api.token('customer', { sub: 'stranger' }), 403, 'customer_unknown'],
    [
      'a user who names another customer',
      () => api.token('customer', { sub: 'user-1', customer: theirs.id }),
      401,
      'token_invalid',
    ],
    ['a key that isn’t there', async () => newServiceKey('test').secret, 401, 'key_invalid'],
    ['half a key', async () => 'sk_test_half', 401, 'key_invalid'],
  ])('%s', async (_what, credential, status, code) => {
    expectProblem(await api.as(await credential())('GET', '/api/billing/subscriptions'), status, code);
  });

  test('a service key does what it was given, until it is revoked', async () => {
    const made = await api.owner(
      'POST',
      '/api/admin/keys',
      { name: 'app', scopes: ['customers:read'] },
      { 'idempotency-key': 'key' },
    );
    expect(made.body.secret).toMatch(/^sk_test_/);
    const again = await api.owner(
      'POST',
      '/api/admin/keys',
      { name: 'app', scopes: ['customers:read'] },
      { 'idempotency-key': 'key' },
    );
    expect(again.body).toEqual({ key: made.body.key });
    const service = api.as(made.body.secret);
    expect((await service('GET', '/api/customers')).status).toBe(200);
    expectProblem(await service('POST', '/api/customers', {}), 403, 'scope_missing');
    expectProblem(await service('GET', '/api/admin/keys'), 403, 'not_allowed');
    await api.owner('DELETE', `/api/admin/keys/${made.body.key.id}`);
    expectProblem(await service('GET', '/api/customers'), 401, 'key_revoked');
  });

  test('the other mode’s data are not there', async () => {
    const live = api.as(await api.token('owner', { mode: 'live' }));
    expect((await live('GET', '/api/customers')).body.data).toEqual([]);
    expectProblem(await live('GET', `/api/customers/${mine.id}`), 404, 'not_found');
  });
});

test('while Temporal is away commands say when to come back, and reads go on', async () => {
  const before = await rowCounts(db);
  const answer = await mine.ask('POST', SUBSCRIBE, plan, { 'idempotency-key': 'later' });
  expectProblem(answer, 503, 'temporal_unavailable');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await mine.ask('GET', '/api/billing/subscriptions')).body.data).toEqual([]);
  const after = await rowCounts(db);
  expect(after).toEqual({ ...before, requests: before.requests! + 1 });
  const ready = await api.as(null)('GET', '/readyz');
  expect(ready).toMatchObject({
    status: 503,
    body: { status: 'not_ready', parts: { postgres: 'ok', temporal: 'unreachable' } },
  });
});

test('odd bodies are never our fault, whatever the route', async () => {
  const odd = [
    null,
    true,
    -1,
    1e308,
    '',
    ' ',
    '💥',
    'a'.repeat(5_000),
    [],
    [[]],
    {},
    { a: { b: [] } },
    '2027-13-01',
    SUB,
  ];
  const bodies = routes.filter(({ body }) => body);
  for (const { method, path } of bodies) {
    const sent = odd.flatMap((value) => [
      value,
      { subscriptionId: value, planId: value, at: value, name: value, by: value, scopes: value },
    ]);
    await Promise.all(
      sent.map(async (body) => {
        const answer = await api.owner(method.toUpperCase(), path.replace(/:\w+/g, SUB), body);
        // No Temporal runs here: whoever has taken a body as it is may say that.
        if (answer.body?.code === 'temporal_unavailable') return;
        const what = `${method} ${path} ${JSON.stringify(body).slice(0, 80)}: ${answer.text}`;
        expect(answer.status, what).toBeLessThan(500);
      }),
    );
  }
}, 180_000);
