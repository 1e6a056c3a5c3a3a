/**
 * What a dunning policy would have made of failures that are known, or made up: the same ladder that live debts are on,
 * run over them. A failure says when a try would have passed; the policy says when there is one.
 */
import { DEFAULT_POLICY, nextRetry, RETRIED, type Rules } from './dunning.ts';
import type { DeclineClass } from './input.ts';
import { DAY, type Instant, plusDays, type TimeZone } from './time.ts';

export type Failure = {
  decline: DeclineClass;
  failedAt: Instant;
  timeZone: TimeZone;
  /** In minor units. */
  amount: number;
  /** A try in one of these spans passes; each is half-open. */
  passes: readonly { from: Instant; to: Instant }[];
  /** When the customer pays without a try of ours, once asked to; null where nobody does. */
  actsAt: Instant | null;
};

export type BacktestResult = {
  recovered: number;
  recoveredMinor: number;
  /** Tries after the first, the failed ones included. */
  retries: number;
  /** The middle of all that were recovered; null where none was. */
  medianDays: number | null;
  lost: number;
};

export function backtest(failures: readonly Failure[], policy: Rules): BacktestResult {
  const days: number[] = [];
  let [recoveredMinor, retries] = [0, 0];
  for (const failure of failures) {
    const { paidAt, tries } = liveThrough(failure, policy);
    retries += tries;
    if (paidAt === null) continue;
    recoveredMinor += failure.amount;
    days.push((paidAt - failure.failedAt) / DAY);
  }
  days.sort((a, b) => a - b);
  const recovered = days.length;
  const middle = days[recovered >> 1];
  return {
    ...{ recovered, recoveredMinor, retries, lost: failures.length - recovered },
    medianDays: middle === undefined ? null : Math.round(middle * 10) / 10,
  };
}

function liveThrough(failure: Failure, policy: Rules): { paidAt: Instant | null; tries: number } {
  const { decline, failedAt, timeZone, passes, actsAt } = failure;
  const end = plusDays(failedAt, policy.access.restrictedDays, timeZone);
  const byItself = actsAt !== null && actsAt < end ? actsAt : null;
  for (let [tries, at] = [0, failedAt]; ; tries++) {
    const next = nextRetry({ decline, failedAt, at }, timeZone, policy);
    if (next === null || next >= end || (byItself !== null && byItself <= next)) return { paidAt: byItself, tries };
    if (passes.some(({ from, to }) => from <= next && next < to)) return { paidAt: next, tries: tries + 1 };
    at = next;
  }
}

const all = (days: readonly number[], classes: readonly (typeof RETRIED)[number][] = RETRIED): Rules['retries'] =>
  Object.fromEntries(classes.map((decline) => [decline, { days }]));
const everyDay = Array.from({ length: 20 }, (_, i) => i + 1);

/** What a policy is held against. */
export const PEERS: readonly { name: string; policy: Rules }[] = [
  { name: 'default', policy: DEFAULT_POLICY },
  {
    name: 'default, on paydays',
    policy: {
      ...DEFAULT_POLICY,
      retries: { ...DEFAULT_POLICY.retries, insufficient_funds: { days: [1, 3, 5, 7, 14], payday: true } },
    },
  },
  {
    // Eight tries within two weeks, and none after a hard decline: https://docs.stripe.com/billing/revenue-recovery/smart-retries
    name: 'Stripe’s guidance',
    policy: {
      ...DEFAULT_POLICY,
      retries: all([1, 3, 5, 7, 8, 10, 12, 14], ['soft', 'insufficient_funds', 'processor_trouble']),
    },
  },
  { name: 'fixed 3-5-7', policy: { ...DEFAULT_POLICY, retries: all([3, 5, 7]) } },
  { name: 'every day', policy: { ...DEFAULT_POLICY, retries: all(everyDay) } },
];
