/** What a decision has to know of what others share. The workflow asks before it decides, and so does a preview. */
import type { Db } from '../db/client.ts';
import { usedUpOf } from '../db/coupons.ts';
import { customerCredit } from '../db/customer-credit.ts';
import { taxRulesFor } from '../db/tax-facts.ts';
import { inTenant } from '../db/tenant.ts';
import type { Shared, Wanted } from '../domain/shared.ts';
import type { Identity } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import type { Processors } from '../processors/processors.ts';

type Deps = { db: Db; processors: Processors };
type Whose = Pick<Identity, 'tenant' | 'mode' | 'customer' | 'processor' | 'currency'>;

export async function sharedFacts(
  { db, processors }: Deps,
  whose: Whose,
  { redemptions = [] }: Wanted,
  at: Instant,
): Promise<Shared> {
  const { customer, currency } = whose;
  const { processor } = processors.of(whose);
  return inTenant(db, whose, async (trx) => {
    const usedUp = await usedUpOf(trx, customer, redemptions);
    return {
      credit: await customerCredit(trx, customer, currency),
      minimumCharge: processor.capabilities.minimumCharge(currency),
      tax: await taxRulesFor(trx, { customer, at }),
      ...(Object.keys(usedUp).length > 0 && { usedUp }),
    };
  });
}
