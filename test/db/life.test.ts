/** Random lives, step by step through the database: what it holds is what the core believes. */
import { fc } from '@fast-check/vitest';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { recogniseThrough } from '../../src/db/revenue.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { verifyRevenue } from '../../src/db/verify-revenue.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command, Due, Fact } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { addDays, DAY, dayOf, type Instant } from '../../src/domain/time.ts';
import { draft, input, START, subscribe, terms } from '../domain/builders.ts';
import { Books } from '../support/books.ts';
import { addCustomer, SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();

type Act = { wait: number } | { answer: 'succeeded' | 'failed' | 'processing' | 'canceled' } | { command: Command };

const RAISE: Command = {
  ...{ type: 'change', terms: terms({ planId: 'max', unitAmount: '9900' }), quantity: 2, when: null, proration: null },
};
const LOWER_LATER: Command = { type: 'change', terms: terms(), quantity: 1, when: 'now', proration: 'next_invoice' };
const END: Command = { type: 'cancel', when: 'now', reason: null };
/** With a credit that no invoice will bring. */
const ENDED_WAITING: Act[] = [
  ...([{ answer: 'succeeded' }, { command: RAISE }, { answer: 'succeeded' }] as const),
  ...[{ command: LOWER_LATER }, { command: END }],
];

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ wait: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ answer: fc.constantFrom('succeeded', 'succeeded', 'failed', 'processing', 'canceled') }),
  fc.record({
    command: fc.constantFrom<Command[]>(
      RAISE,
      LOWER_LATER,
      { type: 'cancel', when: 'period_end', reason: null },
      END,
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
  readonly effects: Effect[] = [];

  /** What the core refuses or ignores is no step. */
  async take(what: Command | Fact | Due, at: Instant): Promise<void> {
    if (decide(this.state, input(what, at)).outcome !== 'applied') return;
    const next = step(this.state, [what, at]);
    expect(await commit(database.db, next)).toEqual({ outcome: 'committed' });
    expect(await commit(database.db, next)).toEqual({ outcome: 'repeated' });
    this.effects.push(...next.decisions.flatMap(({ effects }) => effects));
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
      const expected = new Books(state.timeZone);
      expected.take(life.effects);
      const today = dayOf(life.now, 'UTC');
      for (const day of [addDays(today, -20), today, addDays(today, 400)]) {
        await recogniseThrough(database.db, SCOPE, { through: day, clock: null });
        const of = expected.through(day);
        expect(await revenueOf(life), `on ${day}`).toEqual({
          ...{ earned: -of('revenue') - of('discounts') || 0, unbilled: of('unbilled') || 0 },
        });
      }
      expect(books.version).toBe(state.version);
    }),
    { numRuns: 30, examples: [[ENDED_WAITING, 0]] },
  );
  expect((await verifyLedger(database.db)).differences).toEqual([]);
  expect(await verifyRevenue(database.db)).toEqual([]);
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
    const { version } = await trx
      .selectFrom('subscriptions')
      .select('version')
      .where('id', '=', state.id)
      .executeTakeFirstOrThrow();
    return {
      open: open.map(({ id }) => id),
      receivable: receivable?.amount ?? 0,
      version,
    };
  });

/** Of its own lines: what they have earned, at once and by the day, and what is carried to its next invoice. */
const revenueOf = ({ state, customer }: Life) =>
  inTenant(database.db, SCOPE, async (trx) => {
    const { rows } = await sql<{ earned: number; unbilled: number }>`
      select
        (select coalesce(sum(booked.gross - booked.discount), 0) from revenue_days as booked
          join earning_spans as span on span.id = booked.span_id where span.subscription_id = ${state.id})
        - (select coalesce(sum(entry.amount), 0) from ledger_entries as entry
          join ledger_transactions as transaction on transaction.id = entry.transaction_id
          join ledger_accounts as account on account.id = entry.account_id
          where transaction.subscription_id = ${state.id} and account.code in ('revenue', 'discounts')) as earned,
        (select coalesce(sum(balance.amount), 0) from ledger_accounts as account
          join ledger_balances as balance on balance.account_id = account.id
          where account.code = 'unbilled' and account.owner = ${customer}) as unbilled`.execute(trx);
    return rows[0]!;
  });
