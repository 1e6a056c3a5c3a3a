import { expect, test } from 'vitest';
import { createBuckets } from '../../src/api/rate-limit.ts';

test('so many at once, then so many a second, for each sender by itself', () => {
  let now = 0;
  const { take, look } = createBuckets({ burst: 2, perSecond: 0.5 }, () => now);
  expect([take('a'), take('a'), take('a')]).toEqual([null, null, 2]);
  expect(look('b')).toBeNull();
  now = 1_000;
  expect(look('a')).toBe(1);
  now = 2_000;
  expect([look('a'), take('a'), take('a')]).toEqual([null, null, 2]);
  now = 1_000_000;
  expect([take('a'), take('a'), take('a')]).toEqual([null, null, 2]);
});
