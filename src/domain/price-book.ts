import type { Currency } from './currency.ts';
import type { Feature, Tier } from './feature.ts';
import type { PriceBookId } from './ids.ts';
import { invariant } from './invariant.ts';
import type { InvoiceLine } from './invoice.ts';
import { timesDecimal } from './money.ts';
import { type Rate, rate } from './rating.ts';
import type { TaxBehavior, TaxCategory } from './tax.ts';
import type { Interval } from './time.ts';

/** One of the prices that a plan is made of. Those that count, count the quantity of what they belong to. */
export type Charge = Rate & {
  id: string;
  name: string;
  /** `once`: a fee that comes with the first period, whole, and never again. */
  timing?: 'recurring' | 'once';
  /** The meter that it counts: it is billed when the period is over, by what was used. */
  meter?: string;
};
/** A single price needs no list. */
type SinglePrice = { model: 'flat' | 'per_unit'; unitAmount: string };
type Charges = { charges: readonly Charge[] };
export type Priced = SinglePrice | Charges;
export type Price = {
  currency: Currency;
  /** Whether tax comes on top or is inside. */
  taxBehavior?: TaxBehavior;
  /** An invoice below it waits for the next. */
  minimumCharge?: number;
} & Priced;

/** Bought with a plan, in a quantity of its own. It costs what it costs on that plan, for that plan's interval. */
export type AddOn = { id: string; name: string; prices: readonly Price[] };
export type Plan = {
  id: string;
  product: string;
  name: string;
  interval: Interval;
  /** A trial of which nothing else has to be said. */
  trialDays?: number;
  trial?: PlanTrial;
  /** What holds before the plan's own prices, one after the other: an introduction, a ramp. */
  phases?: readonly Phase[];
  term?: PlanTerm;
  /** How one leaves it; where it says nothing, as the price book says. */
  changes?: ChangeRules;
  taxCategory?: TaxCategory;
  /** How long an invoice stays a draft. */
  graceHours?: number;
  /** `baseline` where it is left out. */
  tier?: Tier;
  /** What it is good for. Looked up where a subscription's version is: a published one never changes. */
  features?: readonly Feature[];
  prices: readonly Price[];
  addOns?: readonly AddOn[];
};
export type PriceBook = { plans: readonly Plan[]; changes?: ChangeRules };

export type PlanTrial = {
  days: number;
  /** Whether it begins without one. */
  paymentMethod?: 'required' | 'optional';
  /** What comes at its end where there is no payment method: an invoice all the same, a pause, or the end. */
  atEnd?: 'charge' | 'pause' | 'cancel';
  /** How many days before its end the customer is told of it. */
  reminderDays?: number;
  /** Of the plan's product. Without it: once. */
  perCustomer?: 'once' | 'always';
};
/** So many whole periods; a stub before the first anchor is none. */
export type Phase = { id: string; name: string; periods: number; prices: readonly Price[] };
/** The least that one subscribes for. `planId` is what follows where it ends in a change. */
export type PlanTerm = { periods: number; atEnd: 'renew' | 'cancel' | 'change'; planId?: string };
export type ChangeRule = { when?: 'now' | 'period_end'; proration?: 'invoice_now' | 'next_invoice' | 'none' };
export type ChangeRules = { up?: ChangeRule; down?: ChangeRule };

export type ChosenAddOn = { id: string; quantity: number };
type HeldAddOn = ChosenAddOn & { name: string } & Priced;

/** `left`: so many of its periods have not begun. */
export type HeldPhase = { id: string; name: string; left: number };
export type HeldTerm = { periods: number; left: number; atEnd: PlanTerm['atEnd']; next?: Terms };

/**
 * What a subscription pays, taken from one version of the price book, and its own from then on. A fee that was charged is
 * struck from it. The prices are those of the phase that holds.
 */
export type Terms = {
  planId: string;
  priceBookId: PriceBookId;
  product: string;
  name: string;
  interval: Interval;
  currency: Currency;
  addOns?: readonly HeldAddOn[];
  taxCategory?: TaxCategory;
  taxInclusive?: true;
  minimumCharge?: number;
  graceHours?: number;
  changes?: ChangeRules;
  phase?: HeldPhase;
  /** What follows the phase, in its order. The last is no phase: the plan's own prices. */
  ahead?: readonly Ahead[];
  term?: HeldTerm;
} & Priced;
type Ahead = { phase?: HeldPhase } & Priced;

/**
 * Null where the plan has no price in that currency. The book says what the plan leaves open, and what follows its term;
 * the seller, whether prices that say nothing of taxes include them.
 */
