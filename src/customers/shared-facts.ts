/** What a decision has to know of what others share. The workflow asks before it decides, and so does a preview. */
import type { Db } from '../db/client.ts';
import { usedUpOf } from '../db/coupons.ts';
import { readCreditables, readRefundable } from '../db/creditable.ts';
import { customerCredit } from '../db/customer-credit.ts';
import { policyInForce } from '../db/dunning-policies.ts';
import { methodFacts } from '../db/method-facts.ts';
import { priceBookAt } from '../db/price-books.ts';
import { taxFactsOf } from '../db/tax-facts.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import { trialUsedAt } from '../db/trials.ts';
import { usageFacts } from '../db/usage-seals.ts';
import type { HeldPolicy } from '../domain/dunning.ts';
import type { SubscriptionId } from '../domain/ids.ts';
import type { Parties } from '../domain/parties.ts';
import { termsOf } from '../domain/price-book.ts';
import type { Books, BookWish, Shared, Wanted } from '../domain/shared.ts';
import type { Identity } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import type { Processors } from '../processors/processors.ts';
import type { Taxes } from '../tax/taxes.ts';

type Deps = { db: Db; processors: Processors; taxes: Pick<Taxes, 'calculator'> };
type Whose = Pick<Identity, 'id' | 'tenant' | 'mode' | 'customer' | 'processor' | 'currency'>;

/** With the versions of seller and buyer that the taxes follow from, for an invoice to name. */
export async function sharedFacts(
  { db, processors, taxes }: Deps,
  whose: Whose,
  wanted: Wanted,
  at: Instant,
): Promise<Shared & { parties: Parties }> {
  const { customer, currency } = whose;
  const { processor } = await processors.of(whose);
  const { known, facts, parties } = await inTenant(db, whose, async (trx) => {
    const usedUp = await usedUpOf(trx, customer, wanted.redemptions ?? []);
    const known = {
      credit: await customerCredit(trx, customer, currency),
      minimumCharge: processor.capabilities.minimumCharge(currency),
      chargeStep: processor.capabilities.chargeStep(currency),
      ...(wanted.trialOf !== undefined && { trialUsedAt: await trialUsedAt(trx, customer, wanted.trialOf) }),
      ...(Object.keys(usedUp).length > 0 && { usedUp }),
      ...(wanted.dunning && { dunning: await dunningFor(trx, whose, wanted.dunning, at) }),
      ...(wanted.methods && { methods: await methodFacts(trx, whose, at) }),
      ...(wanted.usage && { usage: await usageFacts(trx, whose, wanted.usage) }),
      ...(wanted.books && { books: await booksFor(trx, whose.id, wanted.books) }),
    };
    return { known, ...(await taxFactsOf(trx, { customer, at })) };
  });
  // Asked once the transaction is over: a calculator outside may take its time.
  const tax = facts && (await taxes.calculator.rulesFor(facts));
  return { ...known, tax, parties };
}

/** With the prices of its baseline plan, as they are sold at that moment in the subscription's currency. */
async function dunningFor(
  trx: Trx,
  { customer, currency }: Whose,
  { plan }: NonNullable<Wanted['dunning']>,
  at: Instant,
): Promise<HeldPolicy | null> {
  const policy = await policyInForce(trx, { plan, customer });
  if (!policy?.baselinePlanId) return policy;
  const book = await priceBookAt(trx, new Date(at));
  const baselinePlan = book?.document.plans.find(({ id }) => id === policy.baselinePlanId);
  const baseline = book && baselinePlan && termsOf(baselinePlan, book.id, currency, book.document);
  return { ...policy, ...(baseline && { baseline }) };
}

/** What only some decisions ask for: it goes along with the input, and it is stored. */
const booksFor = async (trx: Trx, subscription: SubscriptionId, of: BookWish): Promise<Books> => ({
  of,
  invoices: await readCreditables(trx, subscription, of),
  refundable: of.refundable ? await readRefundable(trx, subscription) : [],
});
