/**
 * Monthly recurring revenue: what a subscription comes to in a month as it stands now. Every choice that other programs
 * make otherwise is stated in `docs/conventions.md`.
 */
import { discounted, discountsOn } from './discount.ts';
import { prorate } from './money.ts';
import { periodLines } from './price-book.ts';
import { type Accepted, isAccepted, type Subscription } from './subscription.ts';
import type { Interval } from './time.ts';

/** Minor units of the subscription's currency. Zero for whoever pays nothing now: not yet, not for a while, or no more. */
export function monthlyRecurring(subscription: Subscription): number {
  if (!isAccepted(subscription)) return 0;
  switch (subscription.state) {
    case 'active':
    case 'past_due':
      return perMonth(recurringOf(subscription), subscription.terms.interval);
    case 'incomplete':
    case 'trialing':
    case 'unpaid':
    case 'paused':
    case 'canceled':
      return 0;
  }
}

/** What a whole period comes to, without fees, less the discounts that come with every period. */
function recurringOf({ terms, quantity, discounts, currency }: Accepted): number {
  const lasting = discountsOn(discounts, terms.planId).filter(({ duration }) => duration !== 'once');
  const lines = periodLines(terms, quantity).recurring.map(({ amount }) => ({ amount, period: WHOLE_PERIOD }));
  return discounted(lines, lasting, currency).reduce((sum, { amount, discount = 0 }) => sum + amount - discount, 0);
}

const WHOLE_PERIOD = {};

/** A year of 12 months, 4 quarters and 365 days; a week is 7 of these. */
export function perMonth(amount: number, { unit, count }: Interval): number {
  switch (unit) {
    case 'month':
      return prorate(amount, 1, count);
    case 'quarter':
      return prorate(amount, 1, 3 * count);
    case 'year':
      return prorate(amount, 1, 12 * count);
    case 'week':
      return prorate(amount, 365, 12 * 7 * count);
    case 'day':
      return prorate(amount, 365, 12 * count);
  }
}

/** How it came to be another. Something that was lost and comes back is not new. */
export type MrrMovementKind = 'new' | 'expansion' | 'contraction' | 'churn' | 'reactivation';
