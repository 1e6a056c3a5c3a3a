/**
 * What is done about a debt: when it is tried again, what the customer may use meanwhile, and how it ends. A tenant says
 * it in policies of its own; where it has said nothing, the product's default holds.
 */
import type { DunningPolicyId } from './ids.ts';
import type { DeclineClass } from './input.ts';
import type { Terms } from './price-book.ts';
import { addDays, dayOf, daysBetween, HOUR, type Instant, instantOf, plusDays, type TimeZone } from './time.ts';

export const RETRIED = [
  'soft',
  'insufficient_funds',
  'hard',
  'card_replaced',
  'authentication_required',
  'fraud_suspected',
  'processor_trouble',
] as const satisfies readonly DeclineClass[];
export type RetriedClass = (typeof RETRIED)[number];

/** Local days after the first failure. `payday`: each waits for the next day on which money is likely to have come. */
export type RetryLadder = { days: readonly number[]; payday?: boolean | undefined };

export const DUNNING_ENDS = ['unpaid', 'cancel', 'pause', 'downgrade'] as const;
export type DunningEnd = (typeof DUNNING_ENDS)[number];

export type DunningPolicy = {
  /** Its versions share it. The one that is called `default` holds for whoever no other is for. */
  name: string;
  /** Whom it is for: who has one of these plans; and else customers of these segments. */
  plans?: readonly string[] | undefined;
  segments?: readonly string[] | undefined;
  localHour: number;
  /** A class that is missing is not tried again: the customer has to do something. */
  retries: { readonly [Class in RetriedClass]?: RetryLadder | undefined };
  /** Whether the customer's other methods are tried where one fails. */
  fallbacks: boolean;
  access: { graceDays: number; restrictedDays: number };
  end: DunningEnd;
  /** What one is moved to where it ends in a downgrade. */
  baselinePlanId?: string | undefined;
};

/** What a debt is dunned by, whoever's it is. */
export type Rules = Omit<DunningPolicy, 'plans' | 'segments'>;

/** A published version, as a subscription holds it from the day on which its debt begins. */
export type HeldPolicy = Rules & {
  id: DunningPolicyId;
  version: number;
  /** Of the baseline plan, where it is sold in the subscription's currency. */
  baseline?: Terms;
};

/** The ladder that a debt is on. */
export type Dunning = {
  /** Null where the tenant had none. */
  policy: HeldPolicy | null;
  /** When the customer is told that the grace is about to end; null once that was done. */
  remindAt: Instant | null;
  /** An operator has given until then. */
  graceUntil?: Instant;
  /** Stopped by an operator. */
  hold?: { since: Instant; until: Instant | null };
  /** So long it was on hold before. */
  heldFor?: number;
};

/**
 * Tries on days 0, 1, 3, 5, 7 and 14 after the first failure, at nine in the morning where the customer lives: full
 * access for a week, a restricted one for two more, then the debt stays and the service stops.
 */
export const DEFAULT_POLICY: Rules = {
  name: 'default',
  localHour: 9,
  retries: {
    soft: { days: [1, 3, 5, 7, 14] },
    insufficient_funds: { days: [1, 3, 5, 7, 14] },
    processor_trouble: { days: [1, 3, 5, 7, 14] },
  },
  fallbacks: false,
  access: { graceDays: 7, restrictedDays: 21 },
  end: 'unpaid',
};

type Failed = { decline: DeclineClass; failedAt: Instant; at: Instant; notBefore?: Instant | null | undefined };

/** When to try again, or null to stop. The ladder counts from the first failure, so a late answer doesn't stretch it. */
export function nextRetry(
  { decline, failedAt, at, notBefore }: Failed,
  timeZone: TimeZone,
  policy: Rules = DEFAULT_POLICY,
): Instant | null {
  const ladder = decline === 'no_payment_method' ? undefined : policy.retries[decline];
  if (!ladder) return null;
  const firstDay = dayOf(failedAt, timeZone);
  const lastDay = addDays(firstDay, policy.access.restrictedDays);
  const after = Math.max(at, (notBefore ?? at) - 1);
  const passed = daysBetween(firstDay, dayOf(after, timeZone));
  for (const days of ladder.days) {
    if (!ladder.payday && days < passed) continue;
    const planned = addDays(firstDay, days);
    const payday = ladder.payday ? nextPayday(planned) : planned;
    // One that comes when the ladder has ended helps nobody.
    const day = payday < lastDay ? payday : planned;
    const retryAt = instantOf(day, timeZone, policy.localHour * HOUR);
    if (retryAt > after) return retryAt;
  }
  return null;
}

/** Wages come on the first, the fifteenth and the last of a month; where that is no working day, on the one before. */
function nextPayday(from: string): string {
  for (let day = from; ; day = addDays(day, 1)) {
    const week = weekdayOf(day);
    if (week === 0 || week === 6) continue;
    const through = week === 5 ? 2 : 0;
    for (let ahead = 0; ahead <= through; ahead++) if (isPayday(addDays(day, ahead))) return day;
  }
}

const weekdayOf = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay();
const isPayday = (day: string): boolean =>
  day.endsWith('-01') || day.endsWith('-15') || addDays(day, 1).endsWith('-01');

type Owing = { since: Instant; timeZone: TimeZone; dunning?: Dunning };

export const policyOf = ({ dunning }: Pick<Owing, 'dunning'>): Rules => dunning?.policy ?? DEFAULT_POLICY;

/** How long access lasts, and how much of it: counted from the oldest debt's due date. What was on hold doesn't count. */
export function accessLadder(owing: Owing): { graceUntil: Instant; restrictedUntil: Instant } {
  const { since, timeZone, dunning } = owing;
  const { graceDays, restrictedDays } = policyOf(owing).access;
  const heldFor = dunning?.heldFor ?? 0;
  const graceUntil = Math.max(plusDays(since, graceDays, timeZone) + heldFor, dunning?.graceUntil ?? 0);
  return { graceUntil, restrictedUntil: Math.max(plusDays(since, restrictedDays, timeZone) + heldFor, graceUntil) };
}

/** So long before the grace ends the customer is told of it. */
export const GRACE_REMINDER_DAYS = 2;

/** The ladder of a debt that begins. Only where the policy was asked for is the customer told before the grace ends. */
export function beginDunning(
  policy: HeldPolicy | null,
  { since, timeZone, at }: { since: Instant; timeZone: TimeZone; at: Instant },
): Dunning {
  const { graceUntil } = accessLadder({ since, timeZone, dunning: { policy, remindAt: null } });
  const remindAt = plusDays(graceUntil, -GRACE_REMINDER_DAYS, timeZone);
  return { policy, remindAt: remindAt > at ? remindAt : null };
}
