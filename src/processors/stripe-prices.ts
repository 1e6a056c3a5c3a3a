/** A plan of our price book as a price at Stripe. What was sold never changes, so a version of the book has its own. */
import type Stripe from 'stripe';
import type { Mode, TenantId } from '../domain/ids.ts';
import { invariant } from '../domain/invariant.ts';
import type { Terms } from '../domain/price-book.ts';
import { beyondOnePrice, isPriced, not } from './one-price.ts';
import type { Uncarried } from './processor.ts';
import { keyFor } from './processor-key.ts';
import { chargeStep, readAmount } from './stripe-amounts.ts';
import { asking } from './stripe-errors.ts';

type Scope = { tenant: TenantId; mode: Mode };

export function uncarried(terms: Terms, quantity: number): Uncarried | null {
  const beyond = beyondOnePrice(terms, quantity);
  if (beyond) return beyond;
  // Fractions of a minor unit mean another thing where Stripe counts in other units than we do.
  if (chargeStep(terms.currency) !== 1 || readAmount(1, terms.currency) !== 1) {
    return not('planId', 'currencies counted as ISO 4217 does', terms.currency);
  }
  return null;
}

/** Found by its key, or made: of two that make it at once one gets the other's. */
export async function ensurePrice(stripe: Stripe, scope: Scope, terms: Terms): Promise<string> {
  invariant(isPriced(terms), 'only one price is carried');
  const { planId, priceBookId, currency, interval, unitAmount, taxInclusive } = terms;
  const key = `${scope.tenant}/${scope.mode}/${priceBookId}/${planId}/${currency}`;
  const { data } = await asking(() => stripe.prices.list({ lookup_keys: [key], limit: 1 }));
  if (data[0]) return data[0].id;
  const product = await ensureProduct(stripe, scope, terms);
  const { id } = await asking(() =>
    stripe.prices.create(
      {
        ...{ product, currency, lookup_key: key },
        unit_amount_decimal: unitAmount as unknown as Stripe.PriceCreateParams['unit_amount_decimal'] & string,
        recurring: {
          interval: interval.unit === 'quarter' ? 'month' : interval.unit,
          interval_count: interval.unit === 'quarter' ? 3 * interval.count : interval.count,
        },
        tax_behavior: taxInclusive ? 'inclusive' : 'exclusive',
        metadata: { hydra_price_book: priceBookId, hydra_plan: planId },
      },
      { idempotencyKey: keyFor(scope, `price/${priceBookId}/${planId}/${currency}`) },
    ),
  );
  return id;
}

async function ensureProduct(stripe: Stripe, scope: Scope, { priceBookId, planId, name }: Terms): Promise<string> {
  const { id } = await asking(() =>
    stripe.products.create(
      { name, metadata: { hydra_tenant: scope.tenant, hydra_mode: scope.mode, hydra_plan: planId } },
      { idempotencyKey: keyFor(scope, `product/${priceBookId}/${planId}`) },
    ),
  );
  return id;
}
