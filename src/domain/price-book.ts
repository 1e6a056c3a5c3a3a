import type { Currency } from './currency.ts';
import type { PriceBookId } from './ids.ts';
import { invariant } from './invariant.ts';
import { timesDecimal } from './money.ts';
import { type Rate, rate } from './rating.ts';
import type { Interval } from './time.ts';

/** One of the prices that a plan is made of. Those that count, count the quantity of what they belong to. */
export type Charge = Rate & {
  id: string;
  name: string;
  /** `once`: a fee that comes with the first period, whole, and never again. */
  timing?: 'recurring' | 'once';
};
/** A single price needs no list. */
type SinglePrice = { model: 'flat' | 'per_unit'; unitAmount: string };
type Charges = { charges: readonly Charge[] };
export type Priced = SinglePrice | Charges;
export type Price = { currency: Currency } & Priced;

/** Bought with a plan, in a quantity of its own. It costs what it costs on that plan, for that plan's interval. */
export type AddOn = { id: string; name: string; prices: readonly Price[] };
export type Plan = {
  id: string;
  product: string;
  name: string;
  interval: Interval;
  trialDays: number;
  prices: readonly Price[];
  addOns?: readonly AddOn[];
};
export type PriceBook = { plans: readonly Plan[] };

export type ChosenAddOn = { id: string; quantity: number };
type HeldAddOn = ChosenAddOn & { name: string } & Priced;

/**
 * What a subscription pays, taken from one version of the price book, and its own from then on. A fee that was charged is
 * struck from it.
 */
export type Terms = {
  planId: string;
  priceBookId: PriceBookId;
  product: string;
  name: string;
  interval: Interval;
  currency: Currency;
  addOns?: readonly HeldAddOn[];
} & Priced;

export function termsOf(plan: Plan, priceBookId: PriceBookId, currency: Currency): Terms | null {
  const priced = pricedIn(plan.prices, currency);
  if (!priced) return null;
  const { id: planId, product, name, interval } = plan;
  return { planId, priceBookId, product, name, interval, currency, ...priced };
}

/** The same terms with these add-ons of the plan, or the first that the plan does not sell in this currency. */
export function withAddOns(
  terms: Terms,
  plan: Plan,
  chosen: readonly ChosenAddOn[],
): { terms: Terms } | { unknown: string } {
  const addOns: HeldAddOn[] = [];
  for (const { id, quantity } of chosen) {
    const addOn = plan.addOns?.find((candidate) => candidate.id === id);
    const priced = addOn && pricedIn(addOn.prices, terms.currency);
    if (!priced) return { unknown: id };
    addOns.push({ id, name: addOn.name, quantity, ...priced });
  }
  const { addOns: _, ...base } = terms;
  return { terms: addOns.length === 0 ? base : { ...base, addOns } };
}

function pricedIn(prices: readonly Price[], currency: Currency): Priced | null {
  const price = prices.find((candidate) => candidate.currency === currency);
  if (!price) return null;
  return 'charges' in price ? { charges: price.charges } : { model: price.model, unitAmount: price.unitAmount };
}

export const chosenAddOns = ({ addOns = [] }: Terms): ChosenAddOn[] =>
  addOns.map(({ id, quantity }) => ({ id, quantity }));

/** One price of a whole period. */
export type PeriodLine = {
  description: string;
  quantity: number;
  unitPrice: string | null;
  amount: number;
  words: string | null;
};

