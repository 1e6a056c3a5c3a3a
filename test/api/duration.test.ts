import { expect, test } from 'vitest';
import { addDuration } from '../../src/api/duration.ts';

const from = Date.parse('2028-01-31T09:30:00Z');

test.each([
  ['P1D', '2028-02-01T09:30:00.000Z'],
  ['P30D', '2028-03-01T09:30:00.000Z'],
  ['P2W', '2028-02-14T09:30:00.000Z'],
  ['P1M', '2028-02-29T09:30:00.000Z'],
  ['P1Y1M', '2029-02-28T09:30:00.000Z'],
  ['P13M', '2029-02-28T09:30:00.000Z'],
  ['P1M1D', '2028-03-01T09:30:00.000Z'],
  ['PT36H', '2028-02-01T21:30:00.000Z'],
  ['P1DT1M1S', '2028-02-01T09:31:01.000Z'],
])('%s later', (duration, then) => {
  expect(new Date(addDuration(from, duration)!).toISOString()).toBe(then);
});

test.each(['', 'P', 'PT', 'P0D', '30d', 'P-1D', 'P1.5D', 'P1DT', 'p1d', 'P1H'])('%j is none', (text) => {
  expect(addDuration(from, text)).toBeNull();
});
