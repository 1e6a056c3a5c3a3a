/** From a plan's name to what it costs this customer. */
import { clockedNow } from '../db/clocks.ts';
import { priceBookAt, readPriceBook } from '../db/price-books.ts';
import { readSeller } from '../db/sellers.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import type { Currency } from '../domain/currency.ts';
import type { CustomerId } from '../domain/ids.ts';
import { type ChosenAddOn, type Plan, type Terms, termsOf, withAddOns } from '../domain/price-book.ts';
import type { Instant } from '../domain/time.ts';
import { badField } from './problem.ts';
import type { Call } from './route.ts';

/** The clock's time for a customer who lives by one, else the wall's. */
export const nowOf = async (trx: Trx, customer: CustomerId): Promise<Instant> =>
  (await clockedNow(trx, customer)) ?? Date.now();

export const offerFor = (
  call: Call,
  customer: CustomerId,
  { planId, currency, addOns }: { planId: string; currency: Currency; addOns: readonly ChosenAddOn[] },
): Promise<{ plan: Plan; terms: Terms }> =>
  inTenant(call.parts.db, call.scope, async (trx) => {
    const book = await priceBookAt(trx, new Date(await nowOf(trx, customer)));
    const plan = book?.document.plans.find(({ id }) => id === planId);
    if (!book || !plan) {
      const sold = book?.document.plans.map(({ id }) => id).join(', ') || 'none';
      const message = `is ${planId}, and the plans of the price book in effect are ${sold}`;
      throw badField('planId', message, 'unknown_plan', 422);
    }
    const unsaid = (await readSeller(trx))?.seller.taxBehavior;
    const terms = termsOf(plan, book.id, currency, book.document, unsaid);
    if (!terms) {
      const sold = [...new Set(plan.prices.map((price) => price.currency))].join(', ');
      const message = `is ${planId}, which is sold in ${sold}, and the customer pays ${currency}`;
      throw badField('planId', message, 'plan_not_in_currency', 422);
    }
    return { plan, terms: termsWith(terms, plan, addOns) };
  });

/** Other add-ons on the plan that is held: from the version of the price book that it was sold on. */
export const withOtherAddOns = (call: Call, terms: Terms, addOns: readonly ChosenAddOn[]): Promise<Terms> =>
  inTenant(call.parts.db, call.scope, async (trx) => {
    const book = await readPriceBook(trx, terms.priceBookId);
    const plan = book?.document.plans.find(({ id }) => id === terms.planId);
    if (!plan) throw new Error(`${terms.planId} is sold on ${terms.priceBookId}, which does not have it`);
    return termsWith(terms, plan, addOns);
  });

function termsWith(terms: Terms, plan: Plan, addOns: readonly ChosenAddOn[]): Terms {
  const found = withAddOns(terms, plan, addOns);
  if ('terms' in found) return found.terms;
  const i = addOns.findIndex(({ id }) => id === found.unknown);
  const message = `is ${found.unknown}, which the plan ${plan.id} does not sell in ${terms.currency}`;
  throw badField(`addOns.${i}.id`, message, 'unknown_add_on', 422);
}
