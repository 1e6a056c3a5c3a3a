/** How much was used: of any range, from windows; what is left of a minute at its ends from the events themselves. */
import { sql } from 'kysely';
import { groupedBy } from '../domain/grouped.ts';
import type { CustomerId, MeterId } from '../domain/ids.ts';
import type { Meter } from '../domain/meter.ts';
import { DAY, type Instant } from '../domain/time.ts';
import {
  floorTo,
  type Grain,
  higher,
  joined,
  type Point,
  quantityOf,
  type Read,
  stretchesOf,
  type Window,
  windowOver,
} from '../domain/usage-window.ts';
import type { Trx } from './tenant.ts';
import { decimal, eventsIn, windowsIn } from './usage-windows.ts';

/** A part of a customer's usage: equal dimensions, as the meter's `groupBy` names them. */
export type Used = { dims: string; quantity: bigint };
type Range = { from: Instant; to: Instant };

export async function readUsage(trx: Trx, meter: Meter, customer: CustomerId, range: Range): Promise<Used[]> {
  const { aggregation } = meter.document;
  const isSeries = aggregation === 'latest' || aggregation === 'time_weighted';
  const series = await readSeries(trx, meter, customer, range);
  const before = isSeries ? await pointsBefore(trx, meter, customer, range.from) : new Map<string, Point>();
  const read = new Map<string, Read>();
  for (const [dims, { window, items }] of series) {
    read.set(dims, { window, items: items.size, before: before.get(dims) ?? null });
  }
  for (const [dims, point] of before) if (!read.has(dims)) read.set(dims, { window: null, items: 0, before: point });
  return [...read]
    .map(([dims, each]) => ({ dims, quantity: quantityOf(meter, each, range.from, range.to) }))
    .sort((a, b) => (a.dims < b.dims ? -1 : 1));
}

/** Of all dimensions: the highest of a maximum, the sum of everything else; what is different is counted once. */
export async function totalUsage(trx: Trx, meter: Meter, customer: CustomerId, range: Range): Promise<bigint> {
  const { aggregation } = meter.document;
  if (aggregation === 'unique') {
    const series = await readSeries(trx, meter, customer, range);
    const items = new Set([...series.values()].flatMap((each) => [...each.items])).size;
    return quantityOf(meter, { window: null, items, before: null }, range.from, range.to);
  }
  const quantities = (await readUsage(trx, meter, customer, range)).map(({ quantity }) => quantity);
  if (aggregation === 'max') return quantities.reduce(higher, 0n);
  return quantities.reduce((sum, each) => sum + each, 0n);
}

type Series = Map<string, { window: Window | null; items: Set<string> }>;

async function readSeries(trx: Trx, meter: Meter, customer: CustomerId, { from, to }: Range): Promise<Series> {
  const series: Series = new Map();
  const take = (dims: string, item: string, window: Window | null) => {
    const known = series.get(dims) ?? { window: null, items: new Set<string>() };
    if (item !== '') known.items.add(item);
    series.set(dims, {
      ...known,
      window: known.window && window ? joined(known.window, window) : (window ?? known.window),
    });
  };
  const stretches = stretchesOf(from, to);
  const whole = stretches.flatMap(({ grain, ...range }) => (grain === 'events' ? [] : [{ grain, ...range }]));
  const rest = stretches.filter(({ grain }) => grain === 'events');
  const own = { meter: meter.id, customer };
  switch (meter.document.aggregation) {
    case 'unique':
      for (const { dims, item } of await itemsIn(trx, own, whole)) take(dims, item, null);
      break;
    case 'count':
    case 'sum':
    case 'max':
      for (const { dims, window } of await sumsIn(trx, own, whole)) take(dims, '', window);
      break;
    case 'latest':
    case 'time_weighted':
      for (const { dims, window } of await windowsIn(trx, own, whole)) take(dims, '', window);
  }
  const events = await eventsIn(trx, meter, customer, rest);
  for (const stretch of rest) {
    const inside = events.filter(({ point: { at } }) => at >= stretch.from && at < stretch.to);
    for (const [dims, own] of groupedBy(inside, ({ dims }) => dims)) {
      take(dims, '', windowOver(own.map(({ point }) => point)));
      for (const { item } of own) take(dims, item, null);
    }
  }
  return series;
}

type Own = { meter: MeterId; customer: CustomerId };
type Whole = readonly (Range & { grain: Grain })[];

const rangesOf = (stretches: Whole) => sql`unnest(${stretches.map(({ grain }) => grain)}::int[],
  ${stretches.map(({ from }) => new Date(from))}::timestamptz[], ${stretches.map(({ to }) => new Date(to))}::timestamptz[])
  as range (grain, from_at, to_at)`;

async function sumsIn(
  trx: Trx,
  { meter, customer }: Own,
  stretches: Whole,
): Promise<{ dims: string; window: Window }[]> {
  const { rows } = await sql<{ dims: string; events: number; total: string; high: string }>`/* usage_sums */
    select dims, sum(events) as events, sum(total)::text as total, max(high)::text as high
    from ${rangesOf(stretches)}
    join usage_windows as held on held.meter_id = ${meter} and held.customer_id = ${customer} and held.grain = range.grain
      and held.at >= range.from_at and held.at < range.to_at
    group by dims`.execute(trx);
  const nowhere = { at: 0, id: '', value: 0n };
  return rows.map(({ dims, events, total, high }) => ({
    dims,
    window: { events, total: decimal(total), high: decimal(high), first: nowhere, last: nowhere, area: 0n },
  }));
}

async function itemsIn(
  trx: Trx,
  { meter, customer }: Own,
  stretches: Whole,
): Promise<{ dims: string; item: string }[]> {
  const { rows } = await sql<{ dims: string; item: string }>`/* usage_items */
    select distinct dims, item
    from ${rangesOf(stretches)}
    join usage_windows as held on held.meter_id = ${meter} and held.customer_id = ${customer} and held.grain = range.grain
      and held.at >= range.from_at and held.at < range.to_at`.execute(trx);
  return rows;
}

/** What held when a range begins, however long ago it was told. */
async function pointsBefore(trx: Trx, meter: Meter, customer: CustomerId, from: Instant): Promise<Map<string, Point>> {
  const day = floorTo(from, DAY);
  const { rows } = await sql<{ dims: string; last_at: Date; last_id: string; last_value: string }>`/* usage_before */
    select distinct on (dims) dims, last_at, last_id, last_value::text
    from usage_windows
    where meter_id = ${meter.id} and customer_id = ${customer} and grain = ${DAY}::int and at < ${new Date(day)}
    order by dims, at desc`.execute(trx);
  const before = new Map(
    rows.map(({ dims, last_at, last_id, last_value }) => [
      dims,
      { at: last_at.getTime(), id: last_id, value: decimal(last_value) },
    ]),
  );
  for (const [dims, { window }] of await readSeries(trx, meter, customer, { from: day, to: from })) {
    if (window) before.set(dims, window.last);
  }
  return before;
}
