/** What a change gives back and charges, under discounts and taxes too: never more than was debited. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command, Input } from '../../src/domain/input.ts';
import { type InvoiceLine, netOfLine, sumsOf } from '../../src/domain/invoice.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import type { ChangeRules, Terms } from '../../src/domain/price-book.ts';
import { NOTHING_SHARED, type Shared } from '../../src/domain/shared.ts';
import { type Accepted, isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { UNTAXED } from '../../src/domain/tax.ts';
import { addDays, type Instant, instantOf } from '../../src/domain/time.ts';
import { at, draft, FEBRUARY, input, must, START, subscribe, terms } from './builders.ts';

type Change = Extract<Command, { type: 'change' }>;
const to = (quantity: number, over: Partial<Change> = {}): Change => ({
  ...{ type: 'change', terms: terms(), quantity, when: 'now', proration: null },
  ...over,
});
const accepted = (state: Subscription): Subscription & Accepted => {
  if (!isAccepted(state)) throw new Error('not accepted');
  return state;
};
const percent = (off: string, over: Partial<HeldDiscount> = {}): HeldDiscount => ({
  ...{ coupon: 'co_1', name: 'Half', kind: { percent: off }, duration: 'forever', since: START },
  ...over,
});
const taxedAt = (rate: string): Shared => ({
  ...NOTHING_SHARED,
  tax: {
    ...{ ...UNTAXED, treatment: 'taxed' },
    rates: { ...UNTAXED.rates, standard: [{ jurisdiction: 'DE', name: 'VAT', percent: rate }] },
  },
});

/** A life in which each charge succeeds, and all lines that it was invoiced. */
class Life {
  state: Subscription;
  readonly lines: InvoiceLine[] = [];
  shared: Shared = NOTHING_SHARED;

  constructor(state: Subscription = draft()) {
    this.state = state;
  }

  take(what: Parameters<typeof input>[0], when: Instant | string): Effect[] {
    const given: Input = { ...input(what, typeof when === 'string' ? at(when) : when), shared: this.shared };
    const decision = must(decide(this.state, given));
    this.state = decision.state;
    for (const effect of decision.effects) {
      if (effect.type === 'issue_invoice') this.lines.push(...effect.invoice.lines);
      if (effect.type === 'charge') {
        const { invoice, attempt, amount } = effect;
        this.take(
          { type: 'payment_succeeded', invoice, attempt, payment: `pi_${invoice}_${attempt}`, amount },
          given.at,
        );
      }
    }
    return decision.effects;
  }

  /** Begun on 1 January, with these discounts. */
  static with(discounts: HeldDiscount[] = [], shared = NOTHING_SHARED, sold: Terms = terms(), quantity = 1): Life {
    const life = new Life();
    life.shared = shared;
    life.take(subscribe({ terms: sold, quantity, trialDays: 1 }), at('2026-12-31'));
    life.state = { ...accepted(life.state), discounts } as Subscription;
    life.take({ type: 'trial_ended' }, START);
    return life;
  }

  /** Another one that has come as far. */
  again(): Life {
    const life = new Life(this.state);
    life.lines.push(...this.lines);
    life.shared = this.shared;
    return life;
  }

  /** What the customer has paid for what is used, and what waits, without what only wanders from invoice to invoice. */
  get net(): number {
    return [...this.lines, ...accepted(this.state).carried]
      .filter((line) => !line.carried)
      .reduce((sum, line) => sum + netOfLine(line), 0);
  }
}

const amounts = (lines: readonly InvoiceLine[]) => lines.map(({ amount, discount = 0 }) => [amount, discount]);
const last = (effects: readonly Effect[]) => effects.find((effect) => effect.type === 'issue_invoice')!.invoice;

