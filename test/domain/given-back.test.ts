/** Notes and changes in any order: what was debited is given back once, and what waits at the end is not lost. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { afterNote, type Creditable, creditableOf } from '../../src/domain/credit-note.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command, Due, Fact, Input } from '../../src/domain/input.ts';
import { type Invoice, type InvoiceLine, netOfLine } from '../../src/domain/invoice.ts';
import { NOTHING_SHARED, type Shared } from '../../src/domain/shared.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { UNTAXED } from '../../src/domain/tax.ts';
import { DAY, type Instant } from '../../src/domain/time.ts';
import { MoneyLife } from '../support/money-lives.ts';
import { draft, input, must, START, subscribe, terms } from './builders.ts';

const TAXED: Shared = {
  ...NOTHING_SHARED,
  tax: {
    ...{ ...UNTAXED, treatment: 'taxed' },
    rates: { ...UNTAXED.rates, standard: [{ jurisdiction: 'DE', name: 'VAT', percent: '19' }] },
  },
};

/** Each charge succeeds, and the books are at hand. Begun on 1 January, at noon. */
class Life {
  state: Subscription = draft();
  readonly effects: Effect[] = [];
  readonly books = new Map<string, Creditable>();
  private readonly shared: Shared;

  constructor(price = 5000, shared = NOTHING_SHARED) {
    this.shared = shared;
    this.take(subscribe({ terms: plan(price) }), 0);
  }

  take(what: Command | Fact | Due, day: number): Effect[] {
    const decision = this.ask(what, START + day * DAY);
    return must(decision).effects;
  }

  ask(what: Command | Fact | Due, when: Instant) {
    const books = {
      of: { invoices: [], payments: [], unusedAfter: null, refundable: false },
      invoices: Object.fromEntries(this.books),
      refundable: [],
    };
    const given: Input = { ...input(what, when), shared: { ...this.shared, books } };
    const decision = decide(this.state, given);
    if (decision.outcome !== 'applied') return decision;
    this.state = decision.state;
    this.effects.push(...decision.effects);
    for (const effect of decision.effects) this.keep(effect);
    for (const effect of decision.effects) {
      if (effect.type !== 'charge') continue;
      const { invoice, attempt, amount } = effect;
      const payment = `pi_${invoice}` as const;
      this.ask({ type: 'payment_succeeded', invoice, attempt, payment, amount }, when);
    }
    return decision;
  }

  change(price: number, day: number, proration: 'invoice_now' | 'next_invoice' = 'invoice_now'): Effect[] {
    const type = 'change' as const;
    return this.take({ type, terms: plan(price), quantity: 1, when: 'now', proration }, day);
  }

  get issued(): Invoice[] {
    return this.effects.flatMap((effect) => (effect.type === 'issue_invoice' ? [effect.invoice] : []));
  }

  get carried(): InvoiceLine[] {
    return isAccepted(this.state) ? this.state.carried : [];
  }

  /** What was debited and waits to be, less what was given back. */
  get net(): number {
    const lines = [...this.issued.flatMap((invoice) => invoice.lines), ...this.carried];
    const billed = lines.filter((line) => !line.carried).reduce((sum, line) => sum + netOfLine(line), 0);
    const notes = this.effects.flatMap((effect) => (effect.type === 'issue_credit_note' ? [effect.note] : []));
    return billed - notes.reduce((sum, { total, tax }) => sum + total - tax, 0);
  }

  private keep(effect: Effect): void {
    if (effect.type === 'issue_invoice') this.books.set(effect.invoice.id, creditableOf(effect.invoice));
    if (effect.type === 'issue_credit_note') {
      this.books.set(effect.note.invoice, afterNote(this.books.get(effect.note.invoice)!, effect.note));
    }
    if (effect.type === 'record_payment') {
      const invoice = this.books.get(effect.invoice)!;
      const { payment: id, amount } = effect;
      const nothing = { refunded: 0, refundedUnapplied: 0, disputed: false, withdrawn: 0, outside: false };
      const payments = [{ id, amount, applied: amount, ...nothing }];
      this.books.set(effect.invoice, { ...invoice, state: 'paid', paid: amount, payments });
    }
  }
}

const plan = (price: number) => terms({ planId: `plan_${price}`, name: `Plan ${price}`, unitAmount: String(price) });

const noted = (invoice: string, amount: number | null = null, to: 'refund' | 'credit' = 'refund'): Command => ({
  ...{ type: 'credit_note', invoice: invoice as Invoice['id'], lines: null, amount, to, reason: 'order_change' },
});

const amounts = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'issue_invoice' ? effect.invoice.lines : [])).map((line) => line.amount);

