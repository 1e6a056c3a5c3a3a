import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  type AnchorDay,
  addDays,
  anchorFrom,
  boundary,
  dayOf,
  daysBetween,
  type Interval,
  instantOf,
  isDay,
  isTimeZone,
  plusDays,
  unfitAnchor,
} from '../../src/domain/time.ts';

const MONTH: Interval = { unit: 'month', count: 1 };
const iso = (at: number) => new Date(at).toISOString();

describe('the n-th boundary, counted from the anchor', () => {
  test.each([
    [
      'the 31st comes back after February',
      '2027-01-31T10:00:00Z',
      MONTH,
      'UTC',
      ['2027-02-28T10:00', '2027-03-31T10:00', '2027-04-30T10:00'],
    ],
    ['a leap year has a 29th', '2028-01-31T10:00:00Z', MONTH, 'UTC', ['2028-02-29T10:00', '2028-03-31T10:00']],
    [
      'a year after a leap day',
      '2028-02-29T10:00:00Z',
      { unit: 'year', count: 1 },
      'UTC',
      ['2029-02-28T10:00', '2030-02-28T10:00', '2031-02-28T10:00', '2032-02-29T10:00'],
    ],
    [
      'New York keeps its time of day over DST',
      '2027-01-31T23:30:00Z',
      MONTH,
      'America/New_York',
      ['2027-02-28T23:30', '2027-03-31T22:30', '2027-04-30T22:30'],
    ],
    [
      'a time in the gap moves on',
      '2027-02-14T07:30:00Z',
      MONTH,
      'America/New_York',
      ['2027-03-14T07:30', '2027-04-14T06:30'],
    ],
    ['a time that exists twice is the first', '2027-10-07T05:30:00Z', MONTH, 'America/New_York', ['2027-11-07T05:30']],
    [
      'quarters',
      '2027-11-30T00:00:00Z',
      { unit: 'quarter', count: 1 },
      'UTC',
      ['2028-02-29T00:00', '2028-05-30T00:00'],
    ],
    [
      'two weeks',
      '2027-03-10T12:00:00Z',
      { unit: 'week', count: 2 },
      'Europe/Berlin',
      ['2027-03-24T12:00', '2027-04-07T11:00'],
    ],
    ['days', '2027-12-31T12:00:00Z', { unit: 'day', count: 1 }, 'UTC', ['2028-01-01T12:00']],
    ['a zone that skipped a whole day', '2011-11-30T22:00:00Z', MONTH, 'Pacific/Apia', ['2011-12-30T22:00']],
  ] as const)('%s', (_what, anchor, interval, zone, expected) => {
    expect(expected.map((_, i) => iso(boundary(Date.parse(anchor), interval, i + 1, zone)).slice(0, 16))).toEqual(
      expected,
    );
  });
});

const YEAR: Interval = { unit: 'year', count: 1 };
const WEEK: Interval = { unit: 'week', count: 1 };

