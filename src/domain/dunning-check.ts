/** What is wrong with a dunning policy: each field that nobody could be dunned by, with the values that disagree. */
import type { DunningPolicy, RetryLadder } from './dunning.ts';

export type PolicyProblem = { path: string; message: string };

/** A debt is over by then. */
export const LONGEST_DUNNING_DAYS = 365;
const MOST_TRIES = 20;

export function checkDunningPolicy(policy: DunningPolicy): PolicyProblem[] {
  const { localHour, access, retries, end, baselinePlanId } = policy;
  const { graceDays, restrictedDays } = access;
  return [
    ...(localHour < 0 || localHour > 23 ? problem('localHour', `is ${localHour}, and lies from 0 to 23`) : []),
    ...(graceDays < 0 ? problem('access.graceDays', `is ${graceDays}, and the least is 0`) : []),
    ...(restrictedDays < graceDays
      ? problem('access.restrictedDays', `is ${restrictedDays}, and graceDays is ${graceDays}: it ends no earlier`)
      : []),
    ...(restrictedDays > LONGEST_DUNNING_DAYS
      ? problem('access.restrictedDays', `is ${restrictedDays}, and ${LONGEST_DUNNING_DAYS} is the most`)
      : []),
    ...Object.entries(retries).flatMap(([decline, ladder]) =>
      ladder ? checkLadder(ladder, restrictedDays, `retries.${decline}`) : [],
    ),
    ...((end === 'downgrade') === (baselinePlanId !== undefined)
      ? []
      : problem('baselinePlanId', `is ${baselinePlanId ?? 'missing'}, and end is ${end}: a downgrade names its plan`)),
    ...twice(policy.plans ?? [], 'plans'),
    ...twice(policy.segments ?? [], 'segments'),
  ];
}

function checkLadder({ days }: RetryLadder, restrictedDays: number, path: string): PolicyProblem[] {
  return [
    ...(days.length > MOST_TRIES ? problem(`${path}.days`, `are ${days.length}, and ${MOST_TRIES} is the most`) : []),
    ...days.flatMap((day, i) => {
      const at = `${path}.days.${i}`;
      const before = days[i - 1];
      if (day < 1) return problem(at, `is ${day}, and the least is 1: the first try is on day 0`);
      if (before !== undefined && day <= before) return problem(at, `is ${day}, and the one before it is ${before}`);
      return day > restrictedDays
        ? problem(at, `is ${day}, and access.restrictedDays is ${restrictedDays}: the ladder has ended by then`)
        : [];
    }),
  ];
}

/** Of two policies in force, each for its own: who is dunned by which has one answer. */
export function checkBeside(policy: DunningPolicy, others: readonly DunningPolicy[]): PolicyProblem[] {
  return (['plans', 'segments'] as const).flatMap((field) =>
    (policy[field] ?? []).flatMap((value, i) => {
      const other = others.find((each) => each.name !== policy.name && each[field]?.includes(value));
      return other ? problem(`${field}.${i}`, `is ${value}, which the policy ${other.name} is for`) : [];
    }),
  );
}

const twice = (values: readonly string[], path: string): PolicyProblem[] =>
  values.flatMap((value, i) => {
    const first = values.indexOf(value);
    return first < i ? problem(`${path}.${i}`, `is ${value}, as ${path}.${first} is`) : [];
  });

const problem = (path: string, message: string): PolicyProblem[] => [{ path, message }];
