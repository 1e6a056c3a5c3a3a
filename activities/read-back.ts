import { readPriceBook } from '../src/db/price-books.ts';
import { readSeller } from '../src/db/sellers.ts';
import { inTenant } from '../src/db/tenant.ts';
import type { SeenSubscription } from '../src/domain/followed.ts';
import type { Followable } from '../src/domain/input.ts';
import { type Terms, termsOf } from '../src/domain/price-book.ts';
import type { OutsideDeps } from './charge.ts';
import { collectorOf } from './collector.ts';
import type { Activities, Call, EffectOf } from './contract.ts';
import { withTrouble } from './trouble.ts';

type ReadBack = Call<EffectOf<'read_back'>>;

/** How an object of the processor's is now. What it no longer has, it has no news of. */
export const createReadBack =
  (deps: OutsideDeps): Activities['read_back'] =>
  (call) =>
    withTrouble(async (): Promise<Followable[]> => {
      const { what, theirs, version } = call.effect;
      const { id: subscription, tenant, mode } = call.subscription;
      const whose = { tenant, mode, subscription };
      const collector = await collectorOf(deps, call.subscription);
      const asked = <T extends { version: number }>(look: T) => ({
        ...look,
        ...{ read: version, version: Math.max(version, look.version) },
      });
      if (what === 'subscription') {
        const found = await collector.readSubscription(theirs, whose);
        if (!found) return [];
        const terms = await termsSold(deps, call, found);
        return [{ type: 'subscription_seen', seen: asked(found), ...(terms && { terms }) }];
      }
      const found = await collector.readInvoice(theirs, whose);
      if (!found) return [];
      return [
        ...found.payments.map((seen): Followable => ({ type: 'payment_seen', seen })),
        { type: 'invoice_seen', seen: asked(found.invoice) },
      ];
    });

/** The customer may have changed to another plan at the processor: its terms are in the price book. */
const termsSold = (
  { db }: OutsideDeps,
  { subscription }: ReadBack,
  { plan: sold }: SeenSubscription,
): Promise<Terms | null> =>
  inTenant(db, subscription, async (trx) => {
    const book = sold && (await readPriceBook(trx, sold.book));
    const plan = book?.document.plans.find(({ id }) => id === sold?.id);
    if (!book || !plan) return null;
    const unsaid = (await readSeller(trx))?.seller.taxBehavior;
    return termsOf(plan, book.id, subscription.currency, book.document, unsaid);
  });
