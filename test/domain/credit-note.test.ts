import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  afterNote,
  amountOfQuantity,
  type Creditable,
  type CreditableLine,
  type CreditNote,
  type CreditNoteLine,
  creditLeft,
  creditNote,
  creditOf,
  isRefusal,
  type NoteRequest,
  owedOn,
  refundParts,
} from '../../src/domain/credit-note.ts';
import { addedTax, grossOf, taxesOn } from '../../src/domain/tax.ts';
import { START } from './builders.ts';

type Priced = { amount: number; discount?: number; percent?: string[]; inclusive?: boolean; quantity?: number };

const line = ({ amount, discount = 0, percent = [], inclusive = false, quantity = 1 }: Priced): CreditableLine => ({
  ...{ description: 'Pro', quantity, amount, discount, period: null, product: 'app', carried: false, earning: null },
  credited: 0,
  taxes: taxesOn(
    amount - discount,
    percent.map((each, i) => ({ jurisdiction: `J${i}`, name: 'Tax', percent: each })),
    inclusive,
  ),
});

/** Paid by one payment, unless it says otherwise. */
function invoice(lines: CreditableLine[], over: Partial<Creditable> = {}): Creditable {
  const total = lines.reduce((sum, each) => sum + grossOf(each), 0);
  const paid = over.state === 'open' ? 0 : total - (over.creditApplied ?? 0);
  return {
    ...{ id: 'inv_1_1', state: 'paid', currency: 'usd', total, creditApplied: 0, paid, notes: 0 },
    ...{ creditedOpen: 0, creditedBack: 0, lines, issuedAt: START },
    payments: paid > 0 ? [payment(paid)] : [],
    amountDue: total - (over.creditApplied ?? 0),
    ...over,
  };
}

const payment = (amount: number, over: Partial<Creditable['payments'][number]> = {}) => ({
  ...{ id: 'pi_1', amount, applied: amount, refunded: 0, refundedUnapplied: 0, disputed: false, withdrawn: 0 },
  ...{ outside: false, ...over },
});

const ask = (what: NoteRequest['what'], to: NoteRequest['to'] = 'credit'): NoteRequest => ({
  ...{ what, to, reason: 'order_change', at: START },
});

function note(of: Creditable, what: NoteRequest['what'], to?: NoteRequest['to']): CreditNote {
  const made = creditNote(of, ask(what, to));
  if (isRefusal(made)) throw new Error(`${made.code}: ${made.detail}`);
  return made;
}

const refusal = (of: Creditable, what: NoteRequest['what'], to?: NoteRequest['to']) => {
  const made = creditNote(of, ask(what, to));
  return isRefusal(made) ? made : null;
};

const parts = ({ lines }: CreditNote) =>
  lines.map(({ amount, gross, discount, taxes }) => [amount, gross, discount, ...taxes.map((tax) => tax.amount)]);