export function termsOf(
  plan: Plan,
  priceBookId: PriceBookId,
  currency: Currency,
  book?: PriceBook,
  unsaid: TaxBehavior = 'exclusive',
): Terms | null {
  const price = plan.prices.find((candidate) => candidate.currency === currency);
  if (!price) return null;
  const { id: planId, product, name, interval, taxCategory, graceHours } = plan;
  const changes = rulesOf(plan, book);
  const term = plan.term && termOf(plan.term, priceBookId, currency, book, unsaid);
  const terms: Terms = {
    ...{ planId, priceBookId, product, name, interval, currency },
    ...(taxCategory && { taxCategory }),
    ...((price.taxBehavior ?? unsaid) === 'inclusive' && { taxInclusive: true }),
    ...(price.minimumCharge && { minimumCharge: price.minimumCharge }),
    ...(graceHours && { graceHours }),
    ...(changes && { changes }),
    ...(term && { term }),
    ...onlyPriced(price),
  };
  const phases = (plan.phases ?? []).flatMap(({ id, name, periods, prices }): Ahead[] => {
    const priced = pricedIn(prices, currency);
    return priced ? [{ phase: { id, name, left: periods }, ...priced }] : [];
  });
  return phases.length === 0 ? terms : entering(terms, [...phases, onlyPriced(price)]);
}

function rulesOf(plan: Plan, book: PriceBook | undefined): ChangeRules | null {
  const up = { ...book?.changes?.up, ...plan.changes?.up };
  const down = { ...book?.changes?.down, ...plan.changes?.down };
  const rules = {
    ...(Object.keys(up).length > 0 && { up }),
    ...(Object.keys(down).length > 0 && { down }),
  };
  return Object.keys(rules).length > 0 ? rules : null;
}

function termOf(
  { periods, atEnd, planId }: PlanTerm,
  priceBookId: PriceBookId,
  currency: Currency,
  book: PriceBook | undefined,
  unsaid: TaxBehavior,
): HeldTerm {
  const next = atEnd === 'change' ? book?.plans.find(({ id }) => id === planId) : undefined;
  const terms = next && termsOf(next, priceBookId, currency, book, unsaid);
  return { periods, left: periods, atEnd, ...(terms && { next: withoutPhases(terms) }) };
}

/** The terms with the first of these in force, and the others ahead. */
function entering(terms: Terms, [first, ...ahead]: readonly Ahead[]): Terms {
  invariant(first, 'something is ahead');
  const { phase: _phase, ahead: _ahead, ...rest } = unpriced(terms);
  return { ...rest, ...first, ...(ahead.length > 0 && { ahead }) };
}

function unpriced(terms: Terms): Omit<Terms, keyof SinglePrice | 'charges'> {
  const { model: _model, unitAmount: _unitAmount, charges: _charges, ...rest } = terms as Terms & SinglePrice & Charges;
  return rest;
}

export const sameInterval = (a: Terms, b: Terms): boolean =>
  a.interval.unit === b.interval.unit && a.interval.count === b.interval.count;

/** The plan's own prices, whatever phase holds. */
export function withoutPhases(terms: Terms): Terms {
  const last = terms.ahead?.at(-1);
  return last ? entering(terms, [last]) : terms;
}

/** As a whole period begins: one less of its phase and of its term, or what follows them. */
export function termsOfNextPeriod(terms: Terms): Terms {
  if (!terms.phase && !terms.term) return terms;
  return inNextPhase(inNextTerm(terms));
}

/** A term that is over begins again, or goes over to what was agreed to follow; what ends with it never comes here. */
function inNextTerm(terms: Terms): Terms {
  const { term } = terms;
  if (!term) return terms;
  if (term.left > 0) return { ...terms, term: { ...term, left: term.left - 1 } };
  if (!term.next) return { ...terms, term: { ...term, left: term.periods - 1 } };
  const next = withoutFees(terms.addOns ? { ...term.next, addOns: terms.addOns } : term.next);
  return next.term ? { ...next, term: { ...next.term, left: next.term.left - 1 } } : next;
}

function inNextPhase(terms: Terms): Terms {
  const { phase, ahead = [] } = terms;
  if (!phase) return terms;
  if (phase.left > 0) return { ...terms, phase: { ...phase, left: phase.left - 1 } };
  return inNextPhase(entering(terms, ahead));
}

/**
 * What is wanted, from where what is held has come to: on the same plan the phase goes on, another is entered at its own
 * prices, so that nobody is introduced twice. A term that runs goes on, but not in periods of another length.
 */
