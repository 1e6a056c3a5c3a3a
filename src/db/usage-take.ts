/**
 * Events in: each is counted once, in the one transaction that remembers its name, keeps it, and moves the windows over
 * it. What the transaction accepts is durable when it ends; one that comes twice is told so, and counts nothing.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { canonical } from '../domain/canonical.ts';
import { groupedBy } from '../domain/grouped.ts';
import type { CustomerId } from '../domain/ids.ts';
import { type Meter, MOST_LATE_DAYS, measure } from '../domain/meter.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../domain/time.ts';
import { type Rejected, rejected, type UsageEvent, type UsageOutcome } from '../domain/usage-event.ts';
import { floorTo } from '../domain/usage-window.ts';
import { numbers, texts } from './arrays.ts';
import type { Db } from './client.ts';
import { countingMeters, lockUsage } from './meters.ts';
import { inTenant, type Scope, type Trx } from './tenant.ts';
import { addWindows, type Contribution, itemOf, pointId, recount, windowsOf } from './usage-windows.ts';

/** Clocks of senders are never quite right. */
const MOST_AHEAD = HOUR;

type Taken = UsageEvent & { customer: CustomerId; hash: string; contributions: Contribution[] };

/** An outcome for each, in their order. */
export const takeEvents = (
  db: Db,
  scope: Scope,
  events: readonly UsageEvent[],
  now: Instant,
): Promise<UsageOutcome[]> =>
  inTenant(db, scope, async (trx) => {
    await lockUsage(trx, scope, 'shared');
    const meters = groupedBy(await countingMeters(trx, 'now'), ({ document }) => document.eventType);
    const subjects = await subjectsIn(
      trx,
      events.map(({ subject }) => subject),
    );
    const judged = events.map((event) => judge(event, subjects.get(event.subject), meters.get(event.type) ?? [], now));
    const firsts = new Map<string, Taken>();
    for (const each of judged) if (!('outcome' in each) && !firsts.has(nameOf(each))) firsts.set(nameOf(each), each);
    const known = await remember(trx, [...firsts.values()]);
    const fresh = [...firsts.values()].filter((each) => !known.has(nameOf(each)));
    await keep(trx, fresh, meters);
    const counted = new Set<Taken>(fresh);
    return judged.map((each): UsageOutcome => {
      if ('outcome' in each) return each;
      if (counted.has(each)) return { outcome: 'accepted' };
      const hash = known.get(nameOf(each)) ?? firsts.get(nameOf(each))!.hash;
      return hash === each.hash
        ? { outcome: 'duplicate' }
        : {
            outcome: 'conflict',
            reason: `an event ${each.id} of this source was taken before, and said something else`,
          };
    });
  });

const nameOf = ({ source, id }: Pick<UsageEvent, 'source' | 'id'>): string => `${id}\n${source}`;

export const customersNamed = async (trx: Trx, subjects: Iterable<string>): Promise<Set<CustomerId>> =>
  new Set([...(await subjectsIn(trx, subjects)).values()].map(({ customer }) => customer));

type Subject = { customer: CustomerId; now: Instant | null };

/** Customers by their id, or by the one that their own application has for them; and what time it is for them. */
async function subjectsIn(trx: Trx, subjects: Iterable<string>): Promise<Map<string, Subject>> {
  const named = texts([...new Set(subjects)]);
  const { rows } = await sql<{ subject: string; id: CustomerId; now: Date | null }>`/* usage_subjects */
    select named.subject, customer.id, clock.now
    from unnest(${named}::text[]) as named (subject)
    cross join lateral (
      select id, clock_id from customers where id = named.subject
      union all
      select id, clock_id from customers where external_id = named.subject
      limit 1
    ) as customer
    left join clocks as clock on clock.id = customer.clock_id`.execute(trx);
  return new Map(rows.map(({ subject, id, now }) => [subject, { customer: id, now: now?.getTime() ?? null }]));
}

function judge(
  event: UsageEvent,
  subject: Subject | undefined,
  meters: readonly Meter[],
  wall: Instant,
): Taken | Rejected {
  if (!subject) return rejected('unknown_subject', `subject is ${event.subject}, and there is no such customer`);
  if (meters.length === 0) return rejected('unknown_meter', `type is ${event.type}, and no meter counts it`);
  const now = subject.now ?? wall;
  if (event.time > now + MOST_AHEAD) {
    return rejected(
      'too_early',
      `time is more than an hour ahead of ${new Date(now).toISOString()}, which it is for its subject`,
    );
  }
  const { customer } = subject;
  const contributions: Contribution[] = [];
  for (const meter of meters) {
    const { lateDays = MOST_LATE_DAYS } = meter.document;
    if (event.time < now - lateDays * DAY) {
      return rejected('too_late', `time is more than ${lateDays} days ago, and meter ${meter.key} takes nothing older`);
    }
    const measured = measure(meter, event.data);
    if (!measured) continue;
    if ('reason' in measured) return rejected('bad_value', measured.reason);
    const { dims, item, value } = measured;
    const point = { at: event.time, id: pointId(event.source, event.id), value };
    contributions.push({ meter: meter.id, customer, dims, item: itemOf(item), point });
  }
  return { ...event, customer, hash: hashOf(event), contributions };
}

