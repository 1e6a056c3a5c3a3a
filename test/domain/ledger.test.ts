import { readFileSync } from 'node:fs';
import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { InvoiceLine } from '../../src/domain/invoice.ts';
import {
  type Account,
  chart,
  creditApplied,
  creditGranted,
  creditNoteIssued,
  creditReturned,
  creditWithdrawn,
  disputeFundsReinstated,
  disputeFundsWithdrawn,
  entriesOf,
  invoiceIssued,
  invoiceVoided,
  type Posting,
  paymentReceived,
  refundCredited,
  refundFailed,
  refundPaid,
  refundPromised,
  revenueRecognised,
  unappliedCashApplied,
  unappliedPaymentReceived,
  writeOffReversed,
  writtenOff,
} from '../../src/domain/ledger.ts';

import { line, START } from './builders.ts';

const about = { customer: 'cus_1', subscription: 'sub_1', currency: 'usd', at: START } as const;
const nameOf = ({ code, owner }: Account) => (owner ? `${code}/${owner}` : code);
const moves = ({ transfers }: Posting) => transfers.map(({ from, to, amount }) => [nameOf(from), nameOf(to), amount]);

const MONTH = { from: '2027-01-01', to: '2027-02-01' };
const earned = (gross: number, discount = 0) => ({ product: 'app', gross, discount });
const recognised = (...parts: ReturnType<typeof earned>[]) => revenueRecognised(parts, about);
const vat = (amount: number, inclusive = false) => [
  { jurisdiction: 'DE', name: 'VAT', percent: '19', amount, inclusive },
];

