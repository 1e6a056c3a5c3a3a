/**
 * What subscriptions share: a customer's credit, who taxes them. A decision believes what was last known of it, which
 * goes along with the input, so that a stored input says all that its decision knew. `commit` looks whether it is still
 * so, and otherwise answers what is: then it is decided again.
 */
import type { Decided } from './decide-all.ts';
import type { Effect } from './effect.ts';
import type { CouponId, InvoiceId, PromotionCodeId } from './ids.ts';
import type { TaxRules } from './tax.ts';
import type { Instant } from './time.ts';

export type Shared = {
  /** What the customer may still use up, in the subscription's currency. */
  credit: number;
  /** Below it the processor takes nothing. */
  minimumCharge: number;
  /** And nothing but multiples of this. */
  chargeStep?: number;
  /** Null where the tenant has said nothing of taxes. */
  tax: TaxRules | null;
  /** Coupons of which this redemption would be one too many, and why. */
  usedUp?: Record<CouponId, { code: string; detail: string }> | undefined;
  /** When the customer's first trial of the product began. */
  trialUsedAt?: Instant | null;
};

export const NOTHING_SHARED: Shared = { credit: 0, minimumCharge: 0, tax: null };

/** When something happens, and what was known then of what others share. */
export type Moment = { at: number; shared?: Shared | undefined };

/** Which facts are to be read. */
export type Wanted = { invoices: InvoiceId[]; redemptions?: Redemption[]; trialOf?: string };

export type Redemption = { coupon: CouponId; promotionCode: PromotionCodeId | null };

/** What these decisions have to know of what others share; null where nothing. */
export function sharedWanted(decided: readonly Decided[]): Wanted | null {
  const effects = decided.flatMap(({ decision }) => (decision.outcome === 'applied' ? decision.effects : []));
  const redemptions = effects.filter((effect) => effect.type === 'redeem');
  const named = redemptions.map(({ coupon, promotionCode }) => ({ coupon, promotionCode }));
  const trialOf = trialIn(decided);
  if (named.length === 0 && trialOf === null && !effects.some(needsShared)) return null;
  return {
    invoices: [],
    ...(named.length > 0 && { redemptions: named }),
    ...(trialOf !== null && { trialOf }),
  };
}

/** A trial is begun only by who has had none. */
function trialIn(decided: readonly Decided[]): string | null {
  for (const { input } of decided) {
    if (input.type === 'subscribe' && input.trial && input.trialDays > 0) return input.terms.product;
  }
  return null;
}

const needsShared = ({ type }: Effect): boolean => type === 'issue_invoice' || type === 'draft_invoice';

export const isSame = (a: Shared, b: Shared | null): boolean =>
  JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));

/** A way through jsonb or another encoder may change the order of the keys. */
const inOrder = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(inOrder)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, each]) => [key, inOrder(each)]),
        )
      : value;

/** What was used up for one redemption may be there for the next. */
export const withoutLimits = ({ usedUp: _, ...shared }: Shared): Shared => shared;

/** Of two invoices in one step the second finds what the first has left. */
export const afterSpending = (shared: Shared, effects: readonly Effect[]): Shared => {
  const used = effects.reduce(
    (sum, effect) => sum + (effect.type === 'issue_invoice' ? effect.invoice.creditApplied : 0),
    0,
  );
  return used === 0 ? shared : { ...shared, credit: shared.credit - used };
};
