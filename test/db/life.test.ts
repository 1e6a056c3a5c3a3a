/** Random lives, step by step through the database: what it holds is what the core believes. */
import { fc } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Command, Due, Fact } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { DAY, type Instant } from '../../src/domain/time.ts';
import { draft, input, START, subscribe, terms } from '../domain/builders.ts';
import { addCustomer, SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();

type Act = { wait: number } | { answer: 'succeeded' | 'failed' | 'processing' | 'canceled' } | { command: Command };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ wait: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ answer: fc.constantFrom('succeeded', 'succeeded', 'failed', 'processing', 'canceled') }),
  fc.record({
    command: fc.constantFrom<Command[]>(
      { type: 'change', terms: terms({ planId: 'max', unitAmount: '9900' }), quantity: 2, when: null, proration: null },
      { type: 'change', terms: terms(), quantity: 1, when: 'now', proration: 'next_invoice' },
      { type: 'cancel', when: 'period_end', reason: null },
      { type: 'cancel', when: 'now', reason: null },
      { type: 'uncancel' },
      { type: 'pause', resumeAt: null },
      { type: 'resume' },
    ),
  }),
);

let lives = 0;

class Life {
  readonly customer = `cus_life${++lives}` as const;
  state: Subscription = draft({ id: `sub_life${lives}`, customer: this.customer, timeZone: 'America/New_York' });
  now: Instant = START;

  /** What the core refuses or ignores is no step. */
  async take(what: Command | Fact | Due, at: Instant): Promise<void> {
    if (decide(this.state, input(what, at)).outcome !== 'applied') return;
    const next = step(this.state, [what, at]);
    expect(await commit(database.db, next)).toEqual({ outcome: 'committed' });
    expect(await commit(database.db, next)).toEqual({ outcome: 'repeated' });
    this.state = next.subscription;
  }

  async waitUntil(target: Instant): Promise<void> {
    for (let due = nextDue(this.state); due && due.at <= target; due = nextDue(this.state)) {
      if (due.type === 'listening_ended') break;
      await this.take(due, due.at);
    }
    this.now = target;
  }

  async answer(how: 'succeeded' | 'failed' | 'processing' | 'canceled'): Promise<void> {
    const open = isAccepted(this.state) ? this.state.invoices : [];
    const waiting = open.find(({ collection }) => ['charging', 'processing'].includes(collection.step));
    if (!waiting) return;
    const { id: invoice, attempts: attempt, amount } = waiting;
    const of = { invoice, attempt, payment: `pi_${invoice}_${attempt}` };
    if (how === 'succeeded') await this.take({ type: 'payment_succeeded', ...of, amount }, this.now);
    else if (how === 'failed') {
      await this.take({ type: 'payment_failed', ...of, decline: 'soft', code: 'card_declined' }, this.now);
    } else await this.take({ type: `payment_${how}`, ...of }, this.now);
  }
}

it('any life leaves the books that its state speaks of', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 14 }), fc.constantFrom(0, 14), async (acts, trialDays) => {
      const life = new Life();
      await inTenant(database.db, SCOPE, (trx) => addCustomer(trx, SCOPE, life.customer));
      await life.take(subscribe({ trialDays }), START);
      for (const each of acts) {
        if ('wait' in each) await life.waitUntil(life.now + each.wait * DAY);
        else if ('answer' in each) await life.answer(each.answer);
        else await life.take(each.command, life.now);
      }
      const { state } = life;
      const waitingFor = isAccepted(state) ? state.invoices : [];
      const books = await booksOf(life);
      expect(books.open.sort()).toEqual(waitingFor.map(({ id }) => id).sort());
      expect(books.receivable).toBe(waitingFor.reduce((sum, { amount }) => sum + amount, 0));
      expect(books.deferred).toBe(isAccepted(state) ? state.deferred : 0);
      expect(books.version).toBe(state.version);
    }),
    { numRuns: 30 },
  );
  expect((await verifyLedger(database.db)).differences).toEqual([]);
});

const booksOf = ({ state, customer }: Life) =>
  inTenant(database.db, SCOPE, async (trx) => {
    const open = await trx
      .selectFrom('invoices')
      .select('id')
      .where('subscription_id', '=', state.id)
      .where('state', '=', 'open')
      .execute();
    const receivable = await trx
      .selectFrom('ledger_balances')
      .innerJoin('ledger_accounts', 'ledger_accounts.id', 'account_id')
      .select('amount')
      .where('code', '=', 'receivable')
      .where('owner', '=', customer)
      .executeTakeFirst();
    const deferred = await trx
      .selectFrom('ledger_entries')
      .innerJoin('ledger_transactions', 'ledger_transactions.id', 'transaction_id')
      .innerJoin('ledger_accounts', 'ledger_accounts.id', 'account_id')
      .select((select) => select.fn.sum<number>('amount').as('amount'))
      .where('code', '=', 'deferred_revenue')
      .where('ledger_transactions.subscription_id', '=', state.id)
      .executeTakeFirst();
    const { version } = await trx
      .selectFrom('subscriptions')
      .select('version')
      .where('id', '=', state.id)
      .executeTakeFirstOrThrow();
    return {
      open: open.map(({ id }) => id),
      receivable: receivable?.amount ?? 0,
      deferred: -(deferred?.amount ?? 0) || 0,
      version,
    };
  });
