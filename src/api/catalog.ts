/** From a plan's name to what it costs this customer. */
import { clockedNow } from '../db/clocks.ts';
import { priceBookAt } from '../db/price-books.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import type { Currency } from '../domain/currency.ts';
import type { CustomerId } from '../domain/ids.ts';
import { type Plan, type Terms, termsOf } from '../domain/price-book.ts';
import type { Instant } from '../domain/time.ts';
import { Problem } from './problem.ts';
import type { Call } from './route.ts';

/** The clock's time for a customer who lives by one, else the wall's. */
export const nowOf = async (trx: Trx, customer: CustomerId): Promise<Instant> =>
  (await clockedNow(trx, customer)) ?? Date.now();

export const offerFor = (
  call: Call,
  customer: CustomerId,
  planId: string,
  currency: Currency,
): Promise<{ plan: Plan; terms: Terms }> =>
  inTenant(call.parts.db, call.scope, async (trx) => {
    const book = await priceBookAt(trx, new Date(await nowOf(trx, customer)));
    const plan = book?.document.plans.find(({ id }) => id === planId);
    if (!book || !plan) {
      throw new Problem(422, 'unknown_plan', 'no such plan in the price book that is in effect', {
        errors: [{ path: 'planId', message: 'no such plan' }],
      });
    }
    const terms = termsOf(plan, book.id, currency);
    if (!terms) throw new Problem(422, 'plan_not_in_currency', `the plan has no price in ${currency}`);
    return { plan, terms };
  });
