import { accessLadder } from './dunning.ts';
import type { PastDue, Subscription } from './subscription.ts';
import type { Instant } from './time.ts';

export type Access = { level: 'full' | 'grace' | 'restricted' | 'none'; until: Instant | null };

/** What the customer may use: a function of the state and of how long a debt is overdue, never a status of its own. */
export function accessOf(subscription: Subscription, at: Instant): Access {
  switch (subscription.state) {
    case 'trialing':
      return { level: 'full', until: subscription.period.end };
    case 'active':
      return { level: 'full', until: subscription.cancelAt };
    case 'past_due':
      return ofDebtor(subscription, at);
    case 'draft':
    case 'incomplete':
    case 'unpaid':
    case 'paused':
    case 'canceled':
      return { level: 'none', until: null };
  }
}

function ofDebtor(state: PastDue, at: Instant): Access {
  const { graceUntil, restrictedUntil } = accessLadder(state);
  const hold = state.dunning?.hold;
  const isGrace = (hold?.since ?? at) < graceUntil;
  const until = isGrace ? graceUntil : restrictedUntil;
  return { level: isGrace ? 'grace' : 'restricted', until: hold ? hold.until : until };
}

/** When access ends if nothing more is paid: with its planned end, or when the grace after what is paid for is over. */
export function lastsUntil(subscription: Subscription): Instant | null {
  switch (subscription.state) {
    case 'trialing':
    case 'active': {
      const { cancelAt, period, timeZone } = subscription;
      return cancelAt ?? accessLadder({ since: period.end, timeZone }).graceUntil;
    }
    case 'past_due':
      return subscription.dunning?.hold?.until ?? accessLadder(subscription).restrictedUntil;
    case 'draft':
    case 'incomplete':
    case 'unpaid':
    case 'paused':
    case 'canceled':
      return null;
  }
}
