/** What nobody could be dunned by is named: the field, and the values that disagree. */
import { expect, test } from 'vitest';
import { DEFAULT_POLICY, type DunningPolicy } from '../../src/domain/dunning.ts';
import { checkBeside, checkDunningPolicy } from '../../src/domain/dunning-check.ts';

const policy = (over: Partial<DunningPolicy> = {}): DunningPolicy => ({ ...DEFAULT_POLICY, ...over });
const soft = (...days: number[]) => ({ retries: { soft: { days } } });

test.each<[string, Partial<DunningPolicy>, string, string]>([
  ['offsets out of order', soft(1, 5, 3), 'retries.soft.days.2', 'is 3, and the one before it is 5'],
  ['the same day twice', soft(1, 1), 'retries.soft.days.1', 'is 1, and the one before it is 1'],
  ['a try on day 0', soft(0), 'retries.soft.days.0', 'is 0, and the least is 1: the first try is on day 0'],
  [
    'a try after the end',
    soft(1, 22),
    'retries.soft.days.1',
    'is 22, and access.restrictedDays is 21: the ladder has ended by then',
  ],
  [
    'a grace shorter than zero',
    { access: { graceDays: -1, restrictedDays: 21 } },
    'access.graceDays',
    'is -1, and the least is 0',
  ],
  [
    'an end before the grace',
    { access: { graceDays: 7, restrictedDays: 3 }, retries: {} },
    'access.restrictedDays',
    'is 3, and graceDays is 7: it ends no earlier',
  ],
  ['an hour that is none', { localHour: 24 }, 'localHour', 'is 24, and lies from 0 to 23'],
  [
    'a downgrade to nothing',
    { end: 'downgrade' },
    'baselinePlanId',
    'is missing, and end is downgrade: a downgrade names its plan',
  ],
  ['a plan twice', { plans: ['pro', 'pro'] }, 'plans.1', 'is pro, as plans.0 is'],
])('%s', (_, over, path, message) => {
  expect(checkDunningPolicy(policy(over))).toEqual([{ path, message }]);
});

test('the product’s own policy is sound', () => {
  expect(checkDunningPolicy(policy())).toEqual([]);
});

test('a plan has one policy', () => {
  const other = policy({ name: 'business', plans: ['team'] });
  expect(checkBeside(policy({ plans: ['pro', 'team'] }), [other])).toEqual([
    { path: 'plans.1', message: 'is team, which the policy business is for' },
  ]);
  // A newer version of itself takes its place.
  expect(checkBeside(policy({ name: 'business', plans: ['team'] }), [other])).toEqual([]);
});