describe('an anchor day’s next occurrence, and the boundaries after it', () => {
  test.each<[string, string, Interval, AnchorDay, string, string[]]>([
    ['later in the month', '2011-02-01T10:00:00Z', MONTH, 13, 'UTC', ['2011-02-13T10:00', '2011-03-13T10:00']],
    ['its own day', '2011-02-13T10:00:00Z', MONTH, 13, 'UTC', ['2011-02-13T10:00', '2011-03-13T10:00']],
    ['over already', '2011-02-14T10:00:00Z', MONTH, 13, 'UTC', ['2011-03-13T10:00']],
    ['the last of a short month', '2027-02-10T10:00:00Z', MONTH, 31, 'UTC', ['2027-02-28T10:00', '2027-03-31T10:00']],
    ['and of a leap year', '2028-02-10T10:00:00Z', MONTH, 31, 'UTC', ['2028-02-29T10:00', '2028-03-31T10:00']],
    [
      'yearly, the leap day comes back',
      '2027-02-10T10:00:00Z',
      YEAR,
      29,
      'UTC',
      ['2027-02-28T10:00', '2028-02-29T10:00', '2029-02-28T10:00'],
    ],
    [
      'of a quarter: next month’s',
      '2027-01-20T10:00:00Z',
      { unit: 'quarter', count: 1 },
      15,
      'UTC',
      ['2027-02-15T10:00', '2027-05-15T10:00'],
    ],
    [
      'of a quarter, by a date',
      '2027-01-20T10:00:00Z',
      { unit: 'quarter', count: 1 },
      '2020-01-15',
      'UTC',
      ['2027-04-15T10:00', '2027-07-15T10:00'],
    ],
    [
      'a date that is still to come',
      '2027-01-20T10:00:00Z',
      YEAR,
      '2027-07-01',
      'UTC',
      ['2027-07-01T10:00', '2028-07-01T10:00'],
    ],
    ['a date beyond the next', '2027-01-20T10:00:00Z', MONTH, '2031-07-01', 'UTC', ['2027-02-01T10:00']],
    [
      'a date that only some months have',
      '2027-02-01T10:00:00Z',
      MONTH,
      '2026-01-31',
      'UTC',
      ['2027-02-28T10:00', '2027-03-31T10:00'],
    ],
    ['Monday', '2027-01-01T10:00:00Z', WEEK, 1, 'UTC', ['2027-01-04T10:00', '2027-01-11T10:00']], // a Friday
    ['Sunday', '2027-01-01T10:00:00Z', { unit: 'week', count: 2 }, 7, 'UTC', ['2027-01-03T10:00', '2027-01-17T10:00']],
    ['Friday itself', '2027-01-01T10:00:00Z', WEEK, 5, 'UTC', ['2027-01-01T10:00']],
    [
      'every ten days, by a date',
      '2027-01-01T10:00:00Z',
      { unit: 'day', count: 10 },
      '2026-12-25',
      'UTC',
      ['2027-01-04T10:00', '2027-01-14T10:00'],
    ],
    [
      'the local day counts, and its time of day over DST',
      '2027-03-01T04:30:00Z', // the 28th of February, 23:30
      MONTH,
      15,
      'America/New_York',
      ['2027-03-16T03:30', '2027-04-16T03:30'],
    ],
    [
      'where it is the first already',
      '2027-01-31T20:00:00Z',
      MONTH,
      1,
      'Asia/Tokyo',
      ['2027-01-31T20:00', '2027-02-28T20:00'],
    ],
  ])('%s', (_what, start, interval, day, zone, expected) => {
    const anchor = anchorFrom(Date.parse(start), interval, day, zone);
    expect(expected.map((_, n) => iso(boundary(anchor, interval, n, zone, day)).slice(0, 16))).toEqual(expected);
  });

  test.each<[AnchorDay, Interval, string | null]>([
    [32, MONTH, 'a day of the month is from 1 to 31, got 32'],
    [8, WEEK, 'a day of the week is from 1 to 7, got 8'],
    [13, { unit: 'day', count: 30 }, 'every 30 days are anchored on a date such as 2027-02-13, got 13'],
    ['2027-02-29', MONTH, 'a date is YYYY-MM-DD, got 2027-02-29'],
    ['2027-02-28', { unit: 'day', count: 30 }, null],
    [7, WEEK, null],
  ])('%s of %o', (day, interval, expected) => expect(unfitAnchor(day, interval)).toBe(expected));
});

test('days are civil dates', () => {
  expect(dayOf(Date.parse('2027-01-01T04:59:59Z'), 'America/New_York')).toBe('2026-12-31');
  expect(iso(instantOf('2027-03-28', 'Europe/Berlin'))).toBe('2027-03-27T23:00:00.000Z');
  expect(daysBetween('2028-02-28', '2028-03-01')).toBe(2);
  expect(addDays('2027-12-31', 1)).toBe('2028-01-01');
  expect(isDay('2027-02-29')).toBe(false);
  expect(isDay('2028-02-29')).toBe(true);
  expect(isTimeZone('Mars/Olympus')).toBe(false);
});

