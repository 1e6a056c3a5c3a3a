import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { InvoiceLine } from '../../src/domain/invoice.ts';
import type { Charge } from '../../src/domain/price-book.ts';
import { rate } from '../../src/domain/rating.ts';
import { DAY, HOUR, instantOf } from '../../src/domain/time.ts';
import { keyOfSpan, type LateUsage, type UsageFacts, type UsageSpan, usageLines } from '../../src/domain/usage.ts';

const graduated: Charge = {
  ...{ id: 'calls', name: 'API calls', meter: 'api_calls', model: 'graduated' },
  tiers: [
    { upTo: 100, unitAmount: '10' },
    { upTo: null, unitAmount: '4' },
  ],
};
const withMinimum: Charge = { ...graduated, minimum: 500 };
const FROM = Date.parse('2027-01-01T00:00:00Z');
const TO = Date.parse('2027-02-01T00:00:00Z');

const spanOf = (charge: Charge, over: Partial<UsageSpan> = {}): UsageSpan => ({
  ...{
    id: charge.id,
    description: 'Pro: API calls',
    charge,
    from: FROM,
    to: TO,
    share: null,
    sale: { product: 'cloud' },
  },
  ...over,
});
const NOWHERE = { of: { spans: [] }, quantities: {}, late: [] } satisfies UsageFacts;
const place = { currency: 'usd', timeZone: 'UTC' } as const;
const billedFirst = (span: UsageSpan, quantity: string) => {
  const key = keyOfSpan({ meter: span.charge.meter!, from: span.from, to: span.to });
  return usageLines([span], { ...NOWHERE, quantities: { [key]: quantity } }, place);
};
const lateOf = (span: UsageSpan, was: string, quantity: string, n = 1): LateUsage => {
  const { amount } = billedFirst(span, was).billed[0]!;
  return {
    span,
    n,
    quantity,
    billed: { quantity: was, amount, invoice: 'inv_1_1', gross: amount, discount: 0, rates: [] },
  };
};
const difference = (span: UsageSpan, was: string, now: string): InvoiceLine | undefined =>
  usageLines([], { ...NOWHERE, late: [lateOf(span, was, now)] }, place).lines[0];

describe('what came late', () => {
  test.each<[string, Charge, string, string, number, number | null]>([
    ['a tier crossed late', graduated, '90', '120', 900, 180],
    ['inside one tier', graduated, '120', '150', 1080, 120],
    ['a minimum that is no longer below', withMinimum, '20', '70', 500, 200],
    ['a minimum that is not reached any more', withMinimum, '70', '20', 700, -200],
    ['still below the minimum: nothing', withMinimum, '20', '30', 500, null],
    ['a deleted event', graduated, '101', '100', 1004, -4],
    ['all of it deleted', graduated, '100', '0', 1000, -1000],
    ['taken back beyond nothing: as if nothing was', graduated, '100', '-5', 1000, -1000],
    ['fractions', graduated, '100.5', '101', 1002, 2],
  ])('%s', (_rule, charge, was, now, billed, owed) => {
    const span = spanOf(charge);
    expect(billedFirst(span, was).lines[0]!.amount).toBe(billed);
    expect(difference(span, was, now)?.amount ?? null).toBe(owed);
  });

  test('the line tells how it came about, and which invoice it corrects', () => {
    expect(difference(spanOf(graduated), '90', '120')).toMatchObject({
      description: 'Pro: API calls: correction of 2027-01-01 to 2027-02-01',
      proration: '120 used are 10.80 USD; 90 were billed at 9.00 USD, on inv_1_1 first',
      ...{ adjusts: 'inv_1_1', discountable: false, product: 'cloud' },
    });
  });

  test('a discount and the taxes of its first line hold for it, too', () => {
    const late = lateOf(spanOf(graduated), '100', '50');
    const rates = [{ jurisdiction: 'DE', name: 'VAT', percent: '19' }];
    const facts = { ...NOWHERE, late: [{ ...late, billed: { ...late.billed, discount: 100, rates } }] };
    expect(usageLines([], facts, place).lines[0]).toMatchObject({ amount: -450, rates });
  });

  test('all differences together come to what a rating of the last would', () => {
    const charges: fc.Arbitrary<Charge> = fc.record({
      ...{
        id: fc.constant('x'),
        name: fc.constant('X'),
        meter: fc.constant('m'),
        model: fc.constantFrom('graduated', 'volume'),
      },
      included: fc.integer({ min: 0, max: 50 }),
      minimum: fc.integer({ min: 0, max: 300 }),
      tiers: fc
        .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 2000 }))
        .map(([upTo, a, b]) => [
          { upTo, unitAmount: String(a / 100) },
          { upTo: null, unitAmount: String(b / 100), flatAmount: '5' },
        ]),
    }) as fc.Arbitrary<Charge>;
    const quantities = fc.array(
      fc.integer({ min: 0, max: 20_000 }).map((n) => String(n / 100)),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(charges, quantities, fc.integer({ min: 1, max: 31 }), (charge, [first, ...rest], days) => {
        const share = days === 31 ? null : { part: days * DAY, whole: 31 * DAY };
        const span = spanOf(charge, { share });
        let { billed, lines } = billedFirst(span, first!);
        let sum = lines[0]!.amount;
        for (const quantity of rest) {
          const { n, quantity: was, amount } = billed[0]!;
          const late = { ...lateOf(span, was, quantity, n), billed: { ...lateOf(span, was, quantity).billed, amount } };
          const next = usageLines([], { ...NOWHERE, late: [late] }, place);
          sum += next.lines.reduce((all, line) => all + line.amount, 0);
          if (next.billed.length > 0) ({ billed, lines } = next);
        }
        expect(sum).toBe(rate(charge, rest.at(-1) ?? first!, 'usd', share ?? undefined).amount);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a part of a period', () => {
  test.each<[string, Partial<Charge>, string, number]>([
    ['a price by the unit is the same', { model: 'per_unit', unitAmount: '3' }, '10', 30],
    ['half of what is included', { model: 'per_unit', unitAmount: '3', included: 10 }, '10', 15],
    ['half of the minimum', { model: 'per_unit', unitAmount: '3', minimum: 100 }, '1', 50],
    ['half of the maximum', { model: 'per_unit', unitAmount: '3', maximum: 100 }, '100', 50],
    [
      'tiers half as wide',
      { model: 'graduated', tiers: graduated.model === 'graduated' ? graduated.tiers : [] },
      '60',
      540,
    ],
    ['half of a flat amount', { model: 'stairstep', tiers: [{ upTo: null, flatAmount: '700' }] }, '60', 350],
  ])('%s', (_rule, over, quantity, amount) => {
    const charge = { id: 'x', name: 'X', meter: 'm', ...over } as Charge;
    expect(rate(charge, quantity, 'usd', { part: 12 * HOUR, whole: DAY }).amount).toBe(amount);
  });
});

test('a month ends by the subscription’s own time zone', () => {
  const timeZone = 'America/New_York';
  const span = spanOf(graduated, { from: instantOf('2027-01-01', timeZone), to: instantOf('2027-02-01', timeZone) });
  expect(new Date(span.to).toISOString()).toBe('2027-02-01T05:00:00.000Z');
  const [line] = usageLines([span], undefined, { currency: 'usd', timeZone }).lines;
  expect(line!.period).toEqual({ from: '2027-01-01', to: '2027-02-01' });
});
