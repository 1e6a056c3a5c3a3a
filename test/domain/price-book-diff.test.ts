/** What a version changes is told price by price; and nothing is told only where nothing is changed. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { demoPriceBook } from '../../src/demo/price-book.ts';
import { canonical } from '../../src/domain/canonical.ts';
import type { AddOn, Charge, Plan, Price, PriceBook } from '../../src/domain/price-book.ts';
import { diffPriceBooks } from '../../src/domain/price-book-diff.ts';

const usd = (unitAmount: string): Price => ({ currency: 'usd', model: 'flat', unitAmount });
const seats = (over: Partial<Extract<Charge, { tiers: unknown }>> = {}): Charge => ({
  ...{ id: 'seats', name: 'Seats', model: 'graduated', included: 5 },
  tiers: [
    { upTo: 20, unitAmount: '1000' },
    { upTo: null, unitAmount: '800' },
  ],
  ...over,
});
const base: Charge = { id: 'base', name: 'Base', model: 'flat', unitAmount: '9900' };
const charged = (...charges: Charge[]): Price => ({ currency: 'usd', charges });
const plan = (over: Partial<Plan> = {}): Plan => ({
  ...{ id: 'pro', product: 'app', name: 'Pro', interval: { unit: 'month', count: 1 }, trialDays: 0 },
  prices: [usd('4900')],
  ...over,
});
const book = (...plans: Plan[]): PriceBook => ({ plans });
const backup: AddOn = { id: 'backup', name: 'Backup', prices: [usd('500')] };
const fee: Charge = { id: 'set_up', name: 'Set-up', timing: 'once', model: 'flat', unitAmount: '20000' };

test.each<[string, PriceBook | null, PriceBook, string, string]>([
  ['a first book', null, book(plan()), 'plans.pro', 'pro is new: Pro, each month, 49.00 USD'],
  ['a plan more', book(), book(plan()), 'plans.pro', 'pro is new: Pro, each month, 49.00 USD'],
  ['a plan less', book(plan()), book(), 'plans.pro', 'pro is no longer sold'],
  [
    'a price',
    book(plan()),
    book(plan({ prices: [usd('5900')] })),
    'plans.pro.prices.usd',
    'pro costs 59.00 USD instead of 49.00 USD',
  ],
  [
    'a price below a cent',
    book(plan({ prices: [usd('0.05')] })),
    book(plan({ prices: [{ ...usd('0.04'), model: 'per_unit' } as Price] })),
    'plans.pro.prices.usd',
    'pro costs 0.0004 USD a unit instead of 0.0005 USD',
  ],
  [
    'a currency more',
    book(plan()),
    book(plan({ prices: [usd('4900'), { currency: 'jpy', model: 'flat', unitAmount: '7000' }] })),
    'plans.pro.prices.jpy',
    'pro is sold in JPY as well: 7000 JPY',
  ],
  [
    'a currency less',
    book(plan({ prices: [usd('4900'), { currency: 'eur', model: 'flat', unitAmount: '4500' }] })),
    book(plan()),
    'plans.pro.prices.eur',
    'pro is no longer sold in EUR: it was 45.00 EUR',
  ],
  [
    'a tier',
    book(plan({ prices: [charged(base, seats())] })),
    book(plan({ prices: [charged(base, seats({ tiers: [{ upTo: null, unitAmount: '900' }] }))] })),
    'plans.pro.prices.usd.charges.seats',
    'pro: Seats costs any number 9.00 USD a unit, 5 included instead of to 20 10.00 USD a unit, above 20 8.00 USD a unit, 5 included',
  ],
  [
    'a charge more',
    book(plan({ prices: [charged(base)] })),
    book(plan({ prices: [charged(base, fee)] })),
    'plans.pro.prices.usd.charges.set_up',
    'pro costs Set-up as well: 200.00 USD, once',
  ],
  [
    'a charge less',
    book(plan({ prices: [charged(base, fee)] })),
    book(plan({ prices: [charged(base)] })),
    'plans.pro.prices.usd.charges.set_up',
    'pro no longer costs Set-up: it was 200.00 USD, once',
  ],
  [
    'a list instead of a price',
    book(plan()),
    book(plan({ prices: [charged(base, fee)] })),
    'plans.pro.prices.usd',
    'pro costs Base: 99.00 USD; Set-up: 200.00 USD, once instead of 49.00 USD',
  ],
  [
    'an add-on more',
    book(plan()),
    book(plan({ addOns: [backup] })),
    'plans.pro.addOns.backup',
    'pro is sold with backup: Backup, 5.00 USD',
  ],
  [
    "an add-on's price",
    book(plan({ addOns: [backup] })),
    book(plan({ addOns: [{ ...backup, prices: [usd('600')] }] })),
    'plans.pro.addOns.backup.prices.usd',
    'pro with backup costs 6.00 USD instead of 5.00 USD',
  ],
  [
    'an interval',
    book(plan()),
    book(plan({ interval: { unit: 'month', count: 3 } })),
    'plans.pro.interval',
    'pro is paid each 3 months instead of each month',
  ],
  ['a name', book(plan()), book(plan({ name: 'Pro+' })), 'plans.pro.name', 'pro: name is Pro+ instead of Pro'],
  ['a trial', book(plan()), book(plan({ trialDays: 14 })), 'plans.pro.trialDays', 'pro: trialDays is 14 instead of 0'],
  [
    'whether tax is inside',
    book(plan()),
    book(plan({ prices: [{ ...usd('4900'), taxBehavior: 'inclusive' }] })),
    'plans.pro.prices.usd.taxBehavior',
    'pro: taxBehavior is inclusive instead of not given',
  ],
  [
    'an introduction',
    book(plan()),
    book(plan({ phases: [{ id: 'intro', name: 'Intro', periods: 3, prices: [usd('900')] }] })),
    'plans.pro.phases.intro',
    'pro begins with intro: Intro, 3 periods, 9.00 USD',
  ],
  [
    "an introduction's price",
    book(plan({ phases: [{ id: 'intro', name: 'Intro', periods: 3, prices: [usd('900')] }] })),
    book(plan({ phases: [{ id: 'intro', name: 'Intro', periods: 3, prices: [usd('1900')] }] })),
    'plans.pro.phases.intro.prices.usd',
    'pro in intro costs 19.00 USD instead of 9.00 USD',
  ],
  [
    'a field that came later',
    book(plan()),
    book({ ...plan(), colour: { main: 'red' } } as Plan),
    'plans.pro.colour',
    'pro: colour is {"main":"red"} instead of not given',
  ],
  [
    'another order',
    book(plan(), plan({ id: 'max' })),
    book(plan({ id: 'max' }), plan()),
    'plans',
    'the plans come in another order: max, pro',
  ],
  [
    'what only is written otherwise',
    book(plan({ prices: [charged(seats())] })),
    book(
      plan({
        prices: [
          charged(
            seats({
              tiers: [
                { upTo: 20, unitAmount: '1000' },
                { from: 20, upTo: null, unitAmount: '800' },
              ],
            }),
          ),
        ],
      }),
    ),
    'plans.pro.prices.usd.charges.seats',
    'pro: Seats is written otherwise, and costs the same',
  ],
])('%s', (_what, before, after, path, words) => {
  const changes = diffPriceBooks(before, after);
  expect(changes.map((change) => [change.path, change.words])).toEqual([[path, words]]);
});

test('nothing is changed by the order of fields', () => {
  const { id, ...rest } = plan();
  expect(diffPriceBooks(book(plan()), book({ ...rest, id }))).toEqual([]);
});

test('the demo’s whole book is told in words', () => {
  expect(diffPriceBooks(null, demoPriceBook).map(({ kind, planId }) => [kind, planId])).toEqual(
    demoPriceBook.plans.map(({ id }) => ['added', id]),
  );
});

describe('of any two books', () => {
  /** Drawn from a row of bytes, as ten thousand trees of arbitraries take their time. */
  function bookOf(bytes: Uint8Array): PriceBook {
    let at = 0;
    const draw = (below: number): number => (bytes[at++ % bytes.length] ?? 0) % below;
    const from = <T>(choices: readonly T[]): T => choices[draw(choices.length)]!;
    /** Some of these keys, in one order or the other. */
    const some = <T>(keys: readonly string[], make: (key: string) => T): T[] => {
      const chosen = keys.filter(() => draw(3) > 0);
      return (draw(2) ? chosen : chosen.reverse()).map(make);
    };
    const flat = () => ({ model: from(['flat', 'per_unit'] as const), unitAmount: from(['100', '0.05']) });
    const charge = (id: string): Charge => ({
      ...{ id, name: 'X', ...flat() },
      ...from<object>([{}, {}, { timing: 'once' }, { minimum: 5 }, { included: 2 }]),
    });
    const price = (currency: string): Price =>
      draw(2) ? { currency, ...flat() } : { currency, charges: some(['a', 'b'], charge) };
    const prices = () => some(['usd', 'eur'], price);
    const addOns = () => some(['x', 'y'], (id): AddOn => ({ id, name: 'A', prices: prices() }));
    return book(
      ...some(['p', 'q'], (id) =>
        plan({
          ...{ id, prices: prices(), trialDays: from([0, 14]), interval: { unit: 'month', count: from([1, 3]) } },
          ...(draw(2) ? { addOns: addOns() } : {}),
        }),
      ),
    );
  }
  const bytes = fc.uint8Array({ minLength: 8, maxLength: 40 });
  /** Unlike, alike, and alike but for a little. */
  const pair = fc.tuple(bytes, bytes, fc.nat(2), fc.nat(39)).map(([one, other, how, where]): [PriceBook, PriceBook] => {
    if (how === 0) return [bookOf(one), bookOf(other)];
    const near = Uint8Array.from(one, (byte, i) => (how === 2 && i === where ? byte + 1 : byte));
    return [bookOf(one), bookOf(near)];
  });

  property.prop([pair], { numRuns: 10_000 })('nothing is told where they are the same, and only there', ([a, b]) => {
    const told = diffPriceBooks(a, b);
    if ((told.length === 0) !== (canonical(a) === canonical(b))) expect(told).toEqual('what differs');
  });

  property.prop([pair], { numRuns: 10_000 })('what is added one way is removed the other', ([a, b]) => {
    const paths = (from: PriceBook, to: PriceBook, kind: string) =>
      diffPriceBooks(from, to)
        .filter((change) => change.kind === kind)
        .map(({ path }) => path)
        .sort()
        .join();
    if (paths(a, b, 'added') !== paths(b, a, 'removed')) expect(paths(a, b, 'added')).toBe(paths(b, a, 'removed'));
    if (paths(a, b, 'changed') !== paths(b, a, 'changed')) expect(paths(a, b, 'changed')).toBe(paths(b, a, 'changed'));
  });
});