describe('a change gives back nothing that was given back already', () => {
  test('by a note over all of it', () => {
    const life = new Life();
    life.take(noted('inv_1_1'), 0);
    expect(amounts(life.change(9900, 0))).toEqual([9900]);
    expect(life.net).toBe(9900);
  });

  test('by a note over a part of it', () => {
    const life = new Life();
    life.take(noted('inv_1_1', 2000, 'credit'), 0);
    expect(amounts(life.change(9900, 0))).toEqual([-3000, 9900]);
  });

  test('with the tax on it', () => {
    const life = new Life(5000, TAXED);
    life.take(noted('inv_1_1', 2380), 0);
    expect(amounts(life.change(9900, 0))).toEqual([-3000, 9900]);
  });

  test('by a refund at the processor', () => {
    const life = new Life();
    const of = { refund: 're_1', invoice: null, payment: 'pi_inv_1_1', amount: 5000 } as const;
    life.take({ type: 'payment_refunded', ...of }, 0);
    expect(amounts(life.change(9900, 0))).toEqual([9900]);
  });

  test('a raise is given back with its credit, so that the price before it stands', () => {
    const life = new Life();
    life.change(9900, 6);
    life.take(noted('inv_1_2'), 6);
    expect(life.net).toBe(5000);
    expect(amounts(life.change(19_900, 6))).toEqual([-4032, 16_048]); // 25 of 31 days
  });

  test('nor what waits to be given back', () => {
    const life = new Life();
    life.change(2000, 5, 'next_invoice'); // gives back 25 of 31 days
    expect(life.carried.map(({ amount }) => amount)).toEqual([-4032, 1613]);
    life.take(noted('inv_1_1'), 5);
    expect(life.net).toBe(0);
    life.change(9900, 5, 'next_invoice');
    expect(life.net).toBeGreaterThanOrEqual(0);
  });
});

describe('a note gives back no more than all invoices have left of its days', () => {
  const total = (effects: readonly Effect[]) =>
    effects.flatMap((effect) => (effect.type === 'issue_credit_note' ? [effect.note.total] : []));

  test('of days that a later invoice has credited and debited anew', () => {
    const life = new Life(19_901);
    life.change(0, 0);
    expect(amounts(life.change(19_901, 2))).toEqual([-19_259, 18_617, 642]);
    // The second day was free: it waits as a credit, and is not given back once more.
    expect(total(life.take(noted('inv_1_1'), 2))).toEqual([19_259]);
    expect([life.net, life.carried.map(({ amount }) => amount)]).toEqual([0, [-642]]);
    expect(life.ask(noted('inv_1_1', 1), START + 2 * DAY)).toMatchObject({ code: 'credit_exceeds_remainder' });
  });

  test('of an older period, and no later change gives back less for it', () => {
    const life = new Life();
    life.change(2000, 5, 'next_invoice');
    expect(amounts(life.take({ type: 'period_ended' }, 31))).toEqual([-4032, 1613, 2000, 419]);
    expect(life.ask(noted('inv_1_1', 2582), START + 31 * DAY)).toMatchObject({ code: 'credit_exceeds_remainder' });
    expect(total(life.take(noted('inv_1_1'), 31))).toEqual([2581]);
    expect(amounts(life.change(9900, 31))).toEqual([-419, -2000, 9900]);
    expect(life.net).toBe(9900);
  });

  test('by a refund at the processor: what goes beyond it is named', () => {
    const life = new Life();
    life.change(2000, 5, 'next_invoice');
    life.take({ type: 'period_ended' }, 31);
    const of = { refund: 're_1', invoice: null, payment: 'pi_inv_1_1', amount: 5000 } as const;
    const decision = life.ask({ type: 'payment_refunded', ...of }, START + 31 * DAY);
    expect(decision).toMatchObject({ because: { credited: 2581, unmatched: 2419 } });
    expect(life.net).toBe(2000);
  });

  test('what waits of the days of one that is voided goes with it, and what was held instead stays', () => {
    const life = new MoneyLife(
      {
        ...{ sold: plan(5000), quantity: 1, trial: {}, anchorDay: undefined, discounts: [], isSent: true },
        ...{ tax: 0, credit: 0, chargeStep: 1 },
      },
      () => {},
    );
    const down = { type: 'change', terms: plan(2000), quantity: 1, when: 'now', proration: 'next_invoice' } as const;
    life.take(down, START + 5 * DAY);
    life.take({ type: 'void', invoice: 'inv_1_1', reason: 'other' }, START + 5 * DAY);
    life.take({ type: 'period_ended' }, START + 31 * DAY);
    expect(life.books.invoices.get('inv_1_2')!.lines.map(({ amount }) => amount)).toEqual([1613, 2000]);
  });

  test('nor is one voided that a raise has given back, though the raise has charged more', () => {
    const life = new MoneyLife(
      {
        ...{ sold: plan(2000), quantity: 1, trial: {}, anchorDay: undefined, discounts: [], isSent: true },
        ...{ tax: 0, credit: 0, chargeStep: 1 },
      },
      () => {},
    );
    const up = { type: 'change', terms: plan(5000), quantity: 1, when: 'now', proration: 'invoice_now' } as const;
    life.take(up, START + 5 * DAY);
    const voided = life.take({ type: 'void', invoice: 'inv_1_1', reason: 'other' }, START + 5 * DAY);
    expect(voided).toMatchObject({ outcome: 'refused', code: 'invoice_given_back' });
  });

  test('nor is an invoice voided whose days another has given back', () => {
    const sale = { sold: plan(5000), quantity: 1, trial: {}, anchorDay: undefined, discounts: [], isSent: false };
    const life = new MoneyLife({ ...sale, tax: 0, credit: 0, chargeStep: 1 }, () => {});
    const to = (price: number, proration: 'invoice_now' | 'next_invoice'): Command => ({
      ...{ type: 'change', terms: plan(price), quantity: 1, when: 'now', proration },
    });
    life.take({ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 1, payment: 'pi_1', amount: 5000 });
    life.take(to(30_000, 'invoice_now'), START + 5 * DAY);
    life.take(to(2000, 'next_invoice'), START + 6 * DAY);
    life.take({ type: 'period_ended' }, START + 31 * DAY);
    const failed = { payment: 'pi_2', decline: 'soft', code: 'card_declined' } as const;
    life.take({ type: 'payment_failed', invoice: 'inv_1_2', attempt: 1, ...failed }, START + 31 * DAY);
    const voided = life.take({ type: 'void', invoice: 'inv_1_2', reason: 'other' }, START + 31 * DAY);
    expect(voided).toMatchObject({ outcome: 'refused', code: 'invoice_given_back' });
  });
});

