/** Card numbers and the like are refused in every text of every request, by name and without being said back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refuseSensitive } from '../../src/api/guard.ts';
import { Problem } from '../../src/api/problem.ts';
import { routes } from '../../src/api/routes/index.ts';
import type { Db } from '../../src/db/client.ts';
import { type Answer, type Api, publishPrices, rowCounts, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
let mine: Awaited<ReturnType<Api['customer']>>;
beforeAll(async () => {
  api = await startApiAlone({ patienceMs: { command: 1_500, payment: 1_500 } });
  db = api.db;
  await publishPrices(api);
  mine = await api.customer();
});
afterAll(() => api?.stop());

const CARD = '4242 4242 4242 4242';
const SECRET = 'pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH';

function expectRefused({ status, body, text }: Answer, path: string, said = CARD): void {
  expect({ status, code: body.code, path: body.errors?.[0].path }).toEqual({
    ...{ status: 422, code: 'sensitive_data', path },
  });
  expect(text).not.toContain(said);
  expect(text.replace(/\D/g, '')).not.toContain('4242424242424242');
}

test.each<[string, string, string, object, string, string?]>([
  ['a name', 'POST', '/api/customers', { name: `Ada ${CARD}` }, 'name'],
  ['a name without separators', 'POST', '/api/customers', { name: '４２４２424242424242' }, 'name'],
  ['a name of one’s own', 'POST', '/api/customers', { externalId: CARD }, 'externalId'],
  ['a subject in a list', 'POST', '/api/customers', { subjects: ['a', CARD] }, 'subjects.1'],
  ['an address', 'POST', '/api/customers', { address: { line1: `Card ${CARD}` } }, 'address.line1'],
  ['a number', 'POST', '/api/customers', { name: 4242424242424242 }, 'name'],
  ['a field that nobody knows', 'POST', '/api/customers', { metadata: { card: CARD } }, 'metadata.card'],
  ['the name of a field', 'POST', '/api/customers', { metadata: { [CARD]: true } }, 'metadata'],
  ['a bank account', 'POST', '/api/customers', { name: 'DE89 3704 0044 0532 0130 00' }, 'name', 'DE89'],
  ['a client secret', 'POST', '/api/customers', { name: SECRET }, 'name', SECRET],
  ['a coupon’s name', 'POST', '/api/admin/coupons', { name: `CVC 123` }, 'name', '123'],
  ['a plan', 'POST', '/api/billing/subscribe', { planId: CARD }, 'planId'],
  ['a payment method', 'POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: CARD }, 'paymentMethodId'],
  ['a footer', 'PUT', '/api/admin/tenants/current/seller', { invoiceFooter: CARD }, 'invoiceFooter'],
])('%s', async (_what, method, path, body, field, said) => {
  const before = await rowCounts(db);
  const ask = path === '/api/billing/subscribe' ? mine.ask : api.owner;
  expectRefused(await ask(method, path, body), field, said);
  expect(await rowCounts(db)).toEqual(before);
});

test('in a query, an address, a key, and a header of ours', async () => {
  expectRefused(await api.owner('GET', `/api/customers?externalId=${encodeURIComponent(CARD)}`), 'externalId');
  expectRefused(await api.owner('GET', `/api/customers/${encodeURIComponent(CARD)}`), 'id');
  const key = { 'idempotency-key': '4242-4242-4242-4242' };
  expectRefused(await api.owner('POST', '/api/customers', { name: 'Ada' }, key), 'idempotency-key');
  const whose = { 'hydra-customer': '4242424242424242' };
  expectRefused(await api.owner('POST', '/api/billing/subscribe', { planId: 'basic' }, whose), 'hydra-customer');
});

test('ids, times and the seller’s own account are none of it', async () => {
  const taken = [
    await api.owner('POST', '/api/customers', { name: 'Ada', externalId: '1795280474123' }),
    await api.owner('POST', '/api/customers', { name: 'Ada', externalId: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6' }),
    await api.owner('POST', '/api/customers', { name: 'Ada' }, { 'idempotency-key': 'order-20261121170114123456' }),
  ];
  expect(taken.map(({ status }) => status)).toEqual([201, 201, 201]);
  const seller = { legalName: 'Acme', invoiceFooter: 'IBAN DE89 3704 0044 0532 0130 00' };
  const put = await api.owner('PUT', '/api/admin/tenants/current/seller', {
    ...seller,
    address: { line1: 'Main Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' },
  });
  expect(put.status).toBe(200);
});

const ID = '01m7z3qyse0000000000000000';
const IDS = [ID, `ref_${ID}_1_1_1`, '2027-01', 'receipt', 'en', 'x'];

/** The route's address with ids of the kinds that it takes: what is wrong with `x` says what would be right. */
function addressOf({ path, params }: (typeof routes)[number]): string {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const wrong = (given: Record<string, string>) =>
    new Map(params?.safeParse(given).error?.issues.map((issue) => [String(issue.path[0]), issue.message]) ?? []);
  const x = Object.fromEntries(names.map((name) => [name, 'x']));
  const taken = new Map(
    names.map((name) => {
      const [prefix] = /\b[a-z]+_$/.exec(wrong(x).get(name) ?? '') ?? [];
      const ids = prefix ? [`${prefix}${ID}`, ...IDS] : IDS;
      return [name, ids.find((id) => !wrong({ ...x, [name]: id }).has(name)) ?? 'x'];
    }),
  );
  return path.replace(/:(\w+)/g, (_, name: string) => taken.get(name)!);
}

describe('every route that takes a body', () => {
  test.each(
    routes
      .filter(({ method, body, large }) => (body || method === 'post') && !large)
      .map((each) => [`${each.method} ${each.path}`, each] as const),
  )('%s', async (_name, route) => {
    const isOwners = route.who.includes('owner');
    const headers: Record<string, string> = route.actsOnCustomer && isOwners ? { 'hydra-customer': mine.id } : {};
    const ask = isOwners ? api.owner : mine.ask;
    expectRefused(await ask(route.method.toUpperCase(), addressOf(route), { note: CARD }, headers), 'note');
  });
});

test('of many events only the one that holds such a thing is refused, and not said back', async () => {
  const event = { type: 'call', subject: mine.id, time: new Date().toISOString() };
  const { status, body, text } = await api.owner('POST', '/api/usage/events', {
    events: [
      { ...event, id: 'plain', data: {} },
      { ...event, id: 'card', data: { note: CARD } },
    ],
  });
  expect(status).toBe(200);
  expect(body.results.map(({ code }: { code: string }) => code)).toEqual(['unknown_meter', 'sensitive_data']);
  expect(text).not.toContain(CARD);
});

test('what a field is there for is allowed there, by its pattern, and nothing else is', () => {
  const body = { accounts: [{ key: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc' }] };
  expect(() => refuseSensitive(body)).toThrow(Problem);
  expect(() => refuseSensitive(body, { 'accounts.*.key': ['processor_secret'] })).not.toThrow();
  expect(() => refuseSensitive({ accounts: [{ key: CARD }] }, { 'accounts.*.key': ['processor_secret'] })).toThrow();
});
