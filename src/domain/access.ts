import { dunningPolicy } from './dunning.ts';
import type { Subscription } from './subscription.ts';
import { type Instant, plusDays } from './time.ts';

export type Access = { level: 'full' | 'grace' | 'restricted' | 'none'; until: Instant | null };

/** What the customer may use: a function of the state and of how long a debt is overdue, never a status of its own. */
export function accessOf(subscription: Subscription, at: Instant): Access {
  switch (subscription.state) {
    case 'trialing':
      return { level: 'full', until: subscription.period.end };
    case 'active':
      return { level: 'full', until: subscription.cancelAt };
    case 'past_due': {
      const { graceUntil, restrictedUntil } = accessLadder(subscription.since, subscription.timeZone);
      return at < graceUntil ? { level: 'grace', until: graceUntil } : { level: 'restricted', until: restrictedUntil };
    }
    case 'draft':
    case 'incomplete':
    case 'unpaid':
    case 'paused':
    case 'canceled':
      return { level: 'none', until: null };
  }
}

export const accessLadder = (since: Instant, timeZone: string) => ({
  graceUntil: plusDays(since, dunningPolicy.graceDays, timeZone),
  restrictedUntil: plusDays(since, dunningPolicy.restrictedDays, timeZone),
});
