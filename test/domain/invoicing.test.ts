import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import { CHARGE, type Collect, type InvoiceLine, netOfLine, sumsOf, totalOfLine } from '../../src/domain/invoice.ts';
import { invoiceOf, issue } from '../../src/domain/invoicing.ts';
import { entriesOf, invoiceIssued, invoiceVoided } from '../../src/domain/ledger.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { NOTHING_SHARED, type Shared } from '../../src/domain/shared.ts';
import type { Active } from '../../src/domain/subscription.ts';
import type { TaxRate, TaxRules } from '../../src/domain/tax.ts';
import { DAY, plusDays } from '../../src/domain/time.ts';
import {
  active,
  at,
  declined,
  draft,
  FEBRUARY,
  input,
  kinds,
  line,
  must,
  run,
  START,
  subscribe,
  succeeded,
  terms,
} from './builders.ts';

const vat = (percent: string): TaxRate => ({ jurisdiction: 'DE', name: 'VAT', percent });
const taxes = (...standard: TaxRate[]): TaxRules => ({
  ...{ treatment: 'taxed', note: null, rates: { standard, reduced: [], exempt: [] } },
});
const coupon = (kind: HeldDiscount['kind']): HeldDiscount => ({
  ...{ coupon: 'co_1', name: 'Welcome', kind, duration: 'forever', since: START },
});
const SEND: Collect = { by: 'send', netDays: 30, purchaseOrder: 'PO-7' };

const of = (
  lines: InvoiceLine[],
  over: { shared?: Partial<Shared>; discounts?: HeldDiscount[]; collect?: Collect } = {},
) => {
  const state = { ...(active() as Active), discounts: over.discounts ?? [] };
  const moment = { at: START, shared: { ...NOTHING_SHARED, ...over.shared } };
  return invoiceOf(state, { id: 'inv_1_9', lines, collect: over.collect ?? CHARGE }, moment);
};

const inclusive = (amount: number) => line(amount, { taxInclusive: true });
const ten = coupon({ percent: '10' });
const five = coupon({ amount: 500, currency: 'usd' });
const month = { from: '2027-01-01', to: '2027-02-01' };

describe('discount, then tax, then credit', () => {
  const de = taxes(vat('19'));
  it.each<[string, ReturnType<typeof of>, number[]]>([
    // what                                         [subtotal, discount, tax, total, credit, due]
    ['nothing but a line', of([line(3000)]), [3000, 0, 0, 3000, 0, 3000]],
    ['a tax on top', of([line(3000)], { shared: { tax: de } }), [3000, 0, 570, 3570, 0, 3570]],
    ['a tax inside', of([inclusive(3570)], { shared: { tax: de } }), [3570, 0, 570, 3570, 0, 3570]],
    [
      'a coupon lessens the tax',
      of([line(3000)], { shared: { tax: de }, discounts: [ten] }),
      [3000, 300, 513, 3213, 0, 3213],
    ],
    [
      'a coupon on a price with its tax',
      of([inclusive(3570)], { shared: { tax: de }, discounts: [ten] }),
      [3570, 357, 513, 3213, 0, 3213],
    ],
    [
      'credit pays, and lessens no tax',
      of([line(3000)], { shared: { tax: de, credit: 1000 } }),
      [3000, 0, 570, 3570, 1000, 2570],
    ],
    [
      'coupon with tax with credit',
      of([line(3000), line(999)], { shared: { tax: de, credit: 700 }, discounts: [ten] }),
      [3999, 400, 684, 4283, 700, 3583],
    ],
    [
      'an amount off a period',
      of([line(3000, { period: month })], { shared: { tax: de }, discounts: [five] }),
      [3000, 500, 475, 2975, 0, 2975],
    ],
    ['more credit than is due', of([line(3000)], { shared: { credit: 9000 } }), [3000, 0, 0, 3000, 3000, 0]],
    [
      'credit leaves what the processor takes',
      of([line(3000)], { shared: { credit: 2980, minimumCharge: 50 } }),
      [3000, 0, 0, 3000, 2950, 50],
    ],
    [
      'an invoice that is sent leaves any rest',
      of([line(3000)], { shared: { credit: 2980, minimumCharge: 50 }, collect: SEND }),
      [3000, 0, 0, 3000, 2980, 20],
    ],
  ])('%s', (_what, { invoice }, [subtotal, discount, tax, total, creditApplied, amountDue]) => {
    expect(invoice).toMatchObject({ subtotal, discount, tax, total, creditApplied, amountDue });
  });

  it('says why there is no tax', () => {
    const rules: TaxRules = { ...taxes(), treatment: 'reverse_charge', note: 'reverse_charge' };
    const { invoice } = of([line(3000)], { shared: { tax: rules } });
    expect(invoice).toMatchObject({ tax: 0, total: 3000, taxNote: 'reverse_charge' });
  });
});