/** What a whole period costs, line by line, each rounded once; and the fees that are still to be charged. */
export function periodLines(terms: Terms, quantity: number): { recurring: PeriodLine[]; fees: PeriodLine[] } {
  if (isSingle(terms)) {
    const unitPrice = terms.unitAmount;
    const count = terms.model === 'flat' ? 1 : quantity;
    const line = { description: describe(terms, quantity), quantity: count, unitPrice, words: null };
    return { recurring: [{ ...line, amount: singlePrice(terms, quantity) }], fees: [] };
  }
  const owners: Owner[] = [{ ...terms, quantity }, ...(terms.addOns ?? [])];
  // A percentage is one of what the plan itself comes to: its other recurring prices, without the add-ons.
  const basis = () =>
    chargesOf(owners[0]!)
      .filter((charge) => !isFee(charge) && charge.model !== 'percentage')
      .reduce((sum, charge) => sum + rate(charge, String(quantity), terms.currency).amount, 0);
  const linesOf = (owner: Owner, wanted: (charge: Charge) => boolean): PeriodLine[] =>
    chargesOf(owner)
      .filter(wanted)
      .map((charge, _, alike) => {
        const measure = charge.model === 'percentage' ? basis() : owner.quantity;
        const { amount, unitPrice, words } = rate(charge, String(measure), terms.currency);
        const isAlone = alike.length === 1 && !isFee(charge);
        return {
          description: isAlone ? named(owner) : `${owner.name}: ${charge.name}`,
          quantity: counts(charge) ? owner.quantity : 1,
          ...{ unitPrice, amount, words },
        };
      });
  return {
    recurring: owners.flatMap((owner) => linesOf(owner, (charge) => !isFee(charge))),
    fees: owners.flatMap((owner) => linesOf(owner, isFee)),
  };
}

/** The recurring price of one whole period, in minor units: what is prorated. */
export const periodPrice = (terms: Terms, quantity: number): number =>
  isSingle(terms)
    ? singlePrice(terms, quantity)
    : periodLines(terms, quantity).recurring.reduce((sum, { amount }) => sum + amount, 0);

/** Most terms are one price, and most decisions ask for it: worth a way of its own, which rates nothing else. */
type SingleTerms = Extract<Terms, SinglePrice>;
const isSingle = (terms: Terms): terms is SingleTerms => !('charges' in terms) && terms.addOns === undefined;

function singlePrice({ model, unitAmount }: SingleTerms, quantity: number): number {
  invariant(Number.isSafeInteger(quantity) && quantity >= 1, `a quantity is a whole number from 1, got ${quantity}`);
  return timesDecimal(unitAmount, model === 'flat' ? 1 : quantity);
}

/** What is had, in a few words: "3 × Team with 2 × Backup". */
export function describe(terms: Terms, quantity: number): string {
  if (isSingle(terms)) return terms.model === 'flat' || quantity === 1 ? terms.name : `${quantity} × ${terms.name}`;
  const addOns = (terms.addOns ?? []).map(named);
  return [named({ ...terms, quantity }), ...(addOns.length > 0 ? [`with ${addOns.join(', ')}`] : [])].join(' ');
}

/** The terms once their fees were charged. */
export const withoutFees = (terms: Terms): Terms =>
  'charges' in terms || terms.addOns ? withoutPaidFees(terms, terms) : terms;

/** A plan's fees come with the beginning of a subscription, an add-on's when it is taken: what is held has paid its own. */
export function withoutPaidFees(terms: Terms, held: Terms): Terms {
  const paid = new Set(chosenAddOns(held).map(({ id }) => id));
  const { addOns } = terms;
  return {
    ...struck(terms),
    ...(addOns && { addOns: addOns.map((addOn) => (paid.has(addOn.id) ? struck(addOn) : addOn)) }),
  };
}

const struck = <P extends Priced>(priced: P): P =>
  'charges' in priced ? { ...priced, charges: priced.charges.filter((charge) => !isFee(charge)) } : priced;

type Owner = { name: string; quantity: number } & Priced;

export const isFee = ({ timing }: Charge): boolean => timing === 'once';
const counts = ({ model }: Rate): boolean => model !== 'flat' && model !== 'percentage';

/** A single price is a list of one, named after what it is the price of. */
export function chargesOf(priced: { name: string } & Priced): readonly Charge[] {
  if ('charges' in priced) return priced.charges;
  const { name, model, unitAmount } = priced;
  return [{ id: 'price', name, model, unitAmount }];
}

function named(owner: Owner): string {
  const { name, quantity } = owner;
  invariant(Number.isSafeInteger(quantity) && quantity >= 1, `a quantity is a whole number from 1, got ${quantity}`);
  return quantity === 1 || !chargesOf(owner).some(counts) ? name : `${quantity} × ${name}`;
}