const prices = [0, 999, 2000, 5000, 9900, 19_901];
const act = fc.oneof(
  fc.record({
    change: fc.constantFrom(...prices),
    proration: fc.constantFrom('invoice_now' as const, 'next_invoice' as const),
    wait: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({ note: fc.integer({ min: 1, max: 6 }), amount: fc.option(fc.integer({ min: 1, max: 9000 })) }),
);
property.prop(
  [
    fc.array(act, { maxLength: 12 }),
    fc.constantFrom(...prices),
    fc.constantFrom(NOTHING_SHARED, TAXED),
    fc.constantFrom(undefined, 'credit' as const),
  ],
  { numRuns: 10_000 },
)(
  'notes, changes and an end in any order: between nothing and the dearest plan of each day',
  (acts, first, shared, creditTo) => {
    const life = new Life(first, shared);
    // What is rounded in each step, and with its tax.
    const [least, slack] = [shared === TAXED ? -acts.length : 0, acts.length + 1];
    const dearest = Array.from({ length: 31 }, () => first);
    const most = (until = 31) => costOf(dearest.slice(0, until));
    // A note is given for all days of its lines alike, so it may be for days that are used.
    let isNoted = false;
    let day = 0;
    for (const each of acts) {
      isNoted ||= 'note' in each;
      if ('note' in each) life.ask(noted(`inv_1_${each.note}`, each.amount, 'credit'), START + day * DAY);
      else {
        day = Math.min(day + each.wait, 30);
        const { change: price, proration } = each;
        const type = 'change' as const;
        life.ask({ type, terms: plan(price), quantity: 1, when: 'now', proration }, START + day * DAY);
        dearest.fill(Math.max(dearest[day]!, price), day, day + 1).fill(price, day + 1);
      }
      expect(life.net).toBeGreaterThanOrEqual(least);
      if (!isNoted) expect(life.net).toBeLessThanOrEqual(most() + slack);
    }
    life.ask({ type: 'cancel', when: 'now', reason: null, creditTo }, START + day * DAY);
    expect(life.net).toBeGreaterThanOrEqual(least);
    if (!isNoted) expect(life.net).toBeLessThanOrEqual(most(creditTo && day + 1) + slack);
  },
  240_000,
);

/** What the days cost, each run of one price as a whole. */
function costOf(days: readonly number[]): number {
  const upTo = (price: number, day: number) => Math.round((price * day) / 31);
  return days.reduce((sum, price, day) => sum + upTo(price, day + 1) - upTo(price, day), 0);
}