const zones = fc.constantFrom(
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Auckland',
);
const intervals = fc.constantFrom<Interval>(
  MONTH,
  { unit: 'year', count: 1 },
  { unit: 'week', count: 1 },
  { unit: 'day', count: 10 },
  { unit: 'quarter', count: 1 },
);
const instants = fc.integer({ min: Date.parse('2000-01-01'), max: Date.parse('2090-01-01') });

property.prop([instants, zones, intervals, fc.integer({ min: 0, max: 200 })], { numRuns: 10_000 })(
  'boundaries go forward, and each lies on the day that the calendar says',
  (anchor, zone, interval, n) => {
    const here = boundary(anchor, interval, n, zone);
    const next = boundary(anchor, interval, n + 1, zone);
    expect(next).toBeGreaterThan(here);
    expect(Number(dayOf(here, zone).slice(8))).toBeLessThanOrEqual(31);
    if (interval.unit === 'month') {
      const wanted = Number(dayOf(anchor, zone).slice(8));
      const got = Number(dayOf(here, zone).slice(8));
      const [year, month] = dayOf(here, zone).split('-').map(Number);
      const last = new Date(Date.UTC(year!, month!, 0)).getUTCDate();
      expect(got).toBe(Math.min(wanted, last));
    }
  },
);

const anchorDays = fc.oneof(
  fc.integer({ min: 1, max: 31 }),
  instants.map((at): AnchorDay => dayOf(at, 'UTC')),
);

property.prop([instants, zones, intervals, anchorDays], { numRuns: 10_000 })(
  'a stub is shorter than the full period that would end at its anchor',
  (start, zone, interval, day) => {
    if (unfitAnchor(day, interval) !== null) return;
    const anchor = anchorFrom(start, interval, day, zone);
    const days = daysBetween(dayOf(start, zone), dayOf(anchor, zone));
    const before = boundary(anchor, interval, -1, zone, day);
    expect(days).toBeGreaterThanOrEqual(0);
    expect(days).toBeLessThan(daysBetween(dayOf(before, zone), dayOf(anchor, zone)));
    expect(anchorFrom(anchor, interval, day, zone)).toBe(anchor);
  },
);

property.prop([instants, zones, fc.integer({ min: 0, max: 400 })], { numRuns: 10_000 })(
  'a number of days later is that many dates later',
  (from, zone, days) => {
    expect(daysBetween(dayOf(from, zone), dayOf(plusDays(from, days, zone), zone))).toBe(days);
  },
);

property.prop([instants, zones], { numRuns: 10_000 })(
  'an instant survives the way through its local day',
  (instant, zone) => {
    const midnight = instantOf(dayOf(instant, zone), zone);
    expect(dayOf(midnight, zone)).toBe(dayOf(instant, zone));
    expect(midnight).toBeLessThanOrEqual(instant);
  },
);

const everyZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
const since1970 = fc.integer({ min: 0, max: Date.UTC(2050, 0, 1) });

property.prop([everyZone, since1970], { numRuns: 2_000 })(
  'every zone has the day that its own calendar shows',
  (zone, at) => {
    const shown = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    expect(dayOf(at, zone)).toBe(shown.format(at));
  },
);

test('a clock that changes at no whole hour is followed to the second', () => {
  const midnight = Date.parse('2010-03-14T03:30:00Z'); // Newfoundland went forward at one minute past
  expect(instantOf('2010-03-14', 'America/St_Johns')).toBe(midnight);
  expect(instantOf('2010-03-14', 'America/St_Johns', 2 * 3_600_000)).toBe(midnight + 3_600_000);
  expect(iso(boundary(Date.parse('2027-01-15T12:00:00Z'), MONTH, 3, 'Australia/Lord_Howe'))).toBe(
    '2027-04-15T12:30:00.000Z',
  );
});
