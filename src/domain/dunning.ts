import type { DeclineClass } from './input.ts';
import { addDays, dayOf, HOUR, type Instant, instantOf, type TimeZone } from './time.ts';

/**
 * Tries on days 0, 1, 3, 5, 7 and 14 after the first failure, at nine in the morning where the customer lives: full
 * access for a week, a restricted one for two more, then the debt stays and the service stops.
 */
export const dunningPolicy = {
  retryDays: [1, 3, 5, 7, 14],
  localHour: 9,
  graceDays: 7,
  restrictedDays: 21,
} as const;

/** Trying these again by ourselves can't help: the customer has to do something. */
const STOPS: ReadonlySet<DeclineClass> = new Set([
  'hard',
  'card_replaced',
  'authentication_required',
  'fraud_suspected',
  'no_payment_method',
]);

/** When to try again, or null to stop. The ladder counts from the first failure, so a late answer doesn't stretch it. */
export function nextRetry(decline: DeclineClass, failedAt: Instant, now: Instant, timeZone: TimeZone): Instant | null {
  if (STOPS.has(decline)) return null;
  const firstDay = dayOf(failedAt, timeZone);
  for (const days of dunningPolicy.retryDays) {
    const at = instantOf(addDays(firstDay, days), timeZone, dunningPolicy.localHour * HOUR);
    if (at > now) return at;
  }
  return null;
}
