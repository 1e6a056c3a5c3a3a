/** Notes and changes in any order: what was debited is given back once, and what waits at the end is not lost. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { afterNote, type Creditable } from '../../src/domain/credit-note.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command, Due, Fact, Input } from '../../src/domain/input.ts';
import { type Invoice, type InvoiceLine, netOfLine } from '../../src/domain/invoice.ts';
import { NOTHING_SHARED, type Shared } from '../../src/domain/shared.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { UNTAXED } from '../../src/domain/tax.ts';
import { DAY, type Instant } from '../../src/domain/time.ts';
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
    if (effect.type === 'issue_invoice') this.books.set(effect.invoice.id, creditable(effect.invoice));
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

const creditable = ({ id, currency, total, creditApplied, amountDue, issuedAt, lines }: Invoice): Creditable => ({
  ...{ id, state: amountDue > 0 ? 'open' : 'paid', currency, total, creditApplied, amountDue, issuedAt },
  ...{ paid: 0, creditedOpen: 0, creditedBack: 0, notes: 0, payments: [] },
  lines: lines.map((line) => {
    const { description, quantity, amount, discount = 0, taxes = [], period, earning = null } = line;
    const held = { description, quantity, amount, discount, taxes, period, earning };
    return { ...held, product: line.product ?? null, carried: line.carried ?? false, credited: 0 };
  }),
});

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

const prices = [0, 999, 2000, 5000, 9900, 19_901];
const act = fc.oneof(
  fc.record({
    change: fc.constantFrom(...prices),
    proration: fc.constantFrom('invoice_now' as const, 'next_invoice' as const),
    wait: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({ note: fc.integer({ min: 1, max: 6 }), amount: fc.option(fc.integer({ min: 1, max: 9000 })) }),
);
property.prop([fc.array(act, { maxLength: 12 }), fc.constantFrom(...prices), fc.constantFrom(NOTHING_SHARED, TAXED)], {
  numRuns: 300,
})('notes and changes in any order: no change gives back what was given back already', (acts, first, shared) => {
  const life = new Life(first, shared);
  let day = 0;
  let floor = 0;
  for (const each of acts) {
    if ('note' in each) life.ask(noted(`inv_1_${each.note}`, each.amount, 'credit'), START + day * DAY);
    else {
      day = Math.min(day + each.wait, 30);
      const { change: price, proration } = each;
      const type = 'change' as const;
      life.ask({ type, terms: plan(price), quantity: 1, when: 'now', proration }, START + day * DAY);
    }
    // A note may itself go beyond what older invoices have left over; no change goes further than that.
    if ('note' in each) floor = Math.min(floor, life.net);
    expect(life.net).toBeGreaterThanOrEqual(floor);
  }
});
