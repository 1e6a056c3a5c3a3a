/**
 * What was used, added up by the minute, the hour and the day. A window is all that is known of its events: windows that
 * follow each other add up to one, so that a range of any length is read from a few.
 */
import { ONE } from './decimal.ts';
import type { Meter } from './meter.ts';
import { divide } from './money.ts';
import { DAY, HOUR, type Instant, MINUTE } from './time.ts';

/** Of one meter's events of one customer that say the same of their dimensions. */
export type Window = {
  events: number;
  total: bigint;
  high: bigint;
  /** By time, and of the same time by id. */
  first: Point;
  last: Point;
  /** Of a value that holds until the next: value × milliseconds, from the first event to the last. */
  area: bigint;
};
export type Point = { at: Instant; id: string; value: bigint };

/** In milliseconds. */
export const GRAINS = [DAY, HOUR, MINUTE] as const;
export type Grain = (typeof GRAINS)[number];

export const grainNames = { minute: MINUTE, hour: HOUR, day: DAY } as const;

export const floorTo = (at: Instant, grain: number): Instant => Math.floor(at / grain) * grain;

export const windowOf = (point: Point): Window => ({
  events: 1,
  total: point.value,
  high: point.value,
  first: point,
  last: point,
  area: 0n,
});

const isBefore = (a: Point, b: Point): boolean => a.at < b.at || (a.at === b.at && a.id < b.id);

export function higher(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** Of two that don't overlap in time the order doesn't matter; only the area needs that they don't. */
export function joined(a: Window, b: Window): Window {
  const [earlier, later] = isBefore(a.first, b.first) ? [a, b] : [b, a];
  return {
    events: a.events + b.events,
    total: a.total + b.total,
    high: higher(a.high, b.high),
    first: earlier.first,
    last: isBefore(a.last, b.last) ? b.last : a.last,
    area: earlier.area + later.area + earlier.last.value * BigInt(Math.max(later.first.at - earlier.last.at, 0)),
  };
}

/** One window over all of these points. */
export function windowOver(points: readonly Point[]): Window | null {
  const ordered = points.toSorted((a, b) => (isBefore(a, b) ? -1 : 1)).map(windowOf);
  return ordered.length === 0 ? null : ordered.reduce(joined);
}

/** A stretch of a range, and how it is read: from windows of that grain, or from the events themselves. */
export type Stretch = { grain: Grain | 'events'; from: Instant; to: Instant };

/** The fewest windows that make up a range; what is left of a minute at either end is read from its events. */
export function stretchesOf(from: Instant, to: Instant): Stretch[] {
  return from < to ? split(from, to, [...GRAINS]) : [];
}

function split(from: Instant, to: Instant, [grain, ...finer]: Grain[]): Stretch[] {
  if (from >= to) return [];
  if (grain === undefined) return [{ grain: 'events', from, to }];
  const first = Math.ceil(from / grain) * grain;
  const last = floorTo(to, grain);
  if (first >= last) return split(from, to, finer);
  return [...split(from, first, finer), { grain, from: first, to: last }, ...split(last, to, finer)];
}

/** What is known of a range: its window, how many were different, and what held before it. */
export type Read = { window: Window | null; items: number; before: Point | null };

/** What a range comes to by the meter's way of counting, in its units, of one series of equal dimensions. */
export function quantityOf(
  { document: { aggregation, per = 1 } }: Pick<Meter, 'document'>,
  { window, items, before }: Read,
  from: Instant,
  to: Instant,
): bigint {
  return divide(counted(), BigInt(per));

  function counted(): bigint {
    switch (aggregation) {
      case 'count':
        return BigInt(window?.events ?? 0) * ONE;
      case 'sum':
        return window?.total ?? 0n;
      case 'max':
        return window?.high ?? 0n;
      case 'unique':
        return BigInt(items) * ONE;
      case 'latest':
        return (window?.last ?? before)?.value ?? 0n;
      case 'time_weighted': {
        const level = before?.value ?? 0n;
        const area = window
          ? level * BigInt(window.first.at - from) + window.area + window.last.value * BigInt(to - window.last.at)
          : level * BigInt(to - from);
        return divide(area, BigInt(HOUR));
      }
    }
  }
}