describe('a credit is for what was really debited', () => {
  test('net of the discount on it', () => {
    const life = Life.with([percent('50')]);
    const invoice = last(life.take(to(2), '2027-01-16')); // 16 of 31 days
    expect(amounts(invoice.lines)).toEqual([
      [-774, 0],
      [3097, 1549],
    ]);
    life.take(to(1), '2027-01-16');
    life.take(to(2, { terms: terms({ unitAmount: '0' }) }), '2027-01-20');
    life.take({ type: 'period_ended' }, FEBRUARY);
    // Half of 15 days of 30.00, one of 60.00, and 4 of 30.00.
    expect(life.net).toBe(Math.round((1452 + 194 + 387) / 2));
  });

  test('nothing of a free period', () => {
    const life = Life.with([percent('100')]);
    life.take(to(1, { terms: terms({ planId: 'mini', unitAmount: '1000' }) }), '2027-01-10');
    expect(life.net).toBe(0);
  });

  test('nothing of a raise that was not billed', () => {
    const life = Life.with();
    life.take(to(3, { proration: 'none' }), '2027-01-10');
    expect(life.net).toBe(3000);
    const invoice = last(life.take(to(1, { proration: 'invoice_now' }), '2027-01-10'));
    expect(invoice.lines.map(({ amount }) => amount)).toEqual([-2032, 2032]);
    expect(life.net).toBe(3000);
  });

  test('with the taxes that were debited, whatever holds by now', () => {
    const life = Life.with([], taxedAt('19'));
    life.shared = taxedAt('21');
    const invoice = last(life.take(to(2), '2027-01-16'));
    expect(invoice.lines.map(({ amount, taxes }) => [amount, taxes?.[0]?.percent, taxes?.[0]?.amount])).toEqual([
      [-1548, '19', -294],
      [3097, '21', 650],
    ]);
  });

  test('and without any, where none was', () => {
    const life = Life.with();
    life.shared = taxedAt('19');
    const invoice = last(life.take(to(2), '2027-01-16'));
    expect(invoice.lines.map(({ taxes }) => taxes?.length)).toEqual([0, 1]);
  });

  test('of what waits for the next invoice nothing was debited: it is shortened', () => {
    const life = Life.with();
    life.take(to(2, { proration: 'next_invoice' }), '2027-01-16');
    life.take(to(1, { proration: 'next_invoice' }), '2027-01-20');
    expect(accepted(life.state).carried.map(({ amount, period }) => [amount, period?.from, period?.to])).toEqual([
      [-1548, '2027-01-16', '2027-02-01'],
      [968, '2027-01-16', '2027-01-21'],
      [1065, '2027-01-21', '2027-02-01'],
    ]);
    expect(accepted(life.state).carried[1]?.proration).toMatch(/; of that 5 of 31 days, after a later change$/);
    life.state = { ...accepted(life.state), discounts: [percent('50')] } as Subscription;
    life.take({ type: 'period_ended' }, FEBRUARY);
    expect(life.net).toBe(3000 - 1548 + 484 + 532 + 1500);
  });
});

test('what waits comes with the next invoice, of a change as well', () => {
  const life = Life.with([], NOTHING_SHARED, terms(), 3);
  life.take(to(1), '2027-01-10'); // a credit, which waits
  const invoice = last(life.take(to(4), '2027-01-20'));
  expect(invoice.lines.map(({ amount }) => amount)).toEqual([-6097, 871, 4645, 581]);
  expect(accepted(life.state).carried.every((line) => line.carried)).toBe(true);
});

