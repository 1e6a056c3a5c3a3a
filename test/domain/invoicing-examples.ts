/** The examples of docs/conventions.md about what is due. */
import { CHARGE } from '../../src/domain/invoice.ts';
import { invoiceOf } from '../../src/domain/invoicing.ts';
import { formatMoney } from '../../src/domain/money.ts';
import { NOTHING_SHARED, type Shared } from '../../src/domain/shared.ts';
import type { Active } from '../../src/domain/subscription.ts';
import { UNTAXED } from '../../src/domain/tax.ts';
import { active, line, START } from './builders.ts';

const usd = (amount: number) => formatMoney({ amount, currency: 'usd' });
const ten = { coupon: 'co_1', name: 'Ten', kind: { percent: '10' }, duration: 'forever', since: START } as const;
const standard = [{ jurisdiction: 'DE', name: 'VAT', percent: '19' }];
const tax = { ...UNTAXED, treatment: 'taxed', rates: { ...UNTAXED.rates, standard } } as const;

const of = (amounts: number[], shared: Partial<Shared>, discounts: Active['discounts'] = []) =>
  invoiceOf(
    { ...(active() as Active), discounts },
    { id: 'inv_1_9', lines: amounts.map((amount) => line(amount)), collect: CHARGE },
    { at: START, shared: { ...NOTHING_SHARED, ...shared } },
  );

export const invoicingExamples: [string, () => string][] = [
  [
    'discount, then tax, then credit',
    () => {
      const { discount, tax: taxed, total, amountDue } = of([3000, 999], { tax, credit: 700 }, [ten]).invoice;
      return `30.00 USD and 9.99 USD with 10% off, 19% on top and 7.00 USD of credit: discount \`${usd(discount)}\`, tax \`${usd(taxed)}\`, total \`${usd(total)}\`, due \`${usd(amountDue)}\`.`;
    },
  ],
  [
    'below the smallest charge',
    () => {
      const { invoice, carried } = of([49], { minimumCharge: 50 });
      return `0.49 USD where the processor takes no less than 0.50: due \`${usd(invoice.amountDue)}\`, carried \`${usd(carried)}\`.`;
    },
  ],
  [
    'credit that leaves too little',
    () => {
      const { creditApplied, amountDue } = of([3000], { minimumCharge: 50, credit: 2980 }).invoice;
      return `30.00 USD with 29.80 USD of credit: \`${usd(creditApplied)}\` are used, and \`${usd(amountDue)}\` are charged.`;
    },
  ],
];
