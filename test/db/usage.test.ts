/** Streams of events in any order, twice, late, at once and taken back, beside an oracle in SQL over the events themselves. */
import fc from 'fast-check';
import { sql } from 'kysely';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { countingMeters, createMeter, publishMeter } from '../../src/db/meters.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { readUsage, totalUsage } from '../../src/db/usage-read.ts';
import { takeEvents } from '../../src/db/usage-take.ts';
import { withdrawEvents } from '../../src/db/usage-withdraw.ts';
import { decimalText } from '../../src/domain/decimal.ts';
import { AGGREGATIONS, type Aggregation, type Meter } from '../../src/domain/meter.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import type { UsageEvent } from '../../src/domain/usage-event.ts';
import { createIntake } from '../../src/usage/intake.ts';
import { addCustomer, OTHER, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();
const NOW = Date.parse('2027-03-10T12:00:00Z');
const meters = {} as Record<Aggregation, Meter>;

beforeAll(async () => {
  await inTenant(database.db, SCOPE, async (trx) => {
    for (const aggregation of AGGREGATIONS) {
      const property = aggregation === 'unique' ? 'who' : 'n';
      const document = {
        ...{ name: aggregation, eventType: 'used', aggregation, negative: true, groupBy: ['region'] },
        ...(aggregation !== 'count' && { property }),
      };
      await createMeter(trx, SCOPE, { id: `mtr_${aggregation}`, key: aggregation, document, at: new Date(NOW) });
      await publishMeter(trx, SCOPE, `mtr_${aggregation}`, new Date(NOW));
    }
    for (const meter of await countingMeters(trx, 'now')) meters[meter.document.aggregation] = meter;
  });
}, 60_000);

let runs = 0;
const newCustomer = async (): Promise<`cus_${string}`> => {
  const id = `cus_u${++runs}` as const;
  await inTenant(database.db, SCOPE, (trx) => addCustomer(trx, SCOPE, id));
  return id;
};
const take = (events: readonly UsageEvent[]) => takeEvents(database.db, SCOPE, events, NOW);
const outcomes = async (events: readonly UsageEvent[]) => (await take(events)).map(({ outcome }) => outcome);
const withdraw = (ids: readonly string[]) =>
  withdrawEvents(
    database.db,
    SCOPE,
    ids.map((id) => ({ id, source: '' })),
    { by: 'test', at: new Date(NOW) },
  );
const total = (aggregation: Aggregation, customer: `cus_${string}`, from: Instant, to: Instant): Promise<string> =>
  inTenant(database.db, SCOPE, async (trx) =>
    decimalText(await totalUsage(trx, meters[aggregation], customer, { from, to })),
  );

/** What the events themselves say, each way of counting told in SQL of its own. */
async function oracle(customer: string, from: Instant, to: Instant): Promise<Record<Aggregation, string>> {
  const [start, end] = [new Date(from), new Date(to)];
  const { rows } = await sql<Record<Aggregation, string>>`
    with own as (
      select at, event_id, data ->> 'region' as region, (data ->> 'n')::numeric as n, data ->> 'who' as who
      from usage_events where customer_id = ${customer} and tenant_id = ${SCOPE.tenant} and withdrawn_at is null
    ), inside as (select * from own where at >= ${start} and at < ${end}
    ), held as (
      select region, n, at, lead(at, 1, ${end}::timestamptz) over (partition by region order by at, event_id collate "C") as until
      from own where at < ${end}
    )
    select (select count(*) from inside)::text as count,
      (select coalesce(sum(n), 0) from inside)::text as sum,
      (select coalesce(greatest(max(n), 0), 0) from (select max(n) as n from inside group by region) as each)::text as max,
      (select count(distinct who) from inside)::text as unique,
      (select coalesce(sum(n), 0) from held where until = ${end})::text as latest,
      (select coalesce(sum(n * (extract(epoch from least(until, ${end}) - greatest(at, ${start})) * 1000)), 0) from held
        where until > ${start})::text as time_weighted`.execute(database.db);
  return rows[0]!;
}

const trimmed = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

const moments = fc.oneof(
  fc.integer({ min: NOW - 34 * DAY, max: NOW }),
  fc.integer({ min: NOW - 3 * MINUTE, max: NOW }),
  fc.integer({ min: 0, max: 34 * 24 }).map((hours) => NOW - hours * HOUR),
);
const said = fc.record({
  time: moments,
  n: fc.integer({ min: -500, max: 5_000 }).map((n) => n / 100),
  who: fc.constantFrom('ada', 'bob', 'eve', 'joe'),
  region: fc.constantFrom('eu', 'us'),
});
const streams = fc.record({
  events: fc.array(said, { minLength: 1, maxLength: 40 }),
  batches: fc.integer({ min: 1, max: 6 }),
  repeats: fc.array(fc.nat(39), { maxLength: 10 }),
  back: fc.array(fc.nat(39), { maxLength: 5 }),
  range: fc.tuple(moments, moments),
});

test('windows say what the events say', async () => {
  await fc.assert(
    fc.asyncProperty(streams, async ({ events, batches, repeats, back, range }) => {
      const customer = await newCustomer();
      const all = events.map(
        ({ time, ...data }, i): UsageEvent => ({
          id: `${customer}-${i}`,
          source: '',
          type: 'used',
          subject: customer,
          time,
          data,
        }),
      );
      const sent = [...all, ...repeats.flatMap((i) => all[i] ?? [])];
      // In several batches at once, as they come from several senders.
      const parts = Array.from({ length: batches }, (_, part) => sent.filter((_, i) => i % batches === part));
      const told = (await Promise.all(parts.map(outcomes))).flat();
      expect(told.filter((outcome) => outcome === 'accepted')).toHaveLength(all.length);
      expect(told.filter((outcome) => outcome === 'duplicate')).toHaveLength(sent.length - all.length);
      const taken = [...new Set(back)].flatMap((i) => all[i]?.id ?? []);
      expect(await withdraw(taken)).toEqual(taken.map(() => 'withdrawn'));
      const [from, to] = [Math.min(...range), Math.max(...range) + 1];
      const truth = await oracle(customer, from, to);
      for (const aggregation of AGGREGATIONS) {
        const seen = await total(aggregation, customer, from, to);
        if (aggregation === 'time_weighted') {
          expect(Number(seen), aggregation).toBeCloseTo(Number(truth.time_weighted) / HOUR, 6);
        } else if (aggregation === 'max') {
          expect(Math.max(Number(seen), 0), aggregation).toBe(Number(truth.max));
        } else expect(trimmed(seen), aggregation).toBe(trimmed(truth[aggregation]));
      }
    }),
    { numRuns: 15 },
  );
}, 300_000);

test('senders that try again lose nothing and count nothing twice, whatever is cut on the way', async () => {
  const customer = await newCustomer();
  const events = Array.from({ length: 400 }, (_, i) => ({
    ...{ id: `${customer}-${i}`, source: '', type: 'used', subject: customer },
    ...{
      time: new Date(NOW - i * 60_001).toISOString(),
      data: { n: i, who: `w${i % 7}`, region: i % 2 ? 'eu' : 'us' },
    },
  }));
  const intake = createIntake({ db: database.db, now: () => NOW });
  const batches = Array.from({ length: 20 }, (_, i) => events.slice(i * 20, (i + 1) * 20));
  let cut = 0;
  let accepted = 0;
  // Without an answer it is sent again: as often as it takes, and once more though it was answered.
  const send = async (batch: object[]): Promise<void> => {
    for (let answered = 0; answered < 2; ) {
      try {
        const results = await intake(SCOPE, batch)!;
        accepted += results.filter(({ outcome }) => outcome === 'accepted').length;
        answered++;
      } catch {
        cut++;
      }
    }
  };
  const knife = new pg.Client({ connectionString: database.url });
  await knife.connect();
  const senders = Promise.all(batches.map(send));
  let done = false;
  void senders.finally(() => {
    done = true;
  });
  for (let times = 0; times < 8 && !done; times++) {
    await knife.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await senders;
  await knife.end();
  expect(accepted, `${cut} batches were cut`).toBeLessThanOrEqual(events.length);
  const [from, to] = [NOW - DAY, NOW + 1];
  const truth = await oracle(customer, from, to);
  expect(truth.count).toBe('400');
  for (const aggregation of ['count', 'sum', 'unique', 'latest'] as const) {
    expect(trimmed(await total(aggregation, customer, from, to)), aggregation).toBe(trimmed(truth[aggregation]));
  }
});

test('the boundary is half-open, to the millisecond', async () => {
  const customer = await newCustomer();
  const end = NOW - 12_345;
  const at = (time: Instant, i: number): UsageEvent => ({
    ...{ id: `${customer}-${i}`, source: '', type: 'used', subject: customer, time },
    data: { n: 1, who: 'ada' },
  });
  expect(await outcomes([at(end - 1, 1), at(end, 2)])).toEqual(['accepted', 'accepted']);
  expect(await total('count', customer, end - HOUR, end)).toBe('1');
  expect(await total('count', customer, end, end + HOUR)).toBe('1');
});

test('a name belongs to its source and its tenant, and says one thing', async () => {
  const customer = await newCustomer();
  const event: UsageEvent = {
    ...{ id: `${customer}-1`, source: 'a', type: 'used', subject: customer, time: NOW },
    data: { n: 1, who: 'ada' },
  };
  expect(await outcomes([event, event, { ...event, data: { who: 'ada', n: 1 } }])).toEqual([
    ...['accepted', 'duplicate', 'duplicate'],
  ]);
  expect(await outcomes([event, { ...event, time: NOW - 1 }, { ...event, data: { n: 2, who: 'ada' } }])).toEqual([
    ...['duplicate', 'conflict', 'conflict'],
  ]);
  expect(await outcomes([{ ...event, source: 'b' }])).toEqual(['accepted']);
  expect(await takeEvents(database.db, OTHER, [event], NOW)).toMatchObject([{ code: 'unknown_subject' }]);
  expect(await total('count', customer, NOW - 1, NOW + 1)).toBe('2');
  expect(await withdraw(['unheard-of'])).toEqual(['unknown']);
});

test('what is grouped adds up to the whole', async () => {
  const customer = await newCustomer();
  const regions = ['eu', 'us', 'eu'];
  const events = regions.map(
    (region, i): UsageEvent => ({
      ...{ id: `${customer}-${i}`, source: '', type: 'used', subject: customer, time: NOW - i },
      data: { n: i + 1, who: 'ada', region },
    }),
  );
  await take(events);
  const range = { from: NOW - DAY, to: NOW + 1 };
  const used = await inTenant(database.db, SCOPE, (trx) => readUsage(trx, meters.sum, customer, range));
  expect(used.map(({ dims, quantity }) => [dims, decimalText(quantity)])).toEqual([
    ['["eu"]', '4'],
    ['["us"]', '2'],
  ]);
  expect(await total('unique', customer, range.from, range.to)).toBe('1');
});

test('nobody sees another tenant’s usage', async () => {
  for (const table of ['usage_events', 'usage_windows', 'usage_ids', 'usage_seals', 'meters'] as const) {
    const rows = await inTenant(database.db, OTHER, (trx) => trx.selectFrom(table).selectAll().execute());
    expect(rows, table).toEqual([]);
  }
});