describe('the rule of each direction', () => {
  const ruled = (changes: ChangeRules) => Life.with([], NOTHING_SHARED, terms({ changes }), 2).state;
  test.each<[string, ChangeRules, Partial<Change>, string]>([
    ['up: now and invoiced, without one', {}, { quantity: 3 }, 'change.now_invoiced'],
    ['down: at the period’s end, without one', {}, { quantity: 1 }, 'change.at_period_end'],
    ['up at the period’s end', { up: { when: 'period_end' } }, { quantity: 3 }, 'change.at_period_end'],
    ['up on the next invoice', { up: { proration: 'next_invoice' } }, { quantity: 3 }, 'change.now_billed_later'],
    ['down at once', { down: { when: 'now' } }, { quantity: 1 }, 'change.now_billed_later'],
    ['down at once, with nothing back', { down: { when: 'now', proration: 'none' } }, { quantity: 1 }, 'change.now'],
    ['as asked, where it says the same', { up: { when: 'now' } }, { quantity: 3, when: 'now' }, 'change.now_invoiced'],
    [
      'another interval that is dearer',
      { up: { when: 'now' } },
      { terms: terms({ planId: 'y', interval: { unit: 'year', count: 1 }, unitAmount: '40000' }), quantity: 2 },
      'change.now_invoiced',
    ],
    [
      'another interval that is cheaper',
      { up: { when: 'now' } },
      { terms: terms({ planId: 'y', interval: { unit: 'year', count: 1 }, unitAmount: '30000' }), quantity: 2 },
      'change.at_period_end',
    ],
  ])('%s', (_what, changes, over, rule) => {
    expect(must(decide(ruled(changes), input(to(2, { when: null, ...over }), at('2027-01-10')))).rule).toBe(rule);
  });

  test('binds a customer, and not an operator', () => {
    const state = ruled({ up: { proration: 'invoice_now' }, down: { when: 'period_end' } });
    const free = to(3, { proration: 'none' });
    expect(decide(state, input(free, at('2027-01-10')))).toEqual({
      outcome: 'refused',
      code: 'change_not_offered',
      detail: 'cannot change up with proration none: the plan offers invoice_now',
      path: 'proration',
    });
    expect(decide(state, input(to(1), at('2027-01-10')))).toMatchObject({
      detail: 'cannot change down with when now: the plan offers period_end',
    });
    expect(must(decide(state, input({ ...free, byOperator: true }, at('2027-01-10')))).rule).toBe('change.now');
  });
});

test('leaves its trail: from which price to which, and the arithmetic', () => {
  const life = Life.with();
  expect(decide(life.state, input(to(2), at('2027-01-16')))).toMatchObject({
    because: {
      ...{ from: 'Pro', fromPrice: 3000, to: '2 × Pro', toPrice: 6000, direction: 'up', when: 'now' },
      ...{ proration: 'invoice_now', day: '2027-01-16', total: 1549 },
      arithmetic:
        'Unused time on Pro: -15.48 USD = 30.00 USD × 31/31 − 30.00 USD × 15/31, each rounded to the minor unit; ' +
        'Remaining time on 2 × Pro: 30.97 USD = 60.00 USD × 31/31 − 60.00 USD × 15/31, each rounded to the minor unit',
    },
  });
});

describe('in a last period that was cut short', () => {
  const cut = () => {
    const life = Life.with();
    life.take({ type: 'cancel', when: '2027-02-15', reason: null }, '2027-01-10');
    life.take({ type: 'period_ended' }, FEBRUARY);
    return life;
  };

  test('going on costs the days that were cut off', () => {
    const life = cut();
    expect(life.net).toBe(3000 + 1500);
    const invoice = last(life.take({ type: 'uncancel' }, '2027-02-10'));
    expect(invoice.lines).toMatchObject([{ amount: 1500, period: { from: '2027-02-15', to: '2027-03-01' } }]);
    expect(life.net).toBe(6000);
    expect(nextDue(life.state)).toMatchObject({ type: 'period_ended' });
  });

  test('and so do those until a later end', () => {
    const life = cut();
    life.take({ type: 'cancel', when: '2027-02-20', reason: null }, '2027-02-10');
    expect(life.net).toBe(3000 + 2036); // 19 of 28 days
    life.take({ type: 'uncancel' }, '2027-02-18');
    expect(life.net).toBe(6000);
  });

  test('a change is billed until then, and the rest when it goes on', () => {
    const life = cut();
    const invoice = last(life.take(to(2), '2027-02-08'));
    expect(invoice.lines.map(({ amount, period }) => [amount, period])).toEqual([
      [-750, { from: '2027-02-08', to: '2027-02-15' }],
      [1500, { from: '2027-02-08', to: '2027-02-15' }],
    ]);
    life.take({ type: 'uncancel' }, '2027-02-10');
    expect(life.net).toBe(3000 + 750 + 21 * (6000 / 28));
  });

  test('nothing of what was cut off is given back', () => {
    const life = cut();
    life.take(to(1, { terms: terms({ planId: 'y', interval: { unit: 'year', count: 1 } }) }), '2027-02-15');
    expect(life.lines.some(({ amount }) => amount < 0)).toBe(false);
  });
});

