/** Windows over events, as rows. */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { decimalText, parseDecimal } from '../domain/decimal.ts';
import type { CustomerId, MeterId } from '../domain/ids.ts';
import { invariant } from '../domain/invariant.ts';
import { type Meter, measure } from '../domain/meter.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../domain/time.ts';
import { floorTo, type Grain, joined, type Point, type Window, windowOf, windowOver } from '../domain/usage-window.ts';
import { recordset } from './recordset.ts';
import type { Trx } from './tenant.ts';

/** What one event adds to one meter. */
export type Contribution = { meter: MeterId; customer: CustomerId; dims: string; item: string; point: Point };

export type WindowRow = Omit<Contribution, 'point'> & { grain: Grain; at: Instant; window: Window };

/** What tells one from another is kept as a hash: it may be somebody's name. */
export const itemOf = (item: string): string =>
  item === '' ? '' : createHash('sha256').update(item).digest('base64url').slice(0, 22);

const keyOf = ({ meter, customer, dims, item }: Omit<Contribution, 'point'>, at: Instant): string =>
  `${meter} ${customer} ${at} ${item} ${dims}`;

/** Minutes first, then hours and days from those. In one order, so that two batches wait for each other in no circle. */
export function windowsOf(contributions: readonly Contribution[]): WindowRow[] {
  const minutes = new Map<string, WindowRow>();
  for (const { point, ...of } of contributions)
    add(minutes, { ...of, grain: MINUTE, at: floorTo(point.at, MINUTE), window: windowOf(point) });
  const hours = rolledUp(minutes, HOUR);
  const days = rolledUp(hours, DAY);
  return [days, hours, minutes].flatMap((windows) =>
    [...windows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
  );
}

function add(windows: Map<string, WindowRow>, row: WindowRow): void {
  const key = keyOf(row, row.at);
  const known = windows.get(key);
  windows.set(key, known ? { ...known, window: joined(known.window, row.window) } : row);
}

function rolledUp(windows: ReadonlyMap<string, WindowRow>, grain: Grain): Map<string, WindowRow> {
  const coarser = new Map<string, WindowRow>();
  for (const row of windows.values()) add(coarser, { ...row, grain, at: floorTo(row.at, grain) });
  return coarser;
}

const iso = (at: Instant): string => new Date(at).toISOString();

const windowRows = recordset<WindowRow>('added', {
  meter_id: ['text', ({ meter }) => meter],
  customer_id: ['text', ({ customer }) => customer],
  grain: ['int', ({ grain }) => grain],
  at: ['timestamptz', ({ at }) => iso(at)],
  dims: ['text', ({ dims }) => dims],
  item: ['text', ({ item }) => item],
  events: ['bigint', ({ window }) => window.events],
  total: ['numeric', ({ window }) => decimalText(window.total)],
  high: ['numeric', ({ window }) => decimalText(window.high)],
  first_at: ['timestamptz', ({ window }) => iso(window.first.at)],
  first_id: ['text', ({ window }) => window.first.id],
  first_value: ['numeric', ({ window }) => decimalText(window.first.value)],
  last_at: ['timestamptz', ({ window }) => iso(window.last.at)],
  last_id: ['text', ({ window }) => window.last.id],
  last_value: ['numeric', ({ window }) => decimalText(window.last.value)],
  area: ['numeric', ({ window }) => decimalText(window.area)],
});

const COLUMNS =
  sql.raw(`meter_id, customer_id, grain, at, dims, item, events, total, high, first_at, first_id, first_value,
  last_at, last_id, last_value, area`);

/** On top of what is there. A late event is just another one. */
export async function addWindows(trx: Trx, rows: readonly WindowRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`/* usage_add */
    insert into usage_windows as held (tenant_id, mode, ${COLUMNS})
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), ${COLUMNS} from ${windowRows(rows)}
    on conflict (tenant_id, mode, meter_id, customer_id, grain, at, dims, item) do update set
      events = held.events + excluded.events, total = held.total + excluded.total,
      high = greatest(held.high, excluded.high),
      (first_at, first_id, first_value) = (select f.a, f.i, f.v from (values
        (held.first_at, held.first_id, held.first_value), (excluded.first_at, excluded.first_id, excluded.first_value)
        ) as f (a, i, v) order by f.a, f.i limit 1),
      (last_at, last_id, last_value) = (select l.a, l.i, l.v from (values
        (held.last_at, held.last_id, held.last_value), (excluded.last_at, excluded.last_id, excluded.last_value)
        ) as l (a, i, v) order by l.a desc, l.i desc limit 1)`.execute(trx);
}

type Counted = { meter: Meter; customer: CustomerId };

/**
 * These minutes anew from their events, and the hours and days over them: where an event was taken back, or where the
 * order of events counts. Whoever asks for it keeps others from the same windows meanwhile.
 */
export async function recount(trx: Trx, { meter, customer }: Counted, minutes: readonly Instant[]): Promise<void> {
  const own = { meter: meter.id, customer };
  const events = await eventsIn(
    trx,
    meter,
    customer,
    minutes.map((from) => ({ from, to: from + MINUTE })),
  );
  await replace(trx, own, MINUTE, minutes, overPoints(events, own));
  for (const [grain, finer] of [
    [HOUR, MINUTE],
    [DAY, HOUR],
  ] as const) {
    const starts = [...new Set(minutes.map((at) => floorTo(at, grain)))];
    const parts = await windowsIn(
      trx,
      own,
      starts.map((from) => ({ grain: finer, from, to: from + grain })),
    );
    const folded = new Map<string, WindowRow>();
    for (const part of parts) add(folded, { ...part, grain, at: floorTo(part.at, grain) });
    await replace(trx, own, grain, starts, [...folded.values()]);
  }
}

function overPoints(events: readonly MeasuredEvent[], own: { meter: MeterId; customer: CustomerId }): WindowRow[] {
  const points = new Map<string, { row: Omit<WindowRow, 'window'>; points: Point[] }>();
  for (const { dims, item, point } of events) {
    const row = { ...own, dims, item, grain: MINUTE, at: floorTo(point.at, MINUTE) };
    const key = keyOf(row, row.at);
    const known = points.get(key) ?? { row, points: [] };
    known.points.push(point);
    points.set(key, known);
  }
  return [...points.values()].map(({ row, points }) => ({ ...row, window: windowOver(points)! }));
}

async function replace(
  trx: Trx,
  { meter, customer }: { meter: MeterId; customer: CustomerId },
  grain: Grain,
  starts: readonly Instant[],
  rows: readonly WindowRow[],
): Promise<void> {
  await sql`/* usage_clear */
    delete from usage_windows where meter_id = ${meter} and customer_id = ${customer} and grain = ${grain}::int
      and at = any(${starts.map(iso)}::timestamptz[])`.execute(trx);
  if (rows.length === 0) return;
  await sql`/* usage_replace */
    insert into usage_windows (tenant_id, mode, ${COLUMNS})
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), ${COLUMNS} from ${windowRows(rows)}`.execute(
    trx,
  );
}

export type MeasuredEvent = { dims: string; item: string; point: Point };
type Range = { from: Instant; to: Instant };

/** The events of a few short ranges, as the meter measures them. */
export async function eventsIn(
  trx: Trx,
  meter: Meter,
  customer: CustomerId,
  ranges: readonly Range[],
): Promise<MeasuredEvent[]> {
  if (ranges.length === 0) return [];
  const { rows } = await sql<{
    source: string;
    event_id: string;
    at: Date;
    data: Record<string, unknown>;
  }>`/* usage_events */
    select event.source, event.event_id, event.at, event.data
    from unnest(${ranges.map(({ from }) => iso(from))}::timestamptz[], ${ranges.map(({ to }) => iso(to))}::timestamptz[])
      as range (from_at, to_at)
    join usage_events as event on event.customer_id = ${customer} and event.at >= range.from_at and event.at < range.to_at
    where event.type = ${meter.document.eventType} and event.withdrawn_at is null`.execute(trx);
  return rows.flatMap(({ source, event_id, at, data }) => {
    const measured = measure(meter, data);
    if (!measured || 'reason' in measured) return [];
    const { dims, item, value } = measured;
    return [{ dims, item: itemOf(item), point: { at: at.getTime(), id: pointId(source, event_id), value } }];
  });
}

/** Of two events at the same instant the one of the greater name counts as the later. */
export const pointId = (source: string, id: string): string => `${id}\n${source}`;

type RawWindow = {
  grain: Grain;
  at: Date;
  dims: string;
  item: string;
  events: number;
  total: string;
  high: string;
  first_at: Date;
  first_id: string;
  first_value: string;
  last_at: Date;
  last_id: string;
  last_value: string;
  area: string;
};

/** In the order of time. */
export async function windowsIn(
  trx: Trx,
  { meter, customer }: { meter: MeterId; customer: CustomerId },
  stretches: readonly (Range & { grain: Grain })[],
): Promise<WindowRow[]> {
  if (stretches.length === 0) return [];
  const { rows } = await sql<RawWindow>`/* usage_windows */
    select held.grain, at, dims, item, events, total::text, high::text, first_at, first_id, first_value::text, last_at, last_id,
      last_value::text, area::text
    from unnest(${stretches.map(({ grain }) => grain)}::int[], ${stretches.map(({ from }) => iso(from))}::timestamptz[],
      ${stretches.map(({ to }) => iso(to))}::timestamptz[]) as range (grain, from_at, to_at)
    join usage_windows as held on held.meter_id = ${meter} and held.customer_id = ${customer} and held.grain = range.grain
      and held.at >= range.from_at and held.at < range.to_at
    order by at`.execute(trx);
  return rows.map((row) => ({
    ...{ meter, customer, dims: row.dims, item: row.item, grain: row.grain, at: row.at.getTime() },
    window: {
      events: row.events,
      total: decimal(row.total),
      high: decimal(row.high),
      first: { at: row.first_at.getTime(), id: row.first_id, value: decimal(row.first_value) },
      last: { at: row.last_at.getTime(), id: row.last_id, value: decimal(row.last_value) },
      area: decimal(row.area),
    },
  }));
}

export function decimal(text: string): bigint {
  const value = parseDecimal(text);
  invariant(value !== null, () => `a decimal of ours, got ${text}`);
  return value;
}
