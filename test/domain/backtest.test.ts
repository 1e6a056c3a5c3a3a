/** Policies over the same failures: the ladder is the one that live debts are on. */
import { expect, test } from 'vitest';
import { backtest, type Failure, PEERS } from '../../src/domain/backtest.ts';
import { DEFAULT_POLICY } from '../../src/domain/dunning.ts';
import { generatedPortfolio } from '../../src/domain/dunning-portfolio.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { at } from './builders.ts';

const FAILED = at('2027-02-01');
const FIRST_TRY = FAILED + DAY - 3 * HOUR;
const failure = (over: Partial<Failure> = {}): Failure => ({
  ...{ decline: 'soft', failedAt: FAILED, timeZone: 'UTC', amount: 1000, passes: [], actsAt: null, ...over },
});
const from = (instant: number) => [{ from: instant, to: Number.MAX_SAFE_INTEGER }];

test.each<[string, Partial<Failure>, number, number, number | null]>([
  ['a try that passes', { passes: from(FIRST_TRY) }, 1, 1, 0.9],
  ['one that comes too early costs a try', { passes: from(FIRST_TRY + 1) }, 1, 2, 2.9],
  ['one that never passes costs all', {}, 0, 5, null],
  ['a hard decline is not tried', { decline: 'hard', passes: from(FAILED) }, 0, 0, null],
  ['a customer who acts spares the tries after that', { actsAt: FIRST_TRY + HOUR }, 1, 1, 0.9],
  ['and after the end nobody acts any more', { decline: 'hard', actsAt: FAILED + 21 * DAY }, 0, 0, null],
])('%s', (_, over, recovered, retries, medianDays) => {
  expect(backtest([failure(over)], DEFAULT_POLICY)).toEqual({
    ...{ recovered, recoveredMinor: recovered * 1000, retries, medianDays, lost: 1 - recovered },
  });
});

test('the same seed makes the same failures, another one others', () => {
  expect(generatedPortfolio(50, 7)).toEqual(generatedPortfolio(50, 7));
  expect(generatedPortfolio(50, 7)).not.toEqual(generatedPortfolio(50, 8));
});

test('who tries more often recovers more, and pays for it in tries', () => {
  const failures = generatedPortfolio(3_000);
  const by = new Map(PEERS.map(({ name, policy }) => [name, backtest(failures, policy)]));
  const [daily, ours, fixed, paydays] = ['every day', 'default', 'fixed 3-5-7', 'default, on paydays'].map(
    (name) => by.get(name)!,
  );
  expect(daily!.recovered).toBeGreaterThan(ours!.recovered);
  expect(daily!.retries).toBeGreaterThan(3 * ours!.retries);
  expect(ours!.recovered).toBeGreaterThan(fixed!.recovered);
  expect(paydays!.retries).toBeLessThan(ours!.retries);
  for (const { recovered, lost } of by.values()) expect(recovered + lost).toBe(failures.length);
});
