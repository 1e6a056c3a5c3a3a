import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  type Account,
  chart,
  creditGranted,
  creditWithdrawn,
  entriesOf,
  invoiceIssued,
  invoiceVoided,
  type Posting,
  paymentReceived,
  refundPaid,
  revenueRecognised,
  unappliedCashApplied,
  unappliedPaymentReceived,
} from '../../src/domain/ledger.ts';
import { line, START } from './builders.ts';

const about = { customer: 'cus_1', subscription: 'sub_1', currency: 'usd', at: START } as const;
const nameOf = ({ code, owner }: Account) => (owner ? `${code}/${owner}` : code);
const moves = ({ transfers }: Posting) => transfers.map(({ from, to, amount }) => [nameOf(from), nameOf(to), amount]);

describe('a posting', () => {
  it.each([
    // what happened             from (credited)       to (debited)
    [invoiceIssued([line(9)], about), 'deferred_revenue', 'receivable/cus_1'],
    [invoiceVoided([line(9)], about), 'receivable/cus_1', 'deferred_revenue'],
    [paymentReceived(9, about), 'receivable/cus_1', 'processor_clearing'],
    [unappliedPaymentReceived(9, about), 'unapplied_cash/cus_1', 'processor_clearing'],
    [refundPaid(9, false, about), 'processor_clearing', 'refunds'],
    [refundPaid(9, true, about), 'processor_clearing', 'unapplied_cash/cus_1'],
    [creditGranted(9, about), 'customer_credit/cus_1', 'credit_granted'],
    [creditWithdrawn(9, about), 'credit_granted', 'customer_credit/cus_1'],
    [unappliedCashApplied(9, about), 'customer_credit/cus_1', 'unapplied_cash/cus_1'],
    [revenueRecognised(9, about), 'revenue', 'deferred_revenue'],
  ])('$kind moves money', (posting, from, to) => {
    expect(moves(posting)).toEqual([[from, to, 9]]);
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
        const transfers = each.flatMap((amount) => revenueRecognised(amount, about).transfers);
        const entries = entriesOf({ ...paymentReceived(1, about), transfers });
        expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
      }),
    );
  });
});

it('a paid year ends with nothing owed, nothing deferred, and all of it earned', () => {
  const year = [
    invoiceIssued([line(1200)], about),
    paymentReceived(1200, about),
    ...Array.from({ length: 12 }, () => revenueRecognised(100, about)),
  ];
  const balances: Record<string, number> = {};
  for (const { account, amount } of year.flatMap(entriesOf)) {
    balances[account.code] = (balances[account.code] ?? 0) + amount;
  }
  expect(balances).toEqual({ receivable: 0, deferred_revenue: 0, processor_clearing: 1200, revenue: -1200 });
  expect(chart.revenue.kind).toBe('credit');
});