describe('what a note takes back: [amount, gross, discount, tax…] of each line', () => {
  const taxed = line({ amount: 10_000, percent: ['19'] });
  const inclusive = line({ amount: 11_900, percent: ['19'], inclusive: true });
  const discounted = line({ amount: 10_000, discount: 1500, percent: ['20'] });
  const twoTaxes = line({ amount: 999, percent: ['6', '2.5'] });
  test.each([
    ['the whole', [taxed], null, [[11_900, 10_000, 0, 1900]]],
    ['a part by total', [taxed], { amount: 1190 }, [[1190, 1000, 0, 190]]],
    ['a part that rounds: the price has what is over', [taxed], { amount: 1000 }, [[1000, 840, 0, 160]]],
    ['by line', [taxed, inclusive], { lines: [{ line: 1, amount: 1190 }] }, [[1190, 1190, 0, 190]]],
    ['tax inside', [inclusive], null, [[11_900, 11_900, 0, 1900]]],
    ['a discount goes back with its line', [discounted], null, [[10_200, 10_000, 1500, 1700]]],
    ['half of it', [discounted], { amount: 5100 }, [[5100, 5000, 750, 850]]],
    ['two authorities', [twoTaxes], null, [[1084, 999, 0, 60, 25]]],
    [
      'over two lines by what they come to',
      [taxed, line({ amount: 3300 })],
      { amount: 1000 },
      [
        [783, 658, 0, 125],
        [217, 217, 0],
      ],
    ],
    [
      'a line that lessened the invoice lessens the note',
      [line({ amount: 5000 }), line({ amount: -2000 })],
      null,
      [
        [5000, 5000, 0],
        [-2000, -2000, 0],
      ],
    ],
    [
      'one of three seats',
      [line({ amount: 1000, quantity: 3 })],
      { lines: [{ line: 0, quantity: 1 }] },
      [[333, 333, 0]],
    ],
  ] as [string, CreditableLine[], NoteRequest['what'], number[][]][])('%s', (_, lines, what, expected) => {
    const made = note(invoice(lines), what);
    expect(parts(made)).toEqual(expected);
    expect(made.total).toBe(expected.reduce((sum, [amount]) => sum + amount!, 0));
  });

  test('three partial notes take back exactly the tax', () => {
    let of = invoice([line({ amount: 1000, percent: ['7.7'] })]);
    const taxes = [359, 359, 359].map((amount) => {
      const made = note(of, { amount });
      of = afterNote(of, made);
      return made.tax;
    });
    expect(taxes).toEqual([26, 25, 26]);
    expect(refusal(of, { amount: 1 })).toMatchObject({ code: 'credit_exceeds_remainder' });
  });

  test('a quantity at a time comes to the whole', () => {
    let held = line({ amount: 1000, quantity: 3 });
    const amounts = [1, 1, 1].map((quantity) => {
      const amount = amountOfQuantity(held, quantity);
      held = { ...held, credited: held.credited + amount };
      return amount;
    });
    expect(amounts).toEqual([333, 334, 333]);
  });

  test.each(['jpy', 'kwd'])('in %s a minor unit is a minor unit', (currency) => {
    const made = note(invoice([line({ amount: 1001, percent: ['10'] })], { currency }), { amount: 367 });
    expect(parts(made)).toEqual([[367, 334, 0, 33]]);
  });

  test('what an earlier invoice left over is no service: it only limits what can be given back', () => {
    const carried = { ...line({ amount: -1000 }), carried: true };
    const of = invoice([line({ amount: 3000 }), carried]);
    expect(parts(note(of, null))).toEqual([[2000, 2000, 0]]);
    expect(refusal(of, { lines: [{ line: 1, amount: -1000 }] })?.code).toBe('credit_exceeds_remainder');
  });
});

describe('where it goes', () => {
  const lines = [line({ amount: 3000 })];
  test.each([
    ['open', invoice(lines, { state: 'open' }), 3000, 0, 0],
    [
      'open, 1000 of it paid',
      invoice(lines, { state: 'open', paid: 1000, payments: [payment(1000)] }),
      2000,
      1000,
      1000,
    ],
    ['paid', invoice(lines), 0, 3000, 3000],
    ['paid, 500 by credit', invoice(lines, { creditApplied: 500 }), 0, 3000, 2500],
    ['paid, 1000 given back', invoice([{ ...lines[0]!, credited: 1000 }], { creditedBack: 1000 }), 0, 2000, 2000],
    ['paid outside', invoice(lines, { payments: [payment(3000, { outside: true })] }), 0, 3000, 0],
    ['disputed', invoice(lines, { payments: [payment(3000, { disputed: true })] }), 0, 3000, 0],
    ['a dispute lost', invoice(lines, { payments: [payment(3000, { withdrawn: 3000 })] }), 0, 3000, 0],
    ['written off', invoice(lines, { state: 'uncollectible', paid: 0, payments: [] }), 0, 0, 0],
    ['void', invoice(lines, { state: 'void', paid: 0, payments: [] }), 0, 0, 0],
  ] as [string, Creditable, number, number, number][])('%s', (_, of, open, credit, refund) => {
    expect([creditLeft(of, 'open'), creditLeft(of, 'credit'), creditLeft(of, 'refund')]).toEqual([
      open,
      credit,
      refund,
    ]);
  });

  test('a refusal names the field and both values', () => {
    expect(refusal(invoice(lines), { amount: 3001 })).toEqual({
      code: 'credit_exceeds_remainder',
      detail: 'amount: cannot credit 30.01 USD: 30.00 USD is left of what was paid',
      path: 'amount',
    });
    expect(refusal(invoice(lines), { lines: [{ line: 0, amount: 3001 }] })?.detail).toBe(
      'lines.0.amount: cannot credit 30.01 USD: 30.00 USD is left on line 0',
    );
    expect(refusal(invoice(lines), { lines: [{ line: 4, amount: 1 }] })?.detail).toBe(
      'lines.0.line: line 4 does not exist: the invoice has 1',
    );
    expect(refusal(invoice(lines, { payments: [payment(3000, { disputed: true })] }), null, 'refund')?.code).toBe(
      'payment_disputed',
    );
    expect(refusal(invoice(lines, { state: 'void', payments: [] }), null)?.code).toBe('invoice_not_creditable');
    expect(refusal(invoice(lines), null, 'open')?.code).toBe('invoice_not_open');
  });

  test('several payments: the latest goes back first', () => {
    const of = invoice(lines, {
      payments: [payment(1000, { id: 'pi_1' }), payment(2000, { id: 'pi_2', refunded: 500 })],
    });
    expect(refundParts(of, 2200)).toEqual([
      { payment: 'pi_2', amount: 1500 },
      { payment: 'pi_1', amount: 700 },
    ]);
  });

  test('more than was owed had come: that part is not the invoice’s to give back', () => {
    const of = invoice(lines, { payments: [payment(3500, { applied: 3000, refunded: 500, refundedUnapplied: 500 })] });
    expect(creditLeft(of, 'refund')).toBe(3000);
  });
});

