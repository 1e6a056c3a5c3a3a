/**
 * What tax a line bears: a pure function of the line and of the rules that hold for its invoice. Which rules hold is said
 * in `tax-rules.ts`; how a tax is rounded is said in `docs/conventions.md`.
 */
import { invariant } from './invariant.ts';
import { prorate } from './money.ts';

/** What kind of thing is sold, as tax law sees it. */
export const TAX_CATEGORIES = ['standard', 'reduced', 'exempt'] as const;
export type TaxCategory = (typeof TAX_CATEGORIES)[number];

/** Whether tax comes on top of a price, or is inside of it. */
export const TAX_BEHAVIORS = ['exclusive', 'inclusive'] as const;
export type TaxBehavior = (typeof TAX_BEHAVIORS)[number];

/** One authority's rate. The jurisdiction is a country, or a country's region: `DE`, `US-CA`. */
export type TaxRate = { jurisdiction: string; name: string; percent: string };

export type TaxTreatment = 'taxed' | 'reverse_charge' | 'exempt' | 'not_registered';

/** The code of a sentence that the law wants on the invoice, or that explains why there is no tax. */
export type TaxNote = 'reverse_charge' | 'customer_exempt' | 'outside_scope';

/** What holds for one invoice: its buyer's, its seller's and its day's rules, so that they reproduce its taxes. */
export type TaxRules = {
  treatment: TaxTreatment;
  note: TaxNote | null;
  /** Those that hold on the day; several where several authorities tax the same thing. */
  rates: Record<TaxCategory, readonly TaxRate[]>;
};

/** A tax on one line: on top of its amount, or inside of it. */
export type LineTax = TaxRate & { amount: number; inclusive: boolean };

/** What of an invoice's line matters here. A credit's amount and discount are negative. */
export type TaxableLine = {
  amount: number;
  discount?: number;
  taxCategory?: TaxCategory;
  taxInclusive?: boolean;
  /** A credit gives back the taxes that were debited, whatever holds by now. */
  rates?: readonly TaxRate[];
  taxes?: readonly LineTax[];
};

/** Nothing is charged, and nothing has to be said about it. */
export const UNTAXED: TaxRules = {
  treatment: 'not_registered',
  note: null,
  rates: { standard: [], reduced: [], exempt: [] },
};

/** The lines with their taxes, each on what is left of its line after the discount. */
export const taxed = <Line extends TaxableLine>(
  lines: readonly Line[],
  { treatment, rates }: TaxRules,
  withTaxes: WithTaxes<Line> = (line, taxes) => Object.assign({}, line, { taxes }),
): ReturnType<WithTaxes<Line>>[] =>
  lines.map((line) => {
    const own = line.rates ?? (treatment === 'taxed' ? rates[line.taxCategory ?? 'standard'] : NO_RATES);
    return withTaxes(line, taxesOn(afterDiscount(line), own, line.taxInclusive ?? false));
  });

/** How a line is written anew: who has many knows a shorter way than any line's. */
type WithTaxes<Line> = (line: Line, taxes: LineTax[]) => Line & { taxes: LineTax[] };
const NO_RATES: readonly TaxRate[] = [];

/**
 * Exclusive, each authority's tax is rounded by itself. Inclusive, the net is what is rounded, and the taxes are counted on
 * the running sum of their rates: they come to what the net leaves of the price.
 */
export function taxesOn(amount: number, rates: readonly TaxRate[], inclusive: boolean): LineTax[] {
  if (rates.length === 0) return [];
  const shares = rates.map(({ percent }) => millionths(percent));
  if (!inclusive) {
    return rates.map((rate, i) =>
      Object.assign(rateOf(rate), { amount: prorate(amount, shares[i]!, WHOLE), inclusive }),
    );
  }
  const whole = shares.reduce((sum, share) => sum + share, WHOLE);
  let counted = 0;
  let before = 0;
  return rates.map((rate, i) => {
    counted += shares[i]!;
    const until = prorate(amount, counted, whole);
    const tax = Object.assign(rateOf(rate), { amount: until - before, inclusive });
    before = until;
    return tax;
  });
}

export const afterDiscount = ({ amount, discount = 0 }: TaxableLine): number => amount - discount;

/** The taxes that come on top of a line's amount, and those inside of it. */
export const addedTax = (line: TaxableLine): number => sumOf(line, false);
export const includedTax = (line: TaxableLine): number => sumOf(line, true);

/** What the seller keeps of a line, and what the buyer pays for it. */
export const netOf = (line: TaxableLine): number => afterDiscount(line) - includedTax(line);
export const grossOf = (line: TaxableLine): number => afterDiscount(line) + addedTax(line);

const sumOf = ({ taxes = [] }: TaxableLine, inclusive: boolean): number =>
  taxes.reduce((sum, tax) => (tax.inclusive === inclusive ? sum + tax.amount : sum), 0);

/** A rate may come with more than this, from a table say, and an invoice keeps only what it needs. */
const rateOf = ({ jurisdiction, name, percent }: TaxRate): TaxRate => ({ jurisdiction, name, percent });

const PERCENT_PLACES = 6;
/** A hundred percent, in millionths of a percent. */
const WHOLE = 100 * 10 ** PERCENT_PLACES;
const PERCENT_FORM = /^\d{1,3}(\.\d{1,6})?$/;

export const isPercent = (text: string): boolean => PERCENT_FORM.test(text);

function millionths(percent: string): number {
  invariant(isPercent(percent), `a percentage such as "8.1", got ${percent}`);
  const [whole = '0', fraction = ''] = percent.split('.');
  return Number(whole + fraction.padEnd(PERCENT_PLACES, '0'));
}
