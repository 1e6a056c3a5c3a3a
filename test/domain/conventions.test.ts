/** The examples of docs/conventions.md, computed: the page can't say what the code does not do. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { formatMoney, timesDecimal } from '../../src/domain/money.ts';
import { linesOfPeriod, periodAt } from '../../src/domain/period.ts';
import { daysOf } from '../../src/domain/period-days.ts';
import { type PeriodLine, periodPrice } from '../../src/domain/price-book.ts';
import { changePrice, priceOfDays } from '../../src/domain/proration.ts';
import { type Rate, rate } from '../../src/domain/rating.ts';
import { isAccepted } from '../../src/domain/subscription.ts';
import { addedTax, netOf, type TaxRules, taxed, UNTAXED } from '../../src/domain/tax.ts';
import { boundary, DAY, dayOf, instantOf } from '../../src/domain/time.ts';
import { MoneyLife } from '../support/money-lives.ts';
import { at, draft, hybrid, input, must, run, START, subscribe, terms } from './builders.ts';
import { discountExamples } from './discount-examples.ts';
import { invoicingExamples } from './invoicing-examples.ts';
import { mrrExamples } from './mrr-examples.ts';

// Wrapped lines of a quotation are one sentence.
const page = readFileSync(new URL('../../docs/conventions.md', import.meta.url), 'utf8').replace(/\n(> )?(?=\S)/g, ' ');
const months = terms();
const usd = (amount: number) => formatMoney({ amount, currency: 'usd' });
const eur = (amount: number) => formatMoney({ amount, currency: 'eur' });
const sumInWords = (amounts: number[]) => amounts.map((amount) => eur(amount).replace(' EUR', '')).join(' + ');
const taxRules = (...percents: string[]): TaxRules => ({
  ...UNTAXED,
  treatment: 'taxed',
  rates: {
    ...UNTAXED.rates,
    standard: percents.map((percent) => ({ jurisdiction: 'XX', name: 'VAT', percent })),
  },
});
const range = ({ from, to }: { from: string; to: string }) => `\`${from} to ${to}\``;
const costs = (given: Rate, quantity: string) => `\`${rate(given, quantity, 'usd').amount}\``;

const tiers = [
  { upTo: 100, unitAmount: '5' },
  { upTo: null, unitAmount: '4' },
];
const withFees = [
  { upTo: 100, unitAmount: '5', flatAmount: '300' },
  { upTo: null, unitAmount: '4', flatAmount: '50' },
];
const graduated: Rate = { model: 'graduated', tiers };
const feed: Rate = { model: 'graduated', tiers: withFees };
const included: Rate = { model: 'graduated', tiers, included: 20 };
const packages: Rate = { model: 'package', unitAmount: '700', packageSize: 100 };
const bounded: Rate = { model: 'per_unit', unitAmount: '10', minimum: 1000, maximum: 5000 };

const examples: [string, () => string][] = [
  [
    'a period',
    () => {
      const days = daysOf(periodAt(months, START, 0, 'UTC'), 'UTC');
      return `A month from 2027-01-01 is ${range(days)}: ${days.days} days.`;
    },
  ],
  [
    'an anchor',
    () => {
      const anchor = at('2027-01-31');
      const days = [0, 1, 2, 3].map((n) => dayOf(boundary(anchor, months.interval, n, 'UTC'), 'UTC'));
      return `Anchored on 2027-01-31: \`${days.join(', ')}\`.`;
    },
  ],
  [
    'a trial',
    () => {
      const trial = run(draft(), [subscribe({ trialDays: 14 }), START]);
      const { state } = must(decide(trial, input({ type: 'trial_ended' }, at('2027-01-15'))));
      return `the first paid period is ${isAccepted(state) && range(daysOf(state.period, 'UTC'))}.`;
    },
  ],
  [
    'a stub',
    () => {
      const given = subscribe({ anchorDay: 13 });
      const { effects } = must(decide(draft(), input(given, at('2011-02-01'))));
      const invoice = effects.find((effect) => effect.type === 'issue_invoice')?.invoice;
      return `1 to 13 February 2011, anchored on the 13th, is \`${invoice?.lines[0]?.proration}\`.`;
    },
  ],
  [
    'a part of a period',
    () => {
      const [late, early] = [priceOfDays(3000, 15, 31, 31), priceOfDays(3000, 0, 15, 31)];
      return `\`30.00 USD × 31/31 − 30.00 USD × 15/31 = ${usd(late)}\`; the first fifteen days cost \`${usd(early)}\`.`;
    },
  ],
  [
    'up and down',
    () => {
      const from = (amount: number) => changePrice([{ from: 0, amount: 3000 }], 31, 15, amount).segments.at(-1)?.from;
      return `a raise counts from day \`${from(4000)}\`, a lowering from day \`${from(2000)}\`.`;
    },
  ],
  [
    'a last period',
    () => {
      const line: PeriodLine = { description: '', quantity: 1, unitPrice: null, amount: 10, words: null };
      const cut = { terms: terms(), timeZone: 'UTC', cancelAt: instantOf('2027-01-11', 'UTC') };
      const lines = linesOfPeriod(cut, periodAt(months, START, 0, 'UTC'), [line, line, line]);
      const parts = lines.map(({ amount }) => usd(amount).replace(' USD', ''));
      return `\`${parts.join(' + ')} = ${usd(priceOfDays(30, 0, 10, 31))}\``;
    },
  ],
  ['rounding', () => `2.5 cents are \`${timesDecimal('2.5', 1)}\`, −2.5 cents are \`${timesDecimal('-2.5', 1)}\`.`],
  [
    'small prices',
    () => {
      const [a, b, c] = [9, 10, 1_000_000].map((calls) => timesDecimal('0.05', calls));
      return `9 calls cost \`${a}\` cents, 10 cost \`${b}\`, and 1000000 cost \`${c}\`.`;
    },
  ],
  [
    'tiers',
    () =>
      `100 cost ${costs(graduated, '100')} cents, 100.5 cost ${costs(graduated, '100.5')}, and 101 cost ${costs(graduated, '101')}. As volume, 101 cost ${costs({ model: 'volume', tiers }, '101')}.`,
  ],
  [
    'flat fees of tiers',
    () => `0 units cost ${costs(feed, '0')} cents, 100 cost ${costs(feed, '100')}, 101 cost ${costs(feed, '101')}.`,
  ],
  ['what is included', () => `120 units cost ${costs(included, '120')} cents, 121 cost ${costs(included, '121')}.`],
  [
    'packages',
    () =>
      `0 units cost ${costs(packages, '0')} cents, 100 cost ${costs(packages, '100')}, 100.5 cost ${costs(packages, '100.5')}.`,
  ],
  [
    'percentages',
    () => {
      const plan = periodPrice(hybrid(), 8);
      const both = periodPrice(hybrid([{ id: 'support', quantity: 1 }]), 8);
      return `20% of a plan of ${plan} cents: \`${both - plan}\` cents.`;
    },
  ],
  [
    'bounds',
    () => `0 units cost ${costs(bounded, '0')}, 101 cost ${costs(bounded, '101')}, 501 cost ${costs(bounded, '501')}.`,
  ],
  [
    'tax after the discount',
    () => {
      const [line] = taxed([{ amount: 10_000, discount: 2_500 }], taxRules('19'));
      return `100.00 EUR less 25.00 EUR, at 19%: \`${eur(addedTax(line!))}\` of tax.`;
    },
  ],
  [
    'tax by line',
    () => {
      const line = { amount: 13 };
      const taxes = taxed([line, line, line], taxRules('19')).map(addedTax);
      const [one] = taxed([{ amount: 39 }], taxRules('19'));
      return `\`${sumInWords(taxes)} = ${eur(taxes.reduce((sum, tax) => sum + tax))}\`, where 19% of the total were \`${eur(addedTax(one!))}\`.`;
    },
  ],
  [
    'several authorities',
    () => {
      const [line] = taxed([{ amount: 999 }], taxRules('7.25', '1.25'));
      const taxes = line!.taxes.map(({ amount }) => amount);
      return `9.99 USD at 7.25% and 1.25%: \`${sumInWords(taxes)} = ${usd(addedTax(line!))}\`.`;
    },
  ],
  [
    'inclusive taxes',
    () => {
      const parts = (amount: number, ...percents: string[]) => {
        const [line] = taxed([{ amount, taxInclusive: true }], taxRules(...percents));
        return sumInWords([netOf(line!), ...line!.taxes.map((tax) => tax.amount)]);
      };
      return `119.00 EUR including 19%: \`${parts(11_900, '19')} EUR\`. 10.83 USD including 7.25% and 1.25%: \`${parts(1_083, '7.25', '1.25')} USD\`.`;
    },
  ],
  [
    'an end with something waiting',
    () => {
      const plan = (price: string) => terms({ interval: { unit: 'day', count: 30 }, unitAmount: price, planId: price });
      const story = { sold: plan('5000'), quantity: 1, trial: {}, anchorDay: undefined, discounts: [], isSent: false };
      const life = new MoneyLife({ ...story, tax: 0, credit: 0, chargeStep: 1 }, () => {});
      life.take({ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 1, payment: 'pi_1', amount: 5000 });
      const how = { quantity: 1, when: 'now', proration: 'next_invoice' } as const;
      life.take({ type: 'change', terms: plan('2000'), ...how }, START + 5 * DAY);
      life.take({ type: 'cancel', when: 'now', reason: null, creditTo: 'credit' }, START + 9 * DAY);
      const [unused, remaining] = life.books.invoices.get('inv_1_2')!.lines.map(({ amount }) => amount);
      const [note] = life.books.notes;
      const cut = `${usd(unused!).replace(' USD', '')} + ${usd(remaining!)}`;
      return `what waits is cut to \`${cut}\`, the note gives back \`${usd(note!.total)}\`, and the ten days have cost \`${usd(5000 - life.books.credit)}\`.`;
    },
  ],
  ...discountExamples,
  ...invoicingExamples,
  ...mrrExamples,
];

test.each(examples)('%s', (_what, compute) => expect(page).toContain(compute()));