const RUNS = { numRuns: 10_000 };
const prorations = fc.constantFrom('invoice_now' as const, 'next_invoice' as const, 'none' as const);
const steps = fc.array(
  fc.record({ day: fc.nat(30), quantity: fc.integer({ min: 0, max: 5 }), proration: prorations }),
  { maxLength: 5 },
);
const discounts: HeldDiscount[][] = [
  [],
  [percent('33.3')],
  [percent('50')],
  [percent('100')],
  [percent('20'), percent('0', { coupon: 'co_2', kind: { amount: 500, currency: 'usd' } })],
];
/** Each once, since opening it is most of the work. */
const opened = fc.constantFrom(
  ...discounts.flatMap((held) =>
    [NOTHING_SHARED, taxedAt('19')].map((shared) => Life.with(held, shared, terms({ unitAmount: '3333' }))),
  ),
);

/** Quantity 0 stands for a plan that costs nothing. */
const asked = ({ quantity, proration }: { quantity: number; proration: Change['proration'] }): Change =>
  to(Math.max(quantity, 1), {
    proration,
    terms: terms(quantity === 0 ? { planId: 'free', unitAmount: '0' } : { unitAmount: '3333' }),
  });

const noon = (day: number): Instant => instantOf(addDays('2027-01-01', day), 'UTC', 13 * 3_600_000);

property.prop([steps, opened], RUNS)(
  'whatever is changed, discounted and not billed: nothing is paid out that was not paid in',
  (list, begun) => {
    const life = begun.again();
    let least = 0;
    for (const step of [...list].sort((a, b) => a.day - b.day)) {
      const { quantity, terms: now } = accepted(life.state);
      const wanted = asked(step);
      if (quantity === wanted.quantity && now.planId === wanted.terms.planId) continue;
      life.take(wanted, noon(step.day));
      least = Math.min(least, life.net);
    }
    expect(least).toBe(0);
    life.take({ type: 'period_ended' }, FEBRUARY);
    const january = life.lines.filter(
      ({ carried, period }) => !carried && period !== null && period.from < '2027-02-01',
    );
    expect(january.reduce((sum, line) => sum + netOfLine(line), 0)).toBeGreaterThanOrEqual(0);
    // Taxes given back are those of what was given back.
    const tax = sumsOf(january).tax;
    expect(tax).toBeGreaterThanOrEqual(-january.length);
  },
);

property.prop(
  [fc.array(fc.record({ day: fc.nat(30), quantity: fc.integer({ min: 1, max: 5 }) }), { maxLength: 7 }), prorations],
  RUNS,
)(
  'n days on a plan cost n days of it, whatever the order, and whether it is billed now or later',
  (list, proration) => {
    if (proration === 'none') return;
    const life = Life.with([], NOTHING_SHARED, terms({ unitAmount: '3333' }));
    const held = Array.from({ length: 31 }, () => 1);
    for (const { day, quantity } of [...list].sort((a, b) => a.day - b.day)) {
      if (accepted(life.state).quantity === quantity) continue;
      life.take(asked({ quantity, proration }), noon(day));
      for (let d = day; d < 31; d++) held[d] = d === day ? Math.max(held[d]!, quantity) : quantity;
    }
    const consumed = (amount: number, k: number) => Math.floor((2 * amount * k + 31) / 62);
    let due = 0;
    for (let d = 0; d < 31; ) {
      let end = d;
      while (end < 31 && held[end] === held[d]) end++;
      due += consumed(3333 * held[d]!, end) - consumed(3333 * held[d]!, d);
      d = end;
    }
    expect(life.net).toBe(due);
  },
);
