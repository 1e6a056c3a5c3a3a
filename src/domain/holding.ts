/** Discounts come and go while a subscription runs. What they take off is in discount.ts. */
import { notForPlan } from './coupon.ts';
import { applied, type Because, type Decision, refused, refusedFor } from './decision.ts';
import type { HeldDiscount } from './discount.ts';
import type { Effect } from './effect.ts';
import type { InputOf } from './input.ts';
import type { Refusal } from './refusal.ts';
import type { Shared } from './shared.ts';
import type { Accepted, Subscription } from './subscription.ts';

/** A workflow carries them along. */
const MOST_HELD = 10;

type Held = Extract<Subscription, Accepted>;

/** From now on, for the invoices that are still to come. */
export function applyDiscount(state: Held, { discount, at, shared }: InputOf<'apply_discount'>): Decision {
  const held = state.discounts ?? [];
  const refusal = cannotHold([...held, discount], state, shared);
  if (refusal) return refusedFor(refusal);
  const told: Effect = {
    type: 'announce',
    event: 'subscription.discount_applied',
    data: { coupon: discount.coupon },
    at,
  };
  const next = { ...state, discounts: [...held, discount] };
  return applied('discount.applied', next, [redemptionOf(discount), told], becauseOf(discount));
}

export function removeDiscount(state: Held, { coupon, at }: InputOf<'remove_discount'>): Decision {
  const held = state.discounts ?? [];
  const found = held.find((each) => each.coupon === coupon);
  if (!found) {
    const others = held.map((each) => each.coupon).join(', ') || 'none';
    return refused('discount_not_held', `cannot remove ${coupon}: the discounts held are ${others}`, 'couponId');
  }
  const told: Effect = { type: 'announce', event: 'subscription.discount_removed', data: { coupon }, at };
  return applied(
    'discount.removed',
    { ...state, discounts: held.filter((each) => each !== found) },
    [told],
    becauseOf(found),
  );
}

/** Why these can't be held together, on this plan, now that others have redeemed them, too. */
export function cannotHold(
  discounts: readonly HeldDiscount[],
  { terms }: Pick<Accepted, 'terms'>,
  shared: Shared | undefined,
): Refusal | null {
  if (discounts.length > MOST_HELD) {
    return {
      code: 'too_many_discounts',
      detail: `these were ${discounts.length} discounts, and ${MOST_HELD} are the most`,
      path: fieldOf(discounts.at(-1)!),
    };
  }
  for (const [i, held] of discounts.entries()) {
    const { coupon, kind } = held;
    if (discounts.findIndex((other) => other.coupon === coupon) < i) {
      return {
        code: 'discount_held',
        detail: `${coupon} is held already, since ${new Date(held.since).toISOString()}`,
        path: fieldOf(held),
      };
    }
    if ('currency' in kind && kind.currency !== terms.currency) {
      const detail = `the coupon is in ${kind.currency}, and the plan costs ${terms.currency}`;
      return { code: 'coupon_not_in_currency', detail, path: fieldOf(held) };
    }
  }
  const last = discounts.at(-1);
  if (last?.plans && !last.plans.includes(terms.planId)) {
    return { ...notForPlan(last.plans, terms.planId), path: fieldOf(last) };
  }
  return usedUp(discounts, shared);
}

/** By which it was asked for. */
const fieldOf = ({ promotionCode }: HeldDiscount): string =>
  promotionCode === undefined ? 'couponId' : 'promotionCode';

/** Somebody else was faster, and had the last one. */
function usedUp(discounts: readonly HeldDiscount[], shared: Shared | undefined): Refusal | null {
  for (const held of discounts) {
    const limit = shared?.usedUp?.[held.coupon];
    if (limit) return { ...limit, path: fieldOf(held) };
  }
  return null;
}

/** Counted by the database in the transaction that stores this: where a limit is reached, nothing of it is stored. */
export const redemptionOf = ({ coupon, promotionCode, since }: HeldDiscount): Effect => ({
  ...{ type: 'redeem', coupon, promotionCode: promotionCode ?? null, at: since },
});

const becauseOf = ({ coupon, name, kind, duration, promotionCode }: HeldDiscount): Because => ({
  ...{ coupon, name, promotionCode: promotionCode ?? null },
  off: 'percent' in kind ? `${kind.percent}%` : `${kind.amount} ${kind.currency}`,
  duration: typeof duration === 'string' ? duration : `${duration.periods} periods`,
});