/** Of all that it says. */
const hashOf = ({ type, subject, time, data }: UsageEvent): string =>
  createHash('sha256')
    .update(canonical([type, subject, time, data]))
    .digest('base64url')
    .slice(0, 22);

/** What is known already, with what it said then. In the order of their names, for batches that hold the same ones. */
async function remember(trx: Trx, events: readonly Taken[]): Promise<Map<string, string>> {
  if (events.length === 0) return new Map();
  const ordered = events.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const { rows: added } = await sql<{ source: string; event_id: string }>`/* usage_remember */
    insert into usage_ids (tenant_id, mode, source, event_id, hash, customer_id, at, received_on)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), source, id, hash, customer,
      to_timestamp(at / 1000.0), (now() at time zone 'UTC')::date
    from unnest(${texts(ordered.map(({ source }) => source))}::text[], ${texts(ordered.map(({ id }) => id))}::text[],
      ${texts(ordered.map(({ hash }) => hash))}::text[], ${texts(ordered.map(({ customer }) => customer))}::text[],
      ${numbers(ordered.map(({ time }) => time))}::bigint[]) as added (source, id, hash, customer, at)
    on conflict do nothing
    returning source, event_id`.execute(trx);
  if (added.length === events.length) return new Map();
  const fresh = new Set(added.map(({ source, event_id: id }) => nameOf({ source, id })));
  const others = ordered.filter((each) => !fresh.has(nameOf(each)));
  const { rows } = await sql<{ source: string; event_id: string; hash: string }>`/* usage_known */
    select source, event_id, hash from usage_ids
    where (source, event_id) in (select * from unnest(${texts(others.map(({ source }) => source))}::text[],
      ${texts(others.map(({ id }) => id))}::text[]))`.execute(trx);
  return new Map(rows.map(({ source, event_id: id, hash }) => [nameOf({ source, id }), hash]));
}

async function keep(trx: Trx, events: readonly Taken[], meters: ReadonlyMap<string, readonly Meter[]>): Promise<void> {
  if (events.length === 0) return;
  const inOrder = new Map(
    [...meters.values()].flat().flatMap((meter) => (isOrdered(meter) ? [[meter.id, meter]] : [])),
  );
  const all = events.flatMap(({ contributions }) => contributions);
  const ordered = groupedBy(
    all.filter(({ meter }) => inOrder.has(meter)),
    ({ meter, customer }) => `${meter} ${customer}`,
  );
  // Before the events are there: who comes after sees them all.
  const series = [...ordered.keys()].sort();
  if (series.length > 0) {
    await sql`/* usage_series */ select pg_advisory_xact_lock(hashtextextended(name, 0))
      from unnest(${texts(series)}::text[]) as series (name)`.execute(trx);
  }
  await sql`/* usage_keep */
    insert into usage_events (tenant_id, mode, received_on, source, event_id, type, customer_id, at, data)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), (now() at time zone 'UTC')::date, source, id, type,
      customer, to_timestamp(at / 1000.0), data
    from unnest(${texts(events.map(({ source }) => source))}::text[], ${texts(events.map(({ id }) => id))}::text[],
      ${texts(events.map(({ type }) => type))}::text[], ${texts(events.map(({ customer }) => customer))}::text[],
      ${numbers(events.map(({ time }) => time))}::bigint[], ${texts(events.map(({ data }) => JSON.stringify(data)))}::jsonb[])
      as added (source, id, type, customer, at, data)`.execute(trx);
  await addWindows(trx, windowsOf(all.filter(({ meter }) => !inOrder.has(meter))));
  for (const name of series) {
    const own = ordered.get(name)!;
    const { meter, customer } = own[0]!;
    const minutes = [...new Set(own.map(({ point }) => floorTo(point.at, MINUTE)))];
    await recount(trx, { meter: inOrder.get(meter)!, customer }, minutes);
  }
}

/** A value holds until the next one, so what an event adds depends on its neighbours. */
const isOrdered = ({ document }: Meter): boolean => document.aggregation === 'time_weighted';
