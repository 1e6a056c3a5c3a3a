/** What finance asks for, over HTTP: as JSON and as tables. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newServiceKey } from '../../src/auth/service-keys.ts';
import type { Db } from '../../src/db/client.ts';
import { commit } from '../../src/db/commit.ts';
import type { CustomerId } from '../../src/domain/ids.ts';
import type { Command, Due, Fact } from '../../src/domain/input.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import type { Instant } from '../../src/domain/time.ts';
import { step } from '../db/support.ts';
import { at, draft, START, subscribe, terms } from '../domain/builders.ts';
import { type Api, type Ask, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
let finance: Ask;
let ada: CustomerId;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
  finance = api.as(await api.token('finance'));
  ({ id: ada } = await api.customer());
  await aYear();
});
afterAll(() => api?.stop());

/** One subscription: 30.00 paid in January, 60.00 from February on that nobody pays. */
async function aYear(): Promise<void> {
  let state: Subscription = draft({ id: 'sub_reports', tenant: api.tenant, customer: ada });
  const take = async (what: Command | Fact | Due, when: Instant) => {
    const next = step(state, [what, when]);
    expect(await commit(db, next)).toEqual({ outcome: 'committed' });
    state = next.subscription;
  };
  const paid = {
    type: 'payment_succeeded',
    invoice: 'inv_reports_1',
    attempt: 1,
    payment: 'pi_reports',
    amount: 3_000,
  } as const;
  await take(subscribe(), START);
  await take(paid, START);
  const dearer = terms({ planId: 'max', unitAmount: '6000' });
  await take({ type: 'change', terms: dearer, quantity: 1, when: 'period_end', proration: null }, at('2027-01-15'));
  await take({ type: 'period_ended' }, at('2027-02-01'));
}

const REPORTS = '/api/admin/reports';

describe('recurring revenue', () => {
  test('by month, and as a table', async () => {
    const path = `${REPORTS}/mrr?from=2027-01&to=2027-04&timeZone=Europe/Berlin`;
    const { status, body } = await finance('GET', path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ from: '2027-01', to: '2027-04', timeZone: 'Europe/Berlin', by: 'customer' });
    expect(body.currencies).toMatchObject([
      {
        currency: 'usd',
        months: [
          { month: '2027-01', opening: 0, new: { amount: 3_000, count: 1 }, closing: 3_000 },
          { month: '2027-02', opening: 3_000, expansion: { amount: 3_000, count: 1 }, closing: 6_000 },
          { month: '2027-03', opening: 6_000, closing: 6_000 },
        ],
      },
    ]);
    const { text, headers } = await finance('GET', `${path}&format=csv`);
    expect(headers.get('content-disposition')).toBe('attachment; filename="mrr.csv"');
    expect(text.split('\r\n').slice(0, 3)).toEqual([
      'currency,month,opening,new,expansion,contraction,churn,reactivation,closing',
      'usd,2027-01,0.00,30.00,0.00,0.00,0.00,0.00,30.00',
      'usd,2027-02,30.00,0.00,30.00,0.00,0.00,0.00,60.00',
    ]);
    expect((await finance('GET', path, undefined, { accept: 'text/csv' })).text).toBe(text);
  });

  test('churn has no percentage of nothing', async () => {
    const { body } = await finance('GET', `${REPORTS}/churn?from=2027-01&to=2027-03`);
    expect(body.currencies[0].months).toMatchObject([
      { customers: { opening: 0, won: 1, churnPercent: null }, recurring: { grossChurnPercent: null } },
      {
        customers: { opening: 1, lost: 0, churnPercent: '0.00' },
        recurring: { expanded: 3_000, netChurnPercent: '-100.00' },
      },
    ]);
  });
});

test('deferred revenue, by when it came and when it is earned', async () => {
  const path = `${REPORTS}/deferred-revenue?from=2027-01&to=2027-03`;
  const { body } = await finance('GET', path);
  expect(body.currencies).toEqual([
    {
      currency: 'usd',
      origins: [
        { origin: '2027-01', deferred: 3_000, earned: [{ month: '2027-01', amount: 3_000 }], later: 0 },
        { origin: '2027-02', deferred: 6_000, earned: [{ month: '2027-02', amount: 6_000 }], later: 0 },
      ],
    },
  ]);
  expect((await finance('GET', `${path}&format=csv`)).text).toBe(
    'currency,origin,earned,amount\r\nusd,2027-01,2027-01,30.00\r\nusd,2027-02,2027-02,60.00\r\n',
  );
});