describe('what is not charged is carried', () => {
  it('where it is below what the processor takes', () => {
    const { invoice, carried } = of([line(49)], { shared: { minimumCharge: 50 } });
    expect([invoice.total, invoice.amountDue, carried]).toEqual([0, 0, 49]);
    expect(invoice.lines.at(-1)).toMatchObject({
      ...{ description: 'Below the smallest charge: carried to the next invoice', amount: -49 },
    });
  });

  it('where it comes to less than nothing, with its tax', () => {
    const { invoice, carried } = of([line(-1000), line(300)], { shared: { tax: taxes(vat('19')) } });
    expect([invoice.total, invoice.tax, carried]).toEqual([0, -133, -833]);
  });

  it('to the next invoice, where it is neither taxed nor discounted again', () => {
    const state = active() as Active;
    const moment = { at: START, shared: { ...NOTHING_SHARED, minimumCharge: 50 } };
    const { state: after } = issue(state, [line(30)], moment, false);
    expect(after.carried).toMatchObject([{ amount: 30, description: 'Carried from the last invoice' }]);
    const shared = { ...NOTHING_SHARED, tax: taxes(vat('19')) };
    const { invoice } = invoiceOf(
      { ...after, discounts: [ten] },
      { id: 'inv_1_9', lines: [...after.carried, line(1000)], collect: CHARGE },
      { at: START, shared },
    );
    expect(invoice).toMatchObject({ subtotal: 1030, discount: 100, tax: 171, total: 1101 });
  });

  it.each([
    // total, credit          carried, due
    [
      [12_345, 0],
      [5, 12_340],
    ],
    [
      [12_345, 12_000],
      [5, 340],
    ],
    [
      [12_345, 12_345],
      [0, 0],
    ],
    [
      [12_345, 12_340],
      [5, 0],
    ],
  ])('where the processor takes multiples of ten alone: %j', ([total, credit], [rest, due]) => {
    const { invoice, carried } = of([line(total!)], { shared: { credit: credit!, chargeStep: 10 } });
    expect([carried, invoice.amountDue]).toEqual([rest, due]);
  });

  it('unless credit pays all of it', () => {
    const { invoice, carried } = of([line(49)], { shared: { minimumCharge: 50, credit: 49 } });
    expect([invoice.total, invoice.creditApplied, carried]).toEqual([49, 49, 0]);
  });
});

describe('an invoice that is sent', () => {
  const sent = () => run(draft(), [subscribe({ collect: SEND, paymentMethod: null }), START]);

  it('begins the service, and is due after its days', () => {
    const state = sent() as Active;
    expect(state.state).toBe('active');
    expect(state.invoices).toMatchObject([
      { amount: 3000, dueAt: plusDays(START, 30, 'UTC'), attempts: 0, collection: { step: 'sent' } },
    ]);
  });

  it('is overdue when it was not paid by then, and paying ends that', () => {
    const state = sent() as Active;
    const due = plusDays(START, 30, 'UTC');
    expect(nextDue(state)).toEqual({ type: 'invoice_overdue', invoice: 'inv_1_1', at: due });
    const late = run(state, [{ type: 'invoice_overdue', invoice: 'inv_1_1' }, due]);
    expect(late).toMatchObject({ state: 'past_due', since: due });
    const asked = run(late, [{ type: 'pay', invoice: 'inv_1_1', paymentMethod: 'pm_1', onSession: true }, due + DAY]);
    expect(run(asked, [succeeded(1), due + DAY]).state).toBe('active');
  });

  it('is not tried again by itself when its customer’s card is declined', () => {
    const asked = run(sent(), [{ type: 'pay', invoice: 'inv_1_1', paymentMethod: 'pm_1', onSession: true }, START]);
    const failed = run(asked, [{ ...declined(1) }, START]) as Active;
    expect(failed.state).toBe('active');
    expect(failed.invoices).toMatchObject([{ collection: { step: 'sent' }, failedAt: null, attempts: 1 }]);
  });
});