const anyLine = fc
  .record({
    amount: fc.integer({ min: -50_000, max: 1_000_000 }),
    discountPercent: fc.integer({ min: 0, max: 100 }),
    percent: fc.array(fc.constantFrom('5.5', '7.7', '19', '20', '8.875', '25'), { maxLength: 2 }),
    inclusive: fc.boolean(),
    quantity: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ amount, discountPercent, ...rest }) =>
    line({ ...rest, amount, discount: Math.trunc((amount * discountPercent) / 100) || 0 }),
  );
const lines = fc
  .array(anyLine, { minLength: 1, maxLength: 5 })
  .filter((all) => all.reduce((sum, each) => sum + grossOf(each), 0) > 0);

const request = fc.oneof(
  fc.record({ amount: fc.integer({ min: 1, max: 400_000 }) }),
  fc.constant(null),
  fc
    .array(
      fc.oneof(
        fc.record({ line: fc.nat(4), amount: fc.integer({ min: 1, max: 300_000 }) }),
        fc.record({ line: fc.nat(4), quantity: fc.integer({ min: 1, max: 12 }) }),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((all) => ({ lines: all })),
);

property.prop([lines, fc.array(request, { maxLength: 8 }), fc.constantFrom('paid' as const, 'open' as const)], {
  numRuns: 10_000,
})('never above what is left, and the sum of the parts is the whole', (all, requests, state) => {
  let of = invoice(all, { state });
  const to = state === 'open' ? 'open' : 'credit';
  const made: CreditNote[] = [];
  for (const what of requests) {
    const left = creditLeft(of, to);
    const next = creditNote(of, ask(what, to));
    if (isRefusal(next)) continue;
    expect(next.total).toBeGreaterThan(0);
    expect(next.total).toBeLessThanOrEqual(left);
    made.push(next);
    of = afterNote(of, next);
    expect(of.lines.filter(isOverdrawn), 'no line gives more than it has').toEqual([]);
  }
  const sum = made.reduce((before, { total }) => before + total, 0);
  expect(of.creditedOpen + of.creditedBack).toBe(sum);
  // One more note over what is left of a line makes each of its parts whole.
  const wrong = of.lines.filter((each, i) => {
    if (grossOf(each) === 0) return false;
    const last = creditOf(each, i, grossOf(each) - each.credited);
    const parts = [...made.flatMap((one) => one.lines.filter(({ line: at }) => at === i)), last];
    const added = (of: (part: CreditNoteLine) => number) => parts.reduce((before, part) => before + of(part), 0);
    return (
      added(({ amount }) => amount) !== grossOf(each) ||
      added(({ gross }) => gross) !== each.amount ||
      added(({ discount }) => discount) !== each.discount ||
      each.taxes.some((tax, t) => added(({ taxes }) => taxes[t]!.amount) !== tax.amount) ||
      parts.some((part) => part.gross - part.discount + addedTax({ ...part, amount: 0 }) !== part.amount)
    );
  });
  expect(wrong, 'the parts of each line come to the line').toEqual([]);
  expect(owedOn(of)).toBe(state === 'open' ? of.total - sum : 0);
});

const isOverdrawn = (held: CreditableLine): boolean =>
  Math.abs(held.credited) > Math.abs(grossOf(held)) || held.credited * Math.sign(grossOf(held)) < 0;
