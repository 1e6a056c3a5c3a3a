/** Which invoices a decision reads: those that it asks for, and those that have billed days of the same periods. */
import { expect, test } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { readCreditables } from '../../src/db/creditable.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { Command, Due, Fact } from '../../src/domain/input.ts';
import type { BookWish } from '../../src/domain/shared.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { DAY } from '../../src/domain/time.ts';
import { draft, FEBRUARY, START, subscribe, succeeded, terms } from '../domain/builders.ts';
import { SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();
const wish: BookWish = { invoices: [], payments: [], unusedAfter: null, refundable: false };

test('of a period that two invoices have billed both are read, and none of another', async () => {
  const dearer = terms({ planId: 'max', unitAmount: '9900' });
  const steps: [Command | Fact | Due, number][] = [
    [subscribe(), START],
    [succeeded(1), START],
    [{ type: 'change', terms: dearer, quantity: 1, when: 'now', proration: 'invoice_now' }, START + 5 * DAY],
    [{ type: 'period_ended' }, FEBRUARY],
  ];
  let state: Subscription = draft();
  for (const [what, at] of steps) {
    const next = step(state, [what, at]);
    expect(await commit(database.db, next)).toEqual({ outcome: 'committed' });
    state = next.subscription;
  }
  const read = async (of: Partial<BookWish>) =>
    Object.keys(await inTenant(database.db, SCOPE, (trx) => readCreditables(trx, 'sub_1', { ...wish, ...of }))).sort();
  expect(await read({ invoices: ['inv_1_1'] })).toEqual(['inv_1_1', 'inv_1_2']);
  expect(await read({ invoices: ['inv_1_3'] })).toEqual(['inv_1_3']);
  expect(await read({ payments: ['pi_1_1'] })).toEqual(['inv_1_1', 'inv_1_2']);
  expect(await read({ unusedAfter: '2027-02-10' })).toEqual(['inv_1_3']);
});