describe('a draft', () => {
  const graced = () => run(draft(), [subscribe({ terms: terms({ graceHours: 24 }) }), START], [succeeded(1), START]);
  const renewed = () => must(decide(graced(), input({ type: 'period_ended' }, FEBRUARY)));

  it('waits for its grace, with no number and no charge; the first invoice does not', () => {
    expect((graced() as Active).invoiceCount).toBe(1);
    const { state, effects } = renewed();
    expect(kinds(effects)).toEqual(['draft_invoice']);
    expect((state as Active).drafts).toMatchObject([{ id: 'inv_1_2', finaliseAt: FEBRUARY + DAY }]);
    expect(nextDue(state)).toEqual({ type: 'draft_due', invoice: 'inv_1_2', at: FEBRUARY + DAY });
  });

  it.each<Parameters<typeof input>[0]>([
    { type: 'draft_due', invoice: 'inv_1_2' },
    { type: 'finalise', invoice: 'inv_1_2' },
  ])('is issued and charged by $type', (what) => {
    const { state, effects } = must(decide(renewed().state, input(what, FEBRUARY + DAY)));
    expect(kinds(effects)).toEqual(['issue_invoice', 'charge']);
    expect((state as Active).drafts).toEqual([]);
    expect((state as Active).invoices).toMatchObject([{ id: 'inv_1_2', dueAt: FEBRUARY + DAY }]);
  });

  it('is issued when the subscription ends before', () => {
    const { state, effects } = must(
      decide(renewed().state, input({ type: 'cancel', when: 'now', reason: null }, FEBRUARY)),
    );
    expect(kinds(effects)).toContain('issue_invoice');
    expect(state.state).toBe('canceled');
  });

  it('that is none is not finalised', () => {
    expect(decide(active(), input({ type: 'finalise', invoice: 'inv_1_1' }))).toMatchObject({
      ...{ outcome: 'refused', code: 'not_a_draft' },
    });
  });
});

describe('what is billed beside the plan', () => {
  const bill = (when: 'now' | 'next_invoice', collect: Collect | null = null) =>
    must(decide(active(), input({ type: 'bill', lines: [line(15_000, { description: 'Set-up' })], when, collect })));

  it('is an invoice of its own', () => {
    const { state, effects } = bill('now');
    expect(kinds(effects)).toEqual(['issue_invoice', 'charge']);
    expect((state as Active).invoices).toMatchObject([{ id: 'inv_1_2', amount: 15_000 }]);
  });

  it('or waits for the next', () => {
    const { state } = bill('next_invoice');
    const { effects } = must(decide(state, input({ type: 'period_ended' }, FEBRUARY)));
    const issued = effects.find((effect) => effect.type === 'issue_invoice');
    expect(issued?.invoice.lines.map(({ description }) => description)).toEqual(['Set-up', 'Pro']);
    expect(issued?.invoice.total).toBe(18_000);
  });

  it('or is sent, with the number that the buyer wants to see', () => {
    const { effects } = bill('now', SEND);
    expect(kinds(effects)).toEqual(['issue_invoice']);
    expect(effects.find((effect) => effect.type === 'issue_invoice')?.invoice).toMatchObject({
      ...{ collect: 'send', purchaseOrder: 'PO-7', dueAt: plusDays(at('2027-01-01'), 30, 'UTC') },
    });
  });
});

