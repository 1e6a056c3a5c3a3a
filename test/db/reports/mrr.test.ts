/** Recurring revenue as it moved: stored with each step, and told by month of any calendar. */
import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { commit } from '../../../src/db/commit.ts';
import { churnByMonth } from '../../../src/db/reports/churn.ts';
import { type MrrMonth, mrrByMonth } from '../../../src/db/reports/mrr.ts';
import { inTenant, type Trx } from '../../../src/db/tenant.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { CustomerId } from '../../../src/domain/ids.ts';
import type { Command, Due, Fact } from '../../../src/domain/input.ts';
import { type MrrMovementKind, monthlyRecurring } from '../../../src/domain/mrr.ts';
import { nextDue } from '../../../src/domain/next-due.ts';
import { isAccepted, type Subscription } from '../../../src/domain/subscription.ts';
import { DAY, dayOf, type Instant } from '../../../src/domain/time.ts';
import { at, draft, input, START, subscribe, terms } from '../../domain/builders.ts';
import { addCustomer, OTHER, SCOPE, step, useDatabase } from '../support.ts';

const database = useDatabase();
const read = <T>(work: (trx: Trx) => Promise<T>) => inTenant(database.db, SCOPE, work);

let made = 0;
const newCustomer = async (): Promise<CustomerId> => {
  const id = `cus_mrr${++made}` as const;
  await read((trx) => addCustomer(trx, SCOPE, id));
  return id;
};

class Life {
  state: Subscription;
  constructor(customer: CustomerId, currency = 'usd') {
    this.state = draft({ id: `sub_mrr${++made}`, customer, currency });
  }

  /** What the core refuses or ignores is no step. */
  async take(what: Command | Fact | Due, when: Instant): Promise<void> {
    if (decide(this.state, input(what, when)).outcome !== 'applied') return;
    const next = step(this.state, [what, when]);
    expect(await commit(database.db, next)).toEqual({ outcome: 'committed' });
    expect(await commit(database.db, next)).toEqual({ outcome: 'repeated' });
    this.state = next.subscription;
  }

  async pay(when: Instant): Promise<void> {
    const [open] = isAccepted(this.state) ? this.state.invoices : [];
    if (!open) return;
    const payment = `pi_${open.id}_${open.attempts}`;
    await this.take(
      { type: 'payment_succeeded', invoice: open.id, attempt: open.attempts, payment, amount: open.amount },
      when,
    );
  }

  async begin(when: Instant, unitAmount: string): Promise<void> {
    const currency = this.state.currency;
    await this.take(subscribe({ terms: terms({ unitAmount, currency }) }), when);
    await this.pay(when);
  }

  async waitUntil(target: Instant): Promise<void> {
    for (let due = nextDue(this.state); due && due.at <= target; due = nextDue(this.state)) {
      if (due.type === 'listening_ended') return;
      await this.take(due, due.at);
    }
  }
}

const change = (unitAmount: string, currency = 'usd'): Command => ({
  ...{ type: 'change', terms: terms({ planId: `p${unitAmount}`, unitAmount, currency }), quantity: 1 },
  ...{ when: 'now', proration: 'invoice_now' },
});
const cancel: Command = { type: 'cancel', when: 'now', reason: null };
const pause: Command = { type: 'pause', resumeAt: null };

const amounts = ({ month, opening, moved, closing }: MrrMonth) => [
  month,
  opening,
  ...(['new', 'expansion', 'contraction', 'churn', 'reactivation'] as const).map((kind) => moved[kind].amount),
  closing,
];

