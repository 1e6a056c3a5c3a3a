/**
 * Calendar arithmetic in a customer's time zone. An Instant is a point in time, a Day is a local date, and only a time
 * zone takes one to the other. Zone rules come from Intl; everything else is arithmetic on civil dates in UTC.
 */
import { invariant } from './invariant.ts';

/** Milliseconds since the epoch. A plain number, so that Temporal, JSON and a log line carry it unchanged. */
export type Instant = number;
/** YYYY-MM-DD, in somebody's time zone. */
export type Day = string;
export type TimeZone = string;
export type Interval = { unit: 'day' | 'week' | 'month' | 'quarter' | 'year'; count: number };
/**
 * Where the calendar holds a subscription's boundaries: a day of the month, or of the week (1 is Monday) where the interval
 * is one of weeks; or a date, which stands for all that lie whole intervals before or after it.
 */
export type AnchorDay = number | Day;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A wall clock's reading: whole days since the epoch, and milliseconds into that day. */
type Local = { epochDay: number; timeOfDay: number };

const formatters = new Map<TimeZone, Intl.DateTimeFormat>();

function formatterOf(timeZone: TimeZone): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

export function isTimeZone(timeZone: string): boolean {
  try {
    formatterOf(timeZone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false; // Intl's answer to a zone that it does not know
    throw error;
  }
}

/** A stretch of time in which a zone changes its clock at most once: `before` until that instant, and `after` from it on. */
type Stretch = { changesAt: Instant; before: number; after: number };

/** No zone has ever changed its clock twice within less than a week, not even those that suspend DST for a month. */
const STRETCH = 4 * DAY;
/** Some hundred years of one zone, or two years of fifty. */
const REMEMBERED_STRETCHES = 10_000;

const stretches = new Map<TimeZone, Map<number, Stretch>>();
let remembered = 0;
/** The zone that was asked about last: a decision asks about one again and again. */
let latest = { timeZone: 'UTC', stretches: new Map<number, Stretch>() };

/** How far the zone's wall clock is ahead of UTC at that instant. Asking Intl is most of what a decision costs. */
function offsetAt(instant: Instant, timeZone: TimeZone): number {
  if (timeZone === 'UTC') return 0;
  const { changesAt, before, after } = stretchOf(Math.floor(instant / STRETCH), timeZone);
  return instant < changesAt ? before : after;
}

function stretchOf(number: number, timeZone: TimeZone): Stretch {
  if (latest.timeZone !== timeZone) latest = { timeZone, stretches: stretchesOf(timeZone) };
  const known = latest.stretches.get(number);
  if (known) return known;
  if (remembered >= REMEMBERED_STRETCHES) {
    stretches.clear();
    remembered = 0;
    latest = { timeZone, stretches: stretchesOf(timeZone) };
  }
  const found = lookUp(number * STRETCH, timeZone);
  latest.stretches.set(number, found);
  remembered++;
  return found;
}

function stretchesOf(timeZone: TimeZone): Map<number, Stretch> {
  const ofZone = stretches.get(timeZone) ?? new Map<number, Stretch>();
  stretches.set(timeZone, ofZone);
  return ofZone;
}

function lookUp(start: Instant, timeZone: TimeZone): Stretch {
  const before = offsetByIntl(start, timeZone);
  const after = offsetByIntl(start + STRETCH - SECOND, timeZone);
  if (before === after) return { changesAt: start, before, after };
  let [last, first] = [start, start + STRETCH - SECOND]; // the last second known to be before, the first to be after
  while (first - last > SECOND) {
    const middle = last + Math.floor((first - last) / 2 / SECOND) * SECOND;
    if (offsetByIntl(middle, timeZone) === before) last = middle;
    else first = middle;
  }
  return { changesAt: first, before, after };
}

function offsetByIntl(instant: Instant, timeZone: TimeZone): number {
  // "3/31/2027, 14:05:09": parsing the text is three times faster than formatToParts.
  const [month, day, year, hour, minute, second] = formatterOf(timeZone).format(instant).split(/\D+/).map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - instant;
}

function toLocal(instant: Instant, timeZone: TimeZone): Local {
  const local = instant + offsetAt(instant, timeZone);
  const epochDay = Math.floor(local / DAY);
  return { epochDay, timeOfDay: local - epochDay * DAY };
}

/** In a gap (clocks go forward) the time moves on by the gap's length; where a time exists twice, the first is meant. */
function fromLocal({ epochDay, timeOfDay }: Local, timeZone: TimeZone): Instant {
  const wall = epochDay * DAY + timeOfDay;
  const before = wall - offsetAt(wall - DAY, timeZone);
  const after = wall - offsetAt(wall + DAY, timeZone);
  if (before === after) return before;
  const reads = (instant: Instant) => instant + offsetAt(instant, timeZone) === wall;
  const first = Math.min(before, after);
  const second = Math.max(before, after);
  if (reads(first)) return first;
  return reads(second) ? second : before;
}

type Civil = { year: number; month: number; day: number };

// Days are counted in eras of 400 years, which are all alike, and years from March, so that the leap day comes last.
// https://howardhinnant.github.io/date_algorithms.html
const ERA_DAYS = 146_097;
/** From 1 March of the year 0 to 1 January 1970. */
const TO_EPOCH = 719_468;

/** `month` counts from 0. */
function civilOf(epochDay: number): Civil {
  const shifted = epochDay + TO_EPOCH;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 2 : fromMarch - 10;
  return {
    year: yearOfEra + era * 400 + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

function epochDayFrom({ year, month, day }: Civil): number {
  const fromMarchYear = month < 2 ? year - 1 : year;
  const era = Math.floor(fromMarchYear / 400);
  const yearOfEra = fromMarchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month < 2 ? month + 10 : month - 2) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - TO_EPOCH;
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const daysInMonth = (year: number, month: number): number =>
  month === 1 ? (isLeap(year) ? 29 : 28) : month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;

/** Adds months to a civil date; a day that the month does not have becomes the month's last. */
function addMonths(epochDay: number, months: number, wanted?: number): number {
  const { year, month, day: own } = civilOf(epochDay);
  const day = wanted ?? own;
  const target = year * 12 + month + months;
  const targetYear = Math.floor(target / 12);
  const targetMonth = target - targetYear * 12;
  return epochDayFrom({
    year: targetYear,
    month: targetMonth,
    day: Math.min(day, daysInMonth(targetYear, targetMonth)),
  });
}

function addInterval(epochDay: number, { unit, count }: Interval, n: number, dayOfMonth?: number): number {
  switch (unit) {
    case 'day':
      return epochDay + count * n;
    case 'week':
      return epochDay + 7 * count * n;
    case 'month':
      return addMonths(epochDay, count * n, dayOfMonth);
    case 'quarter':
      return addMonths(epochDay, 3 * count * n, dayOfMonth);
    case 'year':
      return addMonths(epochDay, 12 * count * n, dayOfMonth);
  }
}

/**
 * The n-th boundary after the anchor, on the anchor's own time of day. Always counted from the anchor and never from the
 * boundary before, so that the 31st comes back after February; also where the anchor itself lies in a February, and only
 * the anchor day says that the 31st is meant.
 */
export function boundary(
  anchor: Instant,
  interval: Interval,
  n: number,
  timeZone: TimeZone,
  anchorDay: AnchorDay | null = null,
): Instant {
  const { epochDay, timeOfDay } = toLocal(anchor, timeZone);
  const dayOfMonth = anchorDay === null ? undefined : dayOfMonthOf(anchorDay);
  return fromLocal({ epochDay: addInterval(epochDay, interval, n, dayOfMonth), timeOfDay }, timeZone);
}

const dayOfMonthOf = (anchorDay: AnchorDay): number =>
  typeof anchorDay === 'number' ? anchorDay : civilFrom(anchorDay).day;

/** Why this interval can't be anchored there; null where it can. */
export function unfitAnchor(anchorDay: AnchorDay, { unit, count }: Interval): string | null {
  if (typeof anchorDay === 'string') return isDay(anchorDay) ? null : `a date is YYYY-MM-DD, got ${anchorDay}`;
  if (unit === 'day') return `every ${count} days are anchored on a date such as 2027-02-13, got ${anchorDay}`;
  const most = unit === 'week' ? 7 : 31;
  return Number.isInteger(anchorDay) && anchorDay >= 1 && anchorDay <= most
    ? null
    : `a day of the ${unit === 'week' ? 'week' : 'month'} is from 1 to ${most}, got ${anchorDay}`;
}

/** The anchor day's next occurrence, at the same time of day; the instant itself where that is its day. */
export function anchorFrom(at: Instant, interval: Interval, anchorDay: AnchorDay, timeZone: TimeZone): Instant {
  const unfit = unfitAnchor(anchorDay, interval);
  invariant(unfit === null, unfit ?? '');
  const { epochDay, timeOfDay } = toLocal(at, timeZone);
  const next = occurrenceFrom(epochDay, interval, anchorDay);
  return next === epochDay ? at : fromLocal({ epochDay: next, timeOfDay }, timeZone);
}

/** The anchor day on another interval: it stays where it means the same to it. */
export function anchorOn(anchorDay: AnchorDay | null = null, from: Interval, to: Interval): AnchorDay | null {
  if (anchorDay === null || (from.unit === to.unit && from.count === to.count)) return anchorDay;
  const counts = [from, to].map(({ unit }) => (unit === 'day' || unit === 'week' ? unit : 'month'));
  if (counts[0] !== counts[1]) return null;
  if (counts[0] === 'month') return dayOfMonthOf(anchorDay);
  return counts[0] === 'week' && typeof anchorDay === 'number' ? anchorDay : null;
}

function occurrenceFrom(today: number, interval: Interval, anchorDay: AnchorDay): number {
  if (typeof anchorDay === 'string') {
    const date = epochDayOf(anchorDay);
    // Some hundred years are a few guesses: the shortest and the longest of an interval differ by a tenth at most.
    let n = Math.floor((today - date) / (addInterval(date, interval, 1) - date));
    while (addInterval(date, interval, n) >= today) n--;
    while (addInterval(date, interval, n) < today) n++;
    return addInterval(date, interval, n);
  }
  if (interval.unit === 'week') return today + ((anchorDay - weekdayOf(today) + 7) % 7);
  const thisMonth = addMonths(today, 0, anchorDay);
  return thisMonth >= today ? thisMonth : addMonths(today, 1, anchorDay);
}

/** 1 January 1970 was a Thursday. */
const weekdayOf = (epochDay: number): number => ((((epochDay + 3) % 7) + 7) % 7) + 1;

export function dayOf(instant: Instant, timeZone: TimeZone): Day {
  return formatDay(toLocal(instant, timeZone).epochDay);
}

/** The instant at which that local day reads that time; midnight unless told otherwise. */
export function instantOf(day: Day, timeZone: TimeZone, timeOfDay = 0): Instant {
  return fromLocal({ epochDay: epochDayOf(day), timeOfDay }, timeZone);
}

export const daysBetween = (from: Day, to: Day): number => epochDayOf(to) - epochDayOf(from);

export const addDays = (day: Day, days: number): Day => formatDay(epochDayOf(day) + days);

/** The same time of day, that many local days later. */
export function plusDays(instant: Instant, days: number, timeZone: TimeZone): Instant {
  const { epochDay, timeOfDay } = toLocal(instant, timeZone);
  return fromLocal({ epochDay: epochDay + days, timeOfDay }, timeZone);
}

const DAY_FORM = /^\d{4}-\d{2}-\d{2}$/;

export function isDay(text: string): boolean {
  if (!DAY_FORM.test(text)) return false;
  const { year, month, day } = civilFrom(text);
  return month >= 0 && month < 12 && day >= 1 && day <= daysInMonth(year, month);
}

const civilFrom = (text: string): Civil => ({
  year: Number(text.slice(0, 4)),
  month: Number(text.slice(5, 7)) - 1,
  day: Number(text.slice(8, 10)),
});

/** Some thirty years of dates: they are few, and asked for again and again. */
const REMEMBERED_DAYS = 10_000;
const days = new Map<number, Day>();
const epochDays = new Map<Day, number>();

function epochDayOf(day: Day): number {
  const known = epochDays.get(day);
  if (known !== undefined) return known;
  if (epochDays.size >= REMEMBERED_DAYS) epochDays.clear();
  invariant(isDay(day), () => `a day is YYYY-MM-DD, got ${day}`);
  const found = epochDayFrom(civilFrom(day));
  epochDays.set(day, found);
  return found;
}

function formatDay(epochDay: number): Day {
  const known = days.get(epochDay);
  if (known !== undefined) return known;
  if (days.size >= REMEMBERED_DAYS) days.clear();
  const { year, month, day } = civilOf(epochDay);
  invariant(year >= 0 && year <= 9999, () => `a day has a year of four digits, got ${year}`);
  const digits = year * 10_000 + (month + 1) * 100 + day + 100_000_000; // "120270331"
  const text = String(digits);
  const found = `${text.slice(1, 5)}-${text.slice(5, 7)}-${text.slice(7, 9)}`;
  days.set(epochDay, found);
  return found;
}