describe('an account', () => {
  const statement = (over: string) =>
    finance('GET', `${REPORTS}/account-statement?account=receivable&currency=usd&${over}`);

  test('from its opening, entry by entry, to its closing', async () => {
    const { body } = await statement(`owner=${ada}&from=2027-01-02&to=2027-03-01`);
    expect(body).toMatchObject({ account: 'receivable', owner: ada, opening: 0, closing: 6_000, nextCursor: null });
    expect(body.entries).toMatchObject([{ kind: 'invoice_issued', debit: 6_000, credit: null, balance: 6_000 }]);
    const whole = await statement('from=2027-01-01&to=2027-02-01');
    expect(whole.body.entries).toMatchObject([
      { debit: 3_000, balance: 3_000 },
      { credit: 3_000, balance: 0 },
    ]);
  });

  test('page by page it is the same', async () => {
    const range = 'from=2027-01-01&to=2027-03-01';
    const { body: whole } = await statement(range);
    const found = [];
    for (let cursor = ''; ; ) {
      const { body } = await statement(`${range}&limit=1${cursor}`);
      expect(body).toMatchObject({ opening: whole.opening, closing: whole.closing });
      found.push(...body.entries);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(found).toEqual(whole.entries);
    expect(found).toHaveLength(3);
    const { text } = await statement(`${range}&format=csv`);
    expect(text.split('\r\n')).toHaveLength(1 + 3 + 1);
    expect(text).toMatch(/,usd,60\.00,,60\.00\r\n$/);
  });
});

describe('what is owed', () => {
  const aging = (query: string) => finance('GET', `${REPORTS}/aging?${query}`);
  const agesOf = async (query: string) => (await aging(query)).body.currencies[0]?.customers[0];

  test.each([
    // Issued and due at noon of 1 February, UTC.
    ['on=2027-01-31', undefined],
    ['on=2027-02-01', 'current'],
    ['on=2027-02-02', 'days1To30'],
    ['on=2027-03-03', 'days1To30'],
    ['on=2027-03-04', 'days31To60'],
    ['on=2027-04-02', 'days31To60'],
    ['on=2027-04-03', 'days61To90'],
    ['on=2027-05-02', 'days61To90'],
    ['on=2027-05-03', 'over90'],
    // Where it is already the second.
    ['on=2027-02-02&timeZone=Pacific/Kiritimati', 'current'],
    ['on=2027-02-03&timeZone=Pacific/Kiritimati', 'days1To30'],
  ])('%s: %s', async (query, age) => {
    const found = await agesOf(query);
    if (age === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject({ customerId: ada, [age]: 6_000, total: 6_000, unassigned: 0 });
  });

  test('is what the receivable accounts hold, and names its invoices', async () => {
    const { body } = await aging(`on=2027-02-10&customerId=${ada}`);
    expect(body.currencies[0].total).toMatchObject({ days1To30: 6_000, total: 6_000 });
    expect(body.invoices).toMatchObject([{ invoiceId: 'inv_reports_2', owed: 6_000, age: 'days1To30' }]);
    const balance = await finance('GET', '/api/admin/ledger/trial-balance?at=2027-02-10T23:59:59Z');
    const ofDay = await finance('GET', '/api/admin/ledger/trial-balance?at=2027-02-10');
    expect(ofDay.body).toEqual({ ...balance.body, at: '2027-02-10T23:59:59.999Z' });
    const receivable = balance.body.currencies[0].accounts.find(
      ({ account }: { account: string }) => account === 'receivable',
    );
    expect(receivable.balance).toBe(6_000);
    const { text } = await aging('on=2027-02-10&format=csv');
    expect(text).toBe(
      `currency,customerId,current,days1To30,days31To60,days61To90,over90,unassigned,total\r\nusd,${ada},0.00,60.00,0.00,0.00,0.00,0.00,60.00\r\n`,
    );
  });
});

describe('invoices', () => {
  test('in the order of issue, page by page, and all at once as a table', async () => {
    const path = `${REPORTS}/invoices?from=2027-01-01&to=2027-03-01`;
    const first = await finance('GET', `${path}&limit=1`);
    expect(first.body.data).toMatchObject([{ id: 'inv_reports_1', state: 'paid', total: 3_000, amountPaid: 3_000 }]);
    const second = await finance('GET', `${path}&limit=1&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ data: [{ id: 'inv_reports_2', state: 'open' }], nextCursor: null });
    const { text } = await finance('GET', `${path}&format=csv&timeZone=Pacific/Kiritimati`);
    const rows = text.trimEnd().split('\r\n');
    expect(rows).toHaveLength(3);
    expect(rows[1]).toMatch(/,30\.00,0\.00,0\.00,0\.00,30\.00,0\.00,30\.00,30\.00,,2027-01-02,2027-01-02,2027-01-02,$/);
    expect((await finance('GET', `${REPORTS}/invoices?from=2027-02-02&to=2027-03-01`)).body.data).toEqual([]);
  });
});

describe('what a number is made of', () => {
  test('entries by owner and time, each with its transaction, and that with its cause', async () => {
    const { body } = await finance(
      'GET',
      `/api/admin/ledger/entries?account=receivable&owner=${ada}&from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z`,
    );
    expect(body.data).toMatchObject([
      { kind: 'payment_received', owner: ada, customerId: ada },
      { kind: 'invoice_issued', owner: ada },
    ]);
    const [paid, issued] = body.data;
    const { body: payment } = await finance('GET', `/api/admin/ledger/transactions/${paid.transactionId}`);
    expect(payment.entries).toHaveLength(2);
    expect(payment.cause).toMatchObject({
      payment: { id: 'pi_reports' },
      decision: { subscriptionId: 'sub_reports', version: 2, input: 'payment_succeeded' },
    });
    const { body: invoice } = await finance('GET', `/api/admin/ledger/transactions/${issued.transactionId}`);
    expect(invoice.cause).toMatchObject({ payment: null, decision: { version: 1, input: 'subscribe' } });
    const again = await finance('GET', `/api/admin/ledger/entries?transactionId=${issued.transactionId}`);
    expect(again.body.data.map(({ id }: { id: number }) => id).sort()).toEqual(
      invoice.entries.map(({ id }: { id: number }) => id).sort(),
    );
    expect((await finance('GET', '/api/admin/ledger/transactions/999999')).status).toBe(404);
  });
});

describe('who may, and what is refused', () => {
  test('finance and those above it; a key with the grant', async () => {
    const path = `${REPORTS}/mrr?from=2027-01&to=2027-02`;
    const customer = await api.customer();
    expect((await customer.ask('GET', path)).status).toBe(403);
    expect((await api.as(await api.token('support'))('GET', path)).status).toBe(403);
    const withScopes = async (scopes: string[]) => {
      const { secret, prefix, hash } = newServiceKey('test');
      const row = {
        tenant_id: api.tenant,
        mode: 'test',
        id: `key_${prefix.slice(8)}`,
        name: 'k',
        prefix,
        hash,
        scopes,
      } as const;
      await db
        .insertInto('api_keys')
        .values({ ...row, created_at: new Date() })
        .execute();
      return api.as(secret)('GET', path);
    };
    expect((await withScopes(['reports:read'])).status).toBe(200);
    expect((await withScopes(['ledger:read'])).body).toMatchObject({ status: 403, code: 'scope_missing' });
  });

  test.each([
    ['mrr?from=2027-02&to=2027-02', 'to', 'is 2027-02, and has to come after 2027-02'],
    ['mrr?from=2027-01&to=2047-02', 'to', 'is 2047-02, more than 120 months after 2027-01'],
    ['mrr?from=2027-13&to=2028-01', 'from', 'a month is YYYY-MM'],
    ['mrr?from=2027-01&to=2027-02&timeZone=Mars/Base', 'timeZone', 'an IANA time zone'],
    ['mrr?from=2027-01&to=2027-02&by=plan', 'by', undefined],
    ['account-statement?account=receivable&currency=usd&from=2027-02-30&to=2027-03-01', 'from', 'a day is YYYY-MM-DD'],
    ['account-statement?account=wallet&currency=usd&from=2027-01-01&to=2027-03-01', 'account', undefined],
    ['churn?from=2027-01&to=2027-02&format=pdf', 'format', 'json or csv'],
  ])('%s', async (query, path, message) => {
    const { status, body } = await finance('GET', `${REPORTS}/${query}`);
    expect(status).toBe(400);
    expect(body.errors[0]).toMatchObject({ path, ...(message && { message }) });
  });
});
