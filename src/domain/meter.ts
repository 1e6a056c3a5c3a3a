/** What a meter counts of an event. The door, the preview and the oracle all ask `measure`. */
import { decimalOf, ONE } from './decimal.ts';
import type { MeterId } from './ids.ts';
import type { Instant } from './time.ts';

export const AGGREGATIONS = ['count', 'sum', 'max', 'unique', 'latest', 'time_weighted'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** The event's property says one of these. */
export type MeterFilter = { property: string; in: readonly string[] };

export type MeterDocument = {
  name: string;
  eventType: string;
  aggregation: Aggregation;
  /** The property of `data` that it looks at: a number, or for `unique` whatever tells one from another. */
  property?: string | undefined;
  filters?: readonly MeterFilter[] | undefined;
  /** Properties by which its usage can be told apart. */
  groupBy?: readonly string[] | undefined;
  unit?: string | undefined;
  /** So many of what is reported make one unit: 1000000 bytes a megabyte, say. */
  per?: number | undefined;
  /** A value below zero takes back what was reported before. */
  negative?: boolean | undefined;
  /** So many days after it happened an event is still taken. */
  lateDays?: number | undefined;
};
/** One version of it. */
export type Meter = { id: MeterId; key: string; document: MeterDocument; effectiveAt: Instant };

/** As long as an event's id is remembered. */
export const MOST_LATE_DAYS = 35;
/** The most that one event may say. */
const MOST_VALUE = 10n ** 15n * ONE;
const MOST_LETTERS = 256;

export type Measured =
  /** What the event adds, and where: `item` tells one from another where a meter counts what is different. */
  { dims: string; item: string; value: bigint } | { reason: string };

export type Data = Readonly<Record<string, unknown>>;

/** Null where the meter's filters leave it out. */
export function measure({ key, document }: Pick<Meter, 'key' | 'document'>, data: Data): Measured | null {
  const { aggregation, property, filters = [], groupBy = [], negative = false } = document;
  for (const filter of filters) {
    const said = textOf(data[filter.property]);
    if (said === null || !filter.in.includes(said)) return null;
  }
  const parts = groupBy.map((name) => textOf(data[name]) ?? '');
  const long = parts.findIndex((part) => part.length > MOST_LETTERS);
  if (long >= 0)
    return { reason: `data.${groupBy[long]} is longer than the ${MOST_LETTERS} letters that meter ${key} groups by` };
  const dims = groupBy.length === 0 ? '' : JSON.stringify(parts);
  if (aggregation === 'count') return { dims, item: '', value: ONE };
  const said = data[property!];
  if (aggregation === 'unique') {
    const item = textOf(said);
    return item === null || item === ''
      ? { reason: `data.${property} is ${saidAs(said)}, and meter ${key} tells by it one from another` }
      : { dims, item, value: ONE };
  }
  if (typeof said !== 'number' || !Number.isFinite(said)) {
    return { reason: `data.${property} is ${saidAs(said)}, and meter ${key} needs a number` };
  }
  const value = decimalOf(said);
  if (value === null || value > MOST_VALUE || value < -MOST_VALUE) {
    return { reason: `data.${property} is ${said}, and meter ${key} takes at most 15 digits and 12 decimals` };
  }
  if (value < 0n && !negative) return { reason: `data.${property} is ${said}, and meter ${key} takes nothing below 0` };
  return { dims, item: '', value };
}

function textOf(said: unknown): string | null {
  return typeof said === 'string' ? said : typeof said === 'number' || typeof said === 'boolean' ? String(said) : null;
}

function saidAs(said: unknown): string {
  if (said === undefined) return 'missing';
  if (said === null) return 'null';
  if (typeof said === 'string') return 'a text';
  return Array.isArray(said) ? 'a list' : `a ${typeof said}`;
}

/** Which version counts what was used from then on: the latest in effect, or the first, where none was yet. */
export function versionAt<M extends Pick<Meter, 'key' | 'effectiveAt'>>(
  meters: readonly M[],
  key: string,
  at: Instant,
): M | null {
  const versions = meters.filter((meter) => meter.key === key).sort((a, b) => a.effectiveAt - b.effectiveAt);
  return versions.findLast(({ effectiveAt }) => effectiveAt <= at) ?? versions[0] ?? null;
}

export type MeterProblem = { path: string; message: string };

export function checkMeter({
  aggregation,
  property,
  per = 1,
  lateDays = 0,
  groupBy = [],
}: MeterDocument): MeterProblem[] {
  const problem = (path: string, message: string): MeterProblem[] => [{ path, message }];
  return [
    ...(aggregation === 'count' && property !== undefined
      ? problem('property', `is ${property}, and a count looks at none`)
      : []),
    ...(aggregation !== 'count' && property === undefined
      ? problem('property', `is missing, and ${aggregation} looks at one`)
      : []),
    ...(per < 1 ? problem('per', `is ${per}, and the least is 1`) : []),
    ...(lateDays < 0 || lateDays > MOST_LATE_DAYS
      ? problem('lateDays', `is ${lateDays}, and lies from 0 to ${MOST_LATE_DAYS}: so long an event’s id is remembered`)
      : []),
    ...(new Set(groupBy).size < groupBy.length ? problem('groupBy', 'names a property twice') : []),
  ];
}
