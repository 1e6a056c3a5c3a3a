/** Credit is given, taken back and looked at; no way leads below zero, and the books balance. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { post } from '../../src/db/ledger.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { CustomerId } from '../../src/domain/ids.ts';
import { unappliedPaymentReceived } from '../../src/domain/ledger.ts';
import { type Api, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
});
afterAll(() => api?.stop());

const usd = (amount: number) => ({ amount, currency: 'usd' });
const creditOf = (id: CustomerId) => `/api/admin/customers/${id}/credit`;
const grant = (id: CustomerId, amount: number, headers: Record<string, string> = {}) =>
  api.owner('POST', creditOf(id), { amount: usd(amount), reason: 'sorry for Tuesday, Ada' }, headers);
const withdraw = (id: CustomerId, amount: number) =>
  api.owner('POST', `${creditOf(id)}/withdraw`, { amount: usd(amount), reason: 'a mistake' });

/** A payment for which nothing was owed. */
const overpaid = (customer: CustomerId, amount: number) =>
  inTenant(db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    post(trx, [
      {
        ...unappliedPaymentReceived(amount, { customer, subscription: null, currency: 'usd', at: Date.now() }),
        key: `payment/pi_${customer}`,
      },
    ]),
  );

test('it is granted, withdrawn and stated, with who and why', async () => {
  const { id, ask } = await api.customer();
  expect(await grant(id, 2000)).toMatchObject({ status: 201, body: { amount: usd(2000), credit: usd(2000) } });
  expect(await withdraw(id, 500)).toMatchObject({ status: 201, body: { credit: usd(1500) } });
  const { body } = await api.owner('GET', creditOf(id));
  expect(body).toMatchObject({
    credit: [usd(1500)],
    unappliedCash: [],
    data: [
      { kind: 'credit_withdrawn', amount: usd(-500), reason: 'a mistake', by: expect.stringMatching(/^user\//) },
      { kind: 'credit_granted', amount: usd(2000), reason: 'sorry for Tuesday, Ada' },
    ],
  });
  expect((await ask('GET', '/api/billing/credit')).body).toEqual({ credit: [usd(1500)] });
  const { body: books } = await api.owner('GET', '/api/admin/ledger/trial-balance');
  expect(books.currencies[0]).toMatchObject({ currency: 'usd', balanced: true });
  expect(books.currencies[0].accounts).toContainEqual({
    account: 'credit_granted',
    debit: 1500,
    credit: 0,
    balance: 1500,
  });
});

test('each change is audited, and what somebody said of it is nowhere to be read', async () => {
  const { id } = await api.customer();
  await grant(id, 700);
  const audited = await db
    .selectFrom('audit_log')
    .selectAll()
    .where('subject', '=', id)
    .where('action', 'like', 'credit_%')
    .execute();
  expect(audited).toMatchObject([
    { action: 'credit_granted', actor_by: 'principal', why: { amount: 700, currency: 'usd', credit: 700 } },
  ]);
  const kept = [
    await db.selectFrom('credit_changes').selectAll().execute(),
    await db.selectFrom('requests').selectAll().execute(),
    audited,
  ];
  expect(JSON.stringify(kept)).not.toContain('Tuesday');
});

test('the same key is the same grant, at once or later', async () => {
  const { id } = await api.customer();
  const key = { 'idempotency-key': `grant-${id}` };
  const [first, second] = await Promise.all([grant(id, 300, key), grant(id, 300, key)]);
  // The second is told to wait, or what the first was told.
  expect([first.status, second.status]).toContain(201);
  expect([201, 409]).toContain(Math.max(first.status, second.status));
  expect(await grant(id, 300, key)).toMatchObject({ status: 201, body: { credit: usd(300) } });
  expect((await api.owner('GET', creditOf(id))).body.data).toHaveLength(1);
});

describe('never below zero', () => {
  test('more than there is', async () => {
    const { id } = await api.customer();
    await grant(id, 100);
    const refused = await withdraw(id, 101);
    expect(refused).toMatchObject({ status: 409, body: { code: 'credit_too_small' } });
    expect(refused.body.detail).toContain('1.01 USD');
    expect(refused.body.detail).toContain('1.00 USD');
    expect((await api.owner('GET', creditOf(id))).body.credit).toEqual([usd(100)]);
  });
  test('of what there never was', async () => {
    const { id } = await api.customer();
    expect(await withdraw(id, 1)).toMatchObject({ status: 409, body: { code: 'credit_too_small' } });
  });
  test('with many at it at once', async () => {
    const { id } = await api.customer();
    await grant(id, 500);
    const answers = await Promise.all(Array.from({ length: 8 }, () => withdraw(id, 100)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect((await api.owner('GET', creditOf(id))).body.credit).toEqual([usd(0)]);
  });
});

test('unapplied cash becomes credit, once, and no more of it than there is', async () => {
  const { id } = await api.customer();
  await overpaid(id, 900);
  expect((await api.owner('GET', creditOf(id))).body).toMatchObject({ credit: [], unappliedCash: [usd(900)] });
  const apply = (amount: number) =>
    api.owner('POST', `/api/admin/customers/${id}/unapplied-cash/apply`, { amount: usd(amount) });
  expect(await apply(901)).toMatchObject({ status: 409, body: { code: 'unapplied_cash_too_small' } });
  const answers = await Promise.all([apply(600), apply(600)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect((await api.owner('GET', creditOf(id))).body).toMatchObject({
    credit: [usd(600)],
    unappliedCash: [usd(300)],
    data: [{ kind: 'unapplied_cash_applied', amount: usd(600), reason: null }],
  });
});

test('each currency is its own', async () => {
  const { id } = await api.customer();
  await grant(id, 100);
  await api.owner('POST', creditOf(id), { amount: { amount: 5000, currency: 'jpy' }, reason: 'moved' });
  const { body } = await api.owner('GET', creditOf(id));
  expect(body.credit).toEqual([{ amount: 5000, currency: 'jpy' }, usd(100)]);
  expect((await api.owner('GET', `${creditOf(id)}?currency=jpy`)).body.data).toHaveLength(1);
});

test.each<[string, object, string]>([
  ['nothing', { amount: usd(0), reason: 'x' }, 'amount.amount'],
  ['less than nothing', { amount: usd(-5), reason: 'x' }, 'amount.amount'],
  ['half a cent', { amount: usd(0.5), reason: 'x' }, 'amount.amount'],
  ['no currency', { amount: { amount: 5 }, reason: 'x' }, 'amount.currency'],
  ['no reason', { amount: usd(5) }, 'reason'],
])('%s is no credit', async (_what, body, path) => {
  const { id } = await api.customer();
  expect(await api.owner('POST', creditOf(id), body)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
});

test('it is for those who may, and for customers that exist', async () => {
  const { id, ask } = await api.customer();
  expect(await ask('POST', creditOf(id), { amount: usd(5), reason: 'x' })).toMatchObject({ status: 403 });
  const support = api.as(await api.token('support'));
  expect(await support('POST', creditOf(id), { amount: usd(5), reason: 'x' })).toMatchObject({ status: 403 });
  expect(await support('GET', creditOf(id))).toMatchObject({ status: 200 });
  expect(await grant('cus_nobody', 5)).toMatchObject({ status: 404 });
});