describe('a table of months', () => {
  const FROM_TO = { from: '2027-01', to: '2027-06', timeZone: 'UTC' };

  it('names what happened to each customer, and comes to the difference', async () => {
    const [ada, bob] = [await newCustomer(), await newCustomer()];
    const one = new Life(ada, 'eur');
    await one.begin(at('2027-01-10'), '1000');
    await one.take(change('4000', 'eur'), at('2027-01-20')); // + 30.00
    const two = new Life(ada, 'eur');
    await two.begin(at('2027-02-05'), '500'); // a second one: she is no new customer
    await two.take(cancel, at('2027-03-05')); // nor lost with it
    const third = new Life(bob, 'eur');
    await third.begin(at('2027-02-10'), '700');
    await third.take(pause, at('2027-02-20')); // and paused: nothing comes in
    await third.take({ type: 'resume' }, at('2027-04-01'));
    await third.pay(at('2027-04-01'));
    await one.waitUntil(at('2027-02-20'));
    await one.pay(at('2027-02-20'));
    await one.take(cancel, at('2027-05-31'));

    const euros = (rows: MrrMonth[]) => rows.filter(({ currency }) => currency === 'eur').map(amounts);
    expect(euros(await read((trx) => mrrByMonth(trx, FROM_TO, 'customer')))).toEqual([
      // month, opening, new, expansion, contraction, churn, reactivation, closing
      ['2027-01', 0, 1_000, 3_000, 0, 0, 0, 4_000],
      ['2027-02', 4_000, 700, 500, 0, -700, 0, 4_500],
      ['2027-03', 4_500, 0, 0, -500, 0, 0, 4_000],
      ['2027-04', 4_000, 0, 0, 0, 0, 700, 4_700],
      ['2027-05', 4_700, 0, 0, 0, -4_000, 0, 700],
    ]);
    expect(euros(await read((trx) => mrrByMonth(trx, FROM_TO, 'subscription')))).toEqual([
      ['2027-01', 0, 1_000, 3_000, 0, 0, 0, 4_000],
      ['2027-02', 4_000, 1_200, 0, 0, -700, 0, 4_500],
      ['2027-03', 4_500, 0, 0, 0, -500, 0, 4_000],
      ['2027-04', 4_000, 0, 0, 0, 0, 700, 4_700],
      ['2027-05', 4_700, 0, 0, 0, -4_000, 0, 700],
    ]);

    const lost = await read((trx) => churnByMonth(trx, FROM_TO));
    expect(
      lost
        .filter(({ currency }) => currency === 'eur')
        .map(({ month, customers, recurring }) => ({ month, ...customers, recurring })),
    ).toEqual([
      {
        month: '2027-01',
        opening: 0,
        lost: 0,
        won: 1,
        closing: 1,
        recurring: { opening: 0, lost: 0, contracted: 0, expanded: 0 },
      },
      // Bob came and went within it: he was neither won nor lost.
      {
        month: '2027-02',
        opening: 1,
        lost: 0,
        won: 0,
        closing: 1,
        recurring: { opening: 4_000, lost: 0, contracted: 0, expanded: 500 },
      },
      {
        month: '2027-03',
        opening: 1,
        lost: 0,
        won: 0,
        closing: 1,
        recurring: { opening: 4_500, lost: 0, contracted: 500, expanded: 0 },
      },
      {
        month: '2027-04',
        opening: 1,
        lost: 0,
        won: 1,
        closing: 2,
        recurring: { opening: 4_000, lost: 0, contracted: 0, expanded: 0 },
      },
      {
        month: '2027-05',
        opening: 2,
        lost: 1,
        won: 0,
        closing: 1,
        recurring: { opening: 4_700, lost: 4_000, contracted: 0, expanded: 0 },
      },
    ]);
  });

  it('has its months by the calendar that was asked for', async () => {
    const life = new Life(await newCustomer(), 'gbp');
    await life.begin(at('2027-01-31T23:30:00Z'), '900');
    const inZone = async (timeZone: string) =>
      (await read((trx) => mrrByMonth(trx, { from: '2027-01', to: '2027-03', timeZone }, 'customer')))
        .filter(({ currency }) => currency === 'gbp')
        .map(({ moved }) => moved.new.amount);
    expect(await inZone('UTC')).toEqual([900, 0]);
    expect(await inZone('Europe/Berlin')).toEqual([0, 900]);
  });

  it('is empty for another tenant, and for no months', async () => {
    expect(await inTenant(database.db, OTHER, (trx) => mrrByMonth(trx, FROM_TO, 'customer'))).toEqual([]);
    expect(await read((trx) => mrrByMonth(trx, { ...FROM_TO, to: '2027-01' }, 'customer'))).toEqual([]);
    expect(await inTenant(database.db, OTHER, (trx) => churnByMonth(trx, FROM_TO))).toEqual([]);
  });
});