export function continuing(wanted: Terms, held: Terms): Terms {
  const terms = inPhaseOf(wanted, held);
  return held.term && sameInterval(wanted, held) ? { ...terms, term: held.term } : terms;
}

function inPhaseOf(wanted: Terms, held: Terms): Terms {
  if (!wanted.phase || wanted.phase === held.phase) return wanted;
  const all: Ahead[] = [{ phase: wanted.phase, ...onlyPriced(wanted) }, ...(wanted.ahead ?? [])];
  const at =
    wanted.planId === held.planId && held.phase ? all.findIndex(({ phase }) => phase?.id === held.phase?.id) : -1;
  return at < 0 ? withoutPhases(wanted) : entering(wanted, [{ ...all[at]!, phase: held.phase! }, ...all.slice(at + 1)]);
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
  return price ? onlyPriced(price) : null;
}

const onlyPriced = (price: Priced): Priced =>
  'charges' in price ? { charges: price.charges } : { model: price.model, unitAmount: price.unitAmount };

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
    const [description, amount] = [describe(terms, quantity), singlePrice(terms, quantity)];
    return { recurring: [{ description, quantity: count, unitPrice, amount, words: null }], fees: [] };
  }
  const owners: Owner[] = [{ ...terms, name: nameOf(terms), quantity }, ...(terms.addOns ?? [])];
  // A percentage is one of what the plan itself comes to: its other recurring prices, without the add-ons.
  const basis = () =>
    chargesOf(owners[0]!)
      .filter((charge) => recurs(charge) && charge.model !== 'percentage')
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
          quantity: isCounted(charge) ? owner.quantity : 1,
          unitPrice,
          amount,
          words,
        };
      });
  return {
    recurring: owners.flatMap((owner) => linesOf(owner, recurs)),
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
  invariant(
    Number.isSafeInteger(quantity) && quantity >= 1,
    () => `a quantity is a whole number from 1, got ${quantity}`,
  );
  return timesDecimal(unitAmount, model === 'flat' ? 1 : quantity);
}

const nameOf = ({ name, phase }: Terms): string => (phase ? `${name}, ${phase.name}` : name);

/** What is had, in a few words that no language has to translate: "3 × Team + 2 × Backup + Support". */
export function describe(terms: Terms, quantity: number): string {
  const name = nameOf(terms);
  if (isSingle(terms)) return terms.model === 'flat' || quantity === 1 ? name : `${quantity} × ${name}`;
  return [{ ...terms, name, quantity }, ...(terms.addOns ?? [])].map(named).join(' + ');
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
export const isMetered = ({ meter }: Charge): boolean => meter !== undefined;
const recurs = (charge: Charge): boolean => !isFee(charge) && !isMetered(charge);
/** Whether what it costs depends on how many there are. */
export const isCounted = (charge: Charge): boolean =>
  !isMetered(charge) && charge.model !== 'flat' && charge.model !== 'percentage';

/** What is billed by what was used. `id` names it among all that a subscription pays. */
export function meteredOf(terms: Terms): { id: string; description: string; charge: Charge }[] {
  const of = (owner: Owner, path: string) =>
    chargesOf(owner)
      .filter(isMetered)
      .map((charge) => ({ id: `${path}${charge.id}`, description: `${owner.name}: ${charge.name}`, charge }));
  return [
    ...of({ ...terms, name: nameOf(terms), quantity: 1 }, ''),
    ...(terms.addOns ?? []).flatMap((addOn) => of(addOn, `${addOn.id}/`)),
  ];
}

/** A single price is a list of one, named after what it is the price of. */
export function chargesOf(priced: { name: string } & Priced): readonly Charge[] {
  if ('charges' in priced) return priced.charges;
  const { name, model, unitAmount } = priced;
  return [{ id: 'price', name, model, unitAmount }];
}

function named(owner: Owner): string {
  const { name, quantity } = owner;
  invariant(
    Number.isSafeInteger(quantity) && quantity >= 1,
    () => `a quantity is a whole number from 1, got ${quantity}`,
  );
  return quantity === 1 || !chargesOf(owner).some(isCounted) ? name : `${quantity} × ${name}`;
}

/** Whose revenue a line is, and how it is taxed. */
export const saleOf = ({
  product,
  taxCategory,
  taxInclusive,
}: Terms): Pick<InvoiceLine, 'product' | 'taxCategory' | 'taxInclusive'> => ({
  product,
  ...(taxCategory && { taxCategory }),
  ...(taxInclusive && { taxInclusive }),
});