it.each<[total: number, credit: number, least: number, step: number, due: number, applied: number, carried: number]>([
  [3000, 0, 50, 1, 3000, 0, 0],
  [3000, 2980, 50, 1, 50, 2950, 0], // twenty could not be charged
  [3000, 5000, 50, 1, 0, 3000, 0],
  [40, 10, 50, 1, 0, 0, 40],
  [30, 1, 30, 10, 30, 0, 0], // 29 is no multiple of ten, and twenty too little
  [35, 1, 30, 10, 30, 1, 4],
  [35, 6, 30, 10, 30, 5, 0],
  [12_345, 12_340, 1, 10, 0, 12_340, 5], // five can’t be charged, and the credit is used
  [25, 1, 25, 10, 0, 0, 25], // the least that can be charged is thirty
  [-100, 50, 50, 1, 0, 0, -100],
])(
  'of %i with %i in credit, at least %i by steps of %i: %i is due',
  (total, credit, least, step, due, applied, left) => {
    const { invoice, carried } = of([line(total, total < 0 ? { discountable: false } : {})], {
      shared: { credit, minimumCharge: least, chargeStep: step, tax: null },
      collect: CHARGE,
    });
    expect([invoice.amountDue, invoice.creditApplied, carried]).toEqual([due, applied, left]);
  },
);

const anyLine = fc.record({
  amount: fc.integer({ min: -50_000, max: 100_000 }),
  taxInclusive: fc.boolean(),
  taxCategory: fc.constantFrom('standard' as const, 'exempt' as const),
  days: fc.boolean(),
});
const anyCase = fc.record({
  lines: fc.array(anyLine, { minLength: 1, maxLength: 6 }),
  rates: fc.array(fc.constantFrom('19', '7', '8.875', '25.5', '0.5'), { maxLength: 2 }),
  off: fc.option(fc.oneof(fc.constantFrom('10', '33.3', '100'), fc.integer({ min: 1, max: 9000 })), { nil: null }),
  credit: fc.integer({ min: 0, max: 60_000 }),
  minimumCharge: fc.constantFrom(0, 30, 50, 400),
  chargeStep: fc.constantFrom(1, 10, 100),
  send: fc.boolean(),
});

property.prop([anyCase], { numRuns: 10_000 })('an invoice is the sum of its lines, whatever they are', (given) => {
  const lines = given.lines.map(({ amount, days, ...rest }) =>
    line(amount, { ...rest, period: days ? month : null, ...(amount < 0 && { discountable: false as const }) }),
  );
  const discounts =
    given.off === null
      ? []
      : [coupon(typeof given.off === 'string' ? { percent: given.off } : { amount: given.off, currency: 'usd' })];
  const tax = taxes(...given.rates.map((percent, i) => ({ ...vat(percent), jurisdiction: `J${i}` })));
  const { credit, minimumCharge, chargeStep } = given;
  const { invoice, carried } = of(lines, {
    ...{ shared: { credit, minimumCharge, chargeStep, tax }, discounts, collect: given.send ? SEND : CHARGE },
  });
  const { total, creditApplied, amountDue } = invoice;
  expect(invoice.lines.reduce((sum, each) => sum + totalOfLine(each), 0)).toBe(total);
  expect(invoice.lines.reduce((sum, each) => sum + netOfLine(each), 0)).toBe(total - invoice.tax);
  expect(total).toBeGreaterThanOrEqual(0);
  expect(amountDue).toBe(total - creditApplied);
  expect(creditApplied).toBeLessThanOrEqual(credit);
  expect(creditApplied).toBeGreaterThanOrEqual(0);
  expect(invoice.discount).toBeLessThanOrEqual(lines.reduce((sum, each) => sum + Math.max(each.amount, 0), 0));
  if (!given.send) {
    expect(amountDue === 0 || amountDue >= minimumCharge).toBe(true);
    if (minimumCharge % chargeStep === 0) expect(amountDue % chargeStep).toBe(0);
  }
  // Nothing is lost on the way to the next invoice.
  expect(total + carried).toBe(sumsOf(invoice.lines.filter((each) => !each.carried)).total);
  const about = { customer: 'cus_1', subscription: 'sub_1', currency: 'usd', at: START } as const;
  const entries = [invoiceIssued(invoice.lines, about), invoiceVoided(invoice.lines, about)].flatMap(entriesOf);
  const balances = new Map<string, number>();
  for (const { account, amount } of entries) {
    const name = `${account.code}/${account.owner}`;
    balances.set(name, (balances.get(name) ?? 0) + amount);
  }
  expect(
    [...balances.values()].filter((amount) => amount !== 0),
    'a void takes all of it back',
  ).toEqual([]);
});