describe('a posting', () => {
  it.each([
    // what happened             from (credited)       to (debited)
    [paymentReceived(9, about), 'receivable/cus_1', 'processor_clearing'],
    [unappliedPaymentReceived(9, about), 'unapplied_cash/cus_1', 'processor_clearing'],
    [creditGranted(9, about), 'customer_credit/cus_1', 'credit_granted'],
    [creditWithdrawn(9, about), 'credit_granted', 'customer_credit/cus_1'],
    [unappliedCashApplied(9, about), 'customer_credit/cus_1', 'unapplied_cash/cus_1'],
    [creditApplied(9, about), 'receivable/cus_1', 'customer_credit/cus_1'],
    [creditReturned(9, about), 'customer_credit/cus_1', 'receivable/cus_1'],
    [writtenOff(9, about), 'receivable/cus_1', 'bad_debt'],
    [writeOffReversed(9, about), 'bad_debt', 'receivable/cus_1'],
    [recognised(earned(9)), 'revenue/app', 'deferred_revenue/app'],
    [recognised(earned(-9)), 'deferred_revenue/app', 'revenue/app'],
    [paymentReceived(9, about, { outside: true }), 'receivable/cus_1', 'cash'],
    [refundPromised(9, 'customer_credit', about), 'refunds', 'customer_credit/cus_1'],
    [refundPromised(9, 'unapplied_cash', about), 'refunds', 'unapplied_cash/cus_1'],
    [refundPaid(9, about), 'processor_clearing', 'refunds'],
    [refundFailed(9, about), 'refunds', 'processor_clearing'],
    [refundCredited(9, about), 'customer_credit/cus_1', 'refunds'],
    [disputeFundsWithdrawn(9, 0, about), 'processor_clearing', 'disputes'],
    [disputeFundsReinstated(9, 0, about), 'disputes', 'processor_clearing'],
  ])('$kind moves money', (posting, from, to) => {
    expect(moves(posting)).toEqual([[from, to, 9]]);
  });

  it.each<[string, Partial<InvoiceLine>[], ReturnType<typeof moves>]>([
    ['what is earned by the day is deferred', [{ period: MONTH }], [['deferred_revenue/app', 'receivable/cus_1', 900]]],
    [
      'with less of it where there is a discount',
      [{ period: MONTH, discount: 90 }],
      [['deferred_revenue/app', 'receivable/cus_1', 810]],
    ],
    [
      'what has no days is earned at once, its discount beside it',
      [{ discount: 90 }],
      [
        ['revenue/app', 'receivable/cus_1', 900],
        ['receivable/cus_1', 'discounts/app', 90],
      ],
    ],
    [
      'a tax on top is owed to its office',
      [{ period: MONTH, taxes: vat(171) }],
      [
        ['deferred_revenue/app', 'receivable/cus_1', 900],
        ['tax_payable/DE', 'receivable/cus_1', 171],
      ],
    ],
    [
      'and so is one inside the price',
      [{ period: MONTH, taxes: vat(144, true) }],
      [
        ['deferred_revenue/app', 'receivable/cus_1', 756],
        ['tax_payable/DE', 'receivable/cus_1', 144],
      ],
    ],
    [
      'a credit for unused time lessens what its product has deferred',
      [{ period: MONTH }, { period: MONTH, amount: -300 }, { period: MONTH, amount: 500, product: 'other' }],
      [
        ['deferred_revenue/app', 'receivable/cus_1', 600],
        ['deferred_revenue/other', 'receivable/cus_1', 500],
      ],
    ],
    [
      'what is carried to another invoice waits for it',
      [
        { period: MONTH, amount: -300 },
        { amount: 300, carried: true },
      ],
      [
        ['receivable/cus_1', 'deferred_revenue/app', 300],
        ['unbilled/cus_1', 'receivable/cus_1', 300],
      ],
    ],
  ])('of an invoice: %s', (_what, lines, transfers) => {
    const all = lines.map((over) => ({ ...line(900), product: 'app', period: null, ...over }));
    expect(moves(invoiceIssued(all, about))).toEqual(transfers);
    expect(moves(invoiceVoided(all, about))).toEqual(transfers.map(([from, to, amount]) => [to, from, amount]));
  });

  it('of a day: revenue whole, and its discount beside it, for each product', () => {
    const other = { product: 'other', gross: 40, discount: 0 };
    expect(moves(recognised(earned(97, 10), other))).toEqual([
      ['revenue/app', 'deferred_revenue/app', 87],
      ['revenue/app', 'discounts/app', 10],
      ['revenue/other', 'deferred_revenue/other', 40],
    ]);
  });

  it.each([
    ['open', 'receivable/cus_1'],
    ['credit', 'customer_credit/cus_1'],
    ['refund', 'refunds'],
  ] as const)('a credit note to %s takes back taxes, and what is earned by the day or was at once', (to, from) => {
    const taxes = vat(19);
    const part = {
      line: 0,
      description: 'Pro',
      amount: 119,
      gross: 120,
      discount: 20,
      taxes,
      product: 'app',
      from: null,
    };
    const note = { id: 'cn_1', invoice: 'inv_1', currency: 'usd', reason: 'other', issuedAt: START, tax: 19 } as const;
    const made = (period: typeof MONTH | null) =>
      moves(creditNoteIssued({ ...note, to, lines: [{ ...part, period }], total: 119 }, about));
    expect(made(MONTH)).toEqual([
      [from, 'deferred_revenue/app', 100],
      [from, 'tax_payable/DE', 19],
    ]);
    expect(made(null)).toEqual([
      [from, 'revenue/app', 120],
      ['discounts/app', from, 20],
      [from, 'tax_payable/DE', 19],
    ]);
  });

  it('of a payment that was more than what was owed keeps the rest for the customer', () => {
    expect(moves(paymentReceived(9, about, { unapplied: 2 }))).toEqual([
      ['receivable/cus_1', 'processor_clearing', 7],
      ['unapplied_cash/cus_1', 'processor_clearing', 2],
    ]);
  });

  it('of a dispute keeps the processor’s fee apart', () => {
    expect(moves(disputeFundsWithdrawn(9, 2, about))).toEqual([
      ['processor_clearing', 'disputes', 9],
      ['processor_clearing', 'processor_fees', 2],
    ]);
  });

  it('of nothing moves nothing', () => {
    expect(invoiceIssued([line(0)], about).transfers).toEqual([]);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('of %d is a bug', (amount) => {
    expect(() => paymentReceived(amount, about)).toThrow('a transfer is a positive amount');
  });

  it('sums to zero by its shape', () => {
    const amounts = fc.array(fc.integer({ min: 0, max: 10 ** 12 }));
    fc.assert(
      fc.property(amounts, (each) => {
        const transfers = each.flatMap((amount) => recognised(earned(amount)).transfers);
        const entries = entriesOf({ ...paymentReceived(1, about), transfers });
        expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
      }),
    );
  });
});

it('a paid year ends with nothing owed, nothing deferred, and all of it earned', () => {
  const year = [
    invoiceIssued([{ ...line(1200), period: MONTH }], about),
    paymentReceived(1200, about),
    ...Array.from({ length: 12 }, () => recognised(earned(100))),
  ];
  const balances: Record<string, number> = {};
  for (const { account, amount } of year.flatMap(entriesOf)) {
    balances[account.code] = (balances[account.code] ?? 0) + amount;
  }
  expect(balances).toEqual({ receivable: 0, deferred_revenue: 0, processor_clearing: 1200, revenue: -1200 });
  expect(chart.revenue.kind).toBe('credit');
});

it('has the chart that docs/accounting.md shows', () => {
  const page = readFileSync(new URL('../../docs/accounting.md', import.meta.url), 'utf8');
  const shown = [...page.matchAll(/^\| `(\w+)` \| (debit|credit) \| (\w*) ?\| (.+) \|$/gm)].map(([, ...row]) => row);
  const rows = Object.entries(chart).map(([code, { kind, per, meaning }]) => [code, kind, per ?? '', meaning]);
  expect(shown).toEqual(rows);
});
