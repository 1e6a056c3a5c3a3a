import { beforeAll, expect, it } from 'vitest';
import type { Issued } from '../../src/db/commit/invoices.ts';
import { commit } from '../../src/db/commit.ts';
import { bulkIssuer } from '../../src/db/issue-in-bulk.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { type InvoiceLine, sumsOf } from '../../src/domain/invoice.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { addCustomer, SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();

const OWNERS = ['cus_1', 'cus_2', 'cus_3'] as const;
const subscriptionOf = (customer: (typeof OWNERS)[number]) => `sub_${customer}` as const;

beforeAll(async () => {
  for (const customer of OWNERS) {
    if (customer !== 'cus_1') await inTenant(database.db, SCOPE, (trx) => addCustomer(trx, SCOPE, customer));
    const state = draft({ ...SCOPE, id: subscriptionOf(customer), customer });
    await commit(database.db, step(state, [subscribe(), START]));
  }
});

const issued = (n: number, { creditApplied = 0 } = {}): Issued => {
  const customer = OWNERS[n % OWNERS.length]!;
  const lines: InvoiceLine[] = [1_000, 200].map((amount, i) => ({
    ...{ description: `line ${i}`, quantity: 1, unitPrice: `${amount}`, amount, period: null, proration: null },
    taxes: [{ jurisdiction: 'DE', name: 'USt', percent: '19', amount: (amount * 19) / 100, inclusive: false }],
  }));
  const sums = sumsOf(lines);
  return {
    ...{ subscription: subscriptionOf(customer), customer, timeZone: 'UTC', parties: { seller: null, buyer: null } },
    invoice: {
      ...{ id: `inv_b_${n}`, currency: 'usd', lines, ...sums, creditApplied, amountDue: sums.total - creditApplied },
      ...{ issuedAt: START, dueAt: START, collect: 'charge', purchaseOrder: null, taxNote: null },
    },
  };
};

const stored = () =>
  inTenant(database.db, SCOPE, (trx) =>
    trx
      .selectFrom('invoices')
      .select(['id', 'sequence', 'customer_id', 'subscription_id', 'total', 'state'])
      .where('id', 'like', 'inv_b_%')
      .orderBy('sequence')
      .execute(),
  );

it('issues those of many subscriptions at once, each once, and without a gap in their numbers', async () => {
  const issue = bulkIssuer(database.db);
  const all = Array.from({ length: 700 }, (_, n) => issued(n));
  const [first, second] = await Promise.all([issue(SCOPE, all), issue(SCOPE, all.slice(0, 100))]);
  expect([...first, ...second].filter((answer) => answer === 'posted')).toHaveLength(700);
  expect([...first, ...second].filter((answer) => answer === 'repeat')).toHaveLength(100);
  const rows = await stored();
  expect(rows).toHaveLength(700);
  expect(rows.at(-1)!.sequence! - rows[0]!.sequence!).toBe(699);
  for (const { id, customer_id, subscription_id, total, state } of rows) {
    const { invoice, customer, subscription } = issued(Number(id.slice('inv_b_'.length)));
    expect([customer_id, subscription_id, total, state]).toEqual([customer, subscription, invoice.total, 'open']);
  }
  expect((await verifyLedger(database.db)).differences).toEqual([]);
});

it('splits out what is refused: a subscription that is not there, credit that is not there', async () => {
  const issue = bulkIssuer(database.db);
  const batch = Array.from({ length: 20 }, (_, n) => issued(1_000 + n));
  batch[3] = { ...batch[3]!, subscription: 'sub_none' };
  batch[11] = issued(1_011, { creditApplied: 5 });
  const answers = await issue(SCOPE, batch);
  const refused = answers.flatMap((answer, i) => (typeof answer === 'string' ? [] : [[i, answer]]));
  expect(refused).toMatchObject([
    [3, { code: '23503' }],
    [11, { code: '23514', constraint: 'customer_credit_not_negative' }],
  ]);
  const rows = await stored();
  expect(rows).toHaveLength(718);
  expect(rows.at(-1)!.sequence! - rows[0]!.sequence!).toBe(717);
  expect((await verifyLedger(database.db)).differences).toEqual([]);
});