type Act = { life: number; wait: number; act: 'pay' | 'cancel' | 'pause' | 'resume' | 'nothing' | `change ${number}` };
const acts = fc.array(
  fc.record<Act>({
    life: fc.integer({ min: 0, max: 3 }),
    wait: fc.integer({ min: 0, max: 25 }),
    act: fc.oneof(
      fc.constantFrom(
        'pay' as const,
        'pay' as const,
        'cancel' as const,
        'pause' as const,
        'resume' as const,
        'nothing' as const,
      ),
      fc.integer({ min: 1, max: 5 }).map((n) => `change ${n * 1_000}` as const),
    ),
  }),
  { maxLength: 16 },
);

it('whatever happens, the movements are what each subscription has, and the months what their movements are', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (story) => {
      const [ada, bob] = [await newCustomer(), await newCustomer()];
      // Four subscriptions of two customers, who begin at once.
      const lives = [new Life(ada, 'sek'), new Life(ada, 'sek'), new Life(bob, 'sek'), new Life(bob, 'sek')];
      for (const life of lives) await life.begin(START, '2000');
      let now = START;
      for (const { life: which, wait, act } of story) {
        now += wait * DAY;
        const life = lives[which]!;
        for (const each of lives) await each.waitUntil(now);
        if (act === 'pay') await life.pay(now);
        else if (act === 'cancel') await life.take(cancel, now);
        else if (act === 'pause') await life.take(pause, now);
        else if (act === 'resume') await life.take({ type: 'resume' }, now);
        else if (act !== 'nothing') await life.take(change(act.slice(7), 'sek'), now);
      }
      const own = await read((trx) =>
        trx.selectFrom('mrr_movements').selectAll().where('customer_id', 'in', [ada, bob]).orderBy('id').execute(),
      );
      for (const { state } of lives) {
        const moved = own.filter(({ subscription_id }) => subscription_id === state.id);
        expect(moved.reduce((sum, { before, after }) => sum + after - before, 0)).toBe(monthlyRecurring(state));
        moved.forEach(({ before }, i) => {
          expect(before).toBe(moved[i - 1]?.after ?? 0);
        });
        const row = await read((trx) =>
          trx.selectFrom('subscriptions').select('mrr').where('id', '=', state.id).executeTakeFirstOrThrow(),
        );
        expect(row.mrr).toBe(monthlyRecurring(state));
      }
    }),
    { numRuns: 12 },
  );
  const all = await read((trx) => trx.selectFrom('mrr_movements').selectAll().orderBy('id').execute());
  const months = { from: '2027-01', to: '2029-01', timeZone: 'America/New_York' };
  for (const by of ['customer', 'subscription'] as const) {
    const told = await read((trx) => mrrByMonth(trx, months, by));
    for (const { opening, moved, closing } of told) {
      expect(opening + Object.values(moved).reduce((sum, { amount }) => sum + amount, 0)).toBe(closing);
    }
    expect(told.filter(({ currency }) => currency === 'sek').map(amounts)).toEqual(model(all, by, months.timeZone));
  }
});

/** The same, said once more in plain words: one movement after the other. */
function model(
  movements: {
    customer_id: string;
    subscription_id: string;
    currency: string;
    before: number;
    after: number;
    at: Date;
  }[],
  by: 'customer' | 'subscription',
  timeZone: string,
) {
  const months = new Map<string, Record<MrrMovementKind, number>>();
  const held = new Map<string, number>();
  for (const each of movements.filter(({ currency }) => currency === 'sek')) {
    const who = by === 'customer' ? each.customer_id : each.subscription_id;
    const before = held.get(who);
    const after = (before ?? 0) + each.after - each.before;
    held.set(who, after);
    const kind =
      before === undefined
        ? 'new'
        : before === 0
          ? 'reactivation'
          : after === 0
            ? 'churn'
            : after > before
              ? 'expansion'
              : 'contraction';
    const month = dayOf(each.at.getTime(), timeZone).slice(0, 7);
    const sums = months.get(month) ?? { new: 0, expansion: 0, contraction: 0, churn: 0, reactivation: 0 };
    months.set(month, { ...sums, [kind]: sums[kind] + each.after - each.before });
  }
  let opening = 0;
  return Array.from({ length: 24 }, (_, i) => {
    const month = `${2027 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`;
    const {
      new: fresh,
      expansion,
      contraction,
      churn,
      reactivation,
    } = months.get(month) ?? { new: 0, expansion: 0, contraction: 0, churn: 0, reactivation: 0 };
    const before = opening;
    opening += fresh + expansion + contraction + churn + reactivation;
    return [month, before, fresh, expansion, contraction, churn, reactivation, opening];
  });
}
