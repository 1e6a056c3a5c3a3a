/** What a decision has to know of what others share. The workflow asks before it decides, and so does a preview. */
import type { Db } from '../db/client.ts';
import { usedUpOf } from '../db/coupons.ts';
import { customerCredit } from '../db/customer-credit.ts';
import { taxFactsOf } from '../db/tax-facts.ts';
import { inTenant } from '../db/tenant.ts';
import { trialUsedAt } from '../db/trials.ts';
import type { Parties } from '../domain/parties.ts';
import type { Shared, Wanted } from '../domain/shared.ts';
import type { Identity } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import type { Processors } from '../processors/processors.ts';
import type { Taxes } from '../tax/taxes.ts';

type Deps = { db: Db; processors: Processors; taxes: Pick<Taxes, 'calculator'> };
type Whose = Pick<Identity, 'tenant' | 'mode' | 'customer' | 'processor' | 'currency'>;

/** With the versions of seller and buyer that the taxes follow from, for an invoice to name. */
export async function sharedFacts(
  { db, processors, taxes }: Deps,
  whose: Whose,
  { redemptions = [], trialOf }: Wanted,
  at: Instant,
): Promise<Shared & { parties: Parties }> {
  const { customer, currency } = whose;
  const { processor } = processors.of(whose);
  const { known, facts, parties } = await inTenant(db, whose, async (trx) => {
    const usedUp = await usedUpOf(trx, customer, redemptions);
    const known = {
      credit: await customerCredit(trx, customer, currency),
      minimumCharge: processor.capabilities.minimumCharge(currency),
      chargeStep: processor.capabilities.chargeStep(currency),
      ...(trialOf !== undefined && { trialUsedAt: await trialUsedAt(trx, customer, trialOf) }),
      ...(Object.keys(usedUp).length > 0 && { usedUp }),
    };
    return { known, ...(await taxFactsOf(trx, { customer, at })) };
  });
  // Asked once the transaction is over: a calculator outside may take its time.
  const tax = facts && (await taxes.calculator.rulesFor(facts));
  return { ...known, tax, parties };
}
