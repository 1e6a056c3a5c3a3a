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

/** How far the zone's wall clock is ahead of UTC at that instant. */
function offsetAt(instant: Instant, timeZone: TimeZone): number {
  if (timeZone === 'UTC') return 0;
  const whole = Math.floor(instant / SECOND) * SECOND;
  // "3/31/2027, 14:05:09": parsing the text is three times faster than formatToParts.
  const [month, day, year, hour, minute, second] = formatterOf(timeZone).format(whole).split(/\D+/).map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - whole;
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

function civilOf(epochDay: number): Civil {
  const date = new Date(epochDay * DAY);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() };
}

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/** Adds months to a civil date; a day that the month does not have becomes the month's last. */
function addMonths(epochDay: number, months: number): number {
  const { year, month, day } = civilOf(epochDay);
  const target = year * 12 + month + months;
  const targetYear = Math.floor(target / 12);
  const targetMonth = target - targetYear * 12;
  return Date.UTC(targetYear, targetMonth, Math.min(day, daysInMonth(targetYear, targetMonth))) / DAY;
}

function addInterval(epochDay: number, { unit, count }: Interval, n: number): number {
  switch (unit) {
    case 'day':
      return epochDay + count * n;
    case 'week':
      return epochDay + 7 * count * n;
    case 'month':
      return addMonths(epochDay, count * n);
    case 'quarter':
      return addMonths(epochDay, 3 * count * n);
    case 'year':
      return addMonths(epochDay, 12 * count * n);
  }
}

/**
 * The n-th boundary after the anchor, on the anchor's own time of day. Always counted from the anchor and never from the
 * boundary before, so that the 31st comes back after February.
 */
export function boundary(anchor: Instant, interval: Interval, n: number, timeZone: TimeZone): Instant {
  const { epochDay, timeOfDay } = toLocal(anchor, timeZone);
  return fromLocal({ epochDay: addInterval(epochDay, interval, n), timeOfDay }, timeZone);
}

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

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && formatDay(Date.parse(`${text}T00:00:00Z`) / DAY) === text;
}

function epochDayOf(day: Day): number {
  invariant(isDay(day), `a day is YYYY-MM-DD, got ${day}`);
  return Date.parse(`${day}T00:00:00Z`) / DAY;
}

function formatDay(epochDay: number): Day {
  return Number.isFinite(epochDay) ? new Date(epochDay * DAY).toISOString().slice(0, 10) : 'never';
}
