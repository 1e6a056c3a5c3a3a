import { invalid } from './errors.ts';
import { itemsOf, periodEnd } from './subscription.ts';
import type { Creating, Updating } from './subscription-params.ts';
import type { Subscription } from './wire.ts';

type Asked = Pick<Creating | Updating, 'cancel_at' | 'cancel_at_period_end'>;

/** When a subscription is to end: at its period's end, or at a time of its own; and since when that is known. */
export function cancelTimes(before: Subscription, { cancel_at, cancel_at_period_end }: Asked, at: number) {
  if (cancel_at === undefined && cancel_at_period_end === undefined) return {};
  if (typeof cancel_at === 'number' && cancel_at <= at) {
    throw invalid('`cancel_at` must be in the future.', { param: 'cancel_at' });
  }
  const ends = cancel_at_period_end === true ? periodEnd(before) : timeMeant(before, cancel_at ?? null);
  const reason = ends === null ? null : ('cancellation_requested' as const);
  return {
    cancel_at: ends,
    cancel_at_period_end: cancel_at_period_end ?? false,
    canceled_at: ends === null ? null : at,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...before.cancellation_details,
      reason,
    },
  };
}

function timeMeant(before: Subscription, cancel_at: number | string | null): number | null {
  if (cancel_at === 'min_period_end') return periodEnd(before);
  if (cancel_at === 'max_period_end')
    return Math.max(...itemsOf(before).map(({ current_period_end }) => current_period_end));
  return cancel_at as number | null;
}
