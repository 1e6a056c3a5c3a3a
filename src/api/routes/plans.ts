/** What a customer can buy, in their currency. */
import { priceBookAt } from '../../db/price-books.ts';
import { readSeller } from '../../db/sellers.ts';
import { inTenant } from '../../db/tenant.ts';
import {
  chargesOf,
  isCounted,
  isFee,
  type Plan,
  type Priced,
  periodLines,
  periodPrice,
  type Terms,
  termsOf,
  withAddOns,
} from '../../domain/price-book.ts';
import { nowOf } from '../catalog.ts';
import { AGENTS, ok, route } from '../route.ts';
import { offeredPlan } from '../schemas/plans.ts';
import { listOf } from '../schemas.ts';
import { actingCustomer } from './subscribe.ts';

const list = route({
  method: 'get',
  path: '/api/billing/plans',
  tag: 'Subscriptions',
  summary: 'List the plans on sale',
  about: 'Those of the price book in effect that have a price in the customer’s currency.',
  who: ['customer', ...AGENTS],
  grant: 'price_books:read',
  actsOnCustomer: true,
  answers: { 200: { about: 'In the order of the price book.', schema: listOf(offeredPlan, 'OfferedPlan') } },
  async handle(call) {
    const { id, currency } = await actingCustomer(call);
    const { book, unsaid } = await inTenant(call.parts.db, call.scope, async (trx) => ({
      book: await priceBookAt(trx, new Date(await nowOf(trx, id))),
      unsaid: (await readSeller(trx))?.seller.taxBehavior,
    }));
    const plans = book?.document.plans ?? [];
    const data = plans.flatMap((plan) => {
      const terms = termsOf(plan, book!.id, currency, book!.document, unsaid);
      return terms ? [offered(plan, terms)] : [];
    });
    return ok({ data, nextCursor: null });
  },
});

function offered(plan: Plan, terms: Terms) {
  const money = (amount: number) => ({ amount, currency: terms.currency });
  const { id, name, product, interval } = plan;
  const price = periodPrice(terms, 1);
  const addOns = (plan.addOns ?? []).flatMap((addOn) => {
    const found = withAddOns(terms, plan, [{ id: addOn.id, quantity: 1 }]);
    if (!('terms' in found)) return [];
    const { name: title, prices } = addOn;
    const perUnit = isPerUnit({ name: title, ...prices.find((each) => each.currency === terms.currency)! });
    return [{ id: addOn.id, name: title, price: money(periodPrice(found.terms, 1) - price), perUnit }];
  });
  return {
    ...{ id, name, product, interval, price: money(price), addOns },
    fees: money(periodLines(terms, 1).fees.reduce((sum, { amount }) => sum + amount, 0)),
    perUnit: isPerUnit(terms),
    tiered: isPerUnit(terms) && !('model' in terms && terms.model === 'per_unit'),
    trialDays: plan.trial?.days ?? plan.trialDays ?? 0,
  };
}

const isPerUnit = (priced: { name: string } & Priced): boolean =>
  chargesOf(priced).some((charge) => isCounted(charge) && !isFee(charge));

export const planRoutes = [list];
