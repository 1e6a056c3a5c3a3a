import type { Currency } from './currency.ts';
import type { PriceBookId } from './ids.ts';
import { invariant } from './invariant.ts';
import { timesDecimal } from './money.ts';
import type { Interval } from './time.ts';

/** `flat` costs the same whatever the quantity, `per_unit` its price times the quantity. */
export type PriceModel = 'flat' | 'per_unit';
/** `unitAmount` is a decimal of minor units, since a unit price may lie below one. */
export type Price = { currency: Currency; model: PriceModel; unitAmount: string };
export type Plan = {
  id: string;
  product: string;
  name: string;
  interval: Interval;
  trialDays: number;
  prices: readonly Price[];
};
export type PriceBook = { plans: readonly Plan[] };

/** What a subscription pays, taken from one version of the price book, and its own from then on. */
export type Terms = {
  planId: string;
  priceBookId: PriceBookId;
  product: string;
  name: string;
  interval: Interval;
  currency: Currency;
  model: PriceModel;
  unitAmount: string;
};

export function termsOf(plan: Plan, priceBookId: PriceBookId, currency: Currency): Terms | null {
  const price = plan.prices.find((candidate) => candidate.currency === currency);
  if (!price) return null;
  const { id: planId, product, name, interval } = plan;
  return { planId, priceBookId, product, name, interval, currency, model: price.model, unitAmount: price.unitAmount };
}

/** The price of one whole period, in minor units: rounded once, here. */
export function periodPrice(terms: Terms, quantity: number): number {
  invariant(Number.isSafeInteger(quantity) && quantity >= 1, `a quantity is a whole number from 1, got ${quantity}`);
  return timesDecimal(terms.unitAmount, terms.model === 'flat' ? 1 : quantity);
}
