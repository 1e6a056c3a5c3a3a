/**
 * Events in and usage out. The ceiling of the one is COPY of the same rows into a table without an index, of the other a
 * read of the windows alone; the peer of a read is a scan over the events. SQL and HTTP take the same events: batches of a
 * hundred, one in twenty a repeat, one in fifty late.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { countingMeters, createMeter, publishMeter } from '../src/db/meters.ts';
import { inTenant } from '../src/db/tenant.ts';
import { makeParts } from '../src/db/usage-parts.ts';
import { totalUsage } from '../src/db/usage-read.ts';
import { takeEvents } from '../src/db/usage-take.ts';
import { decimalText } from '../src/domain/decimal.ts';
import { DAY, HOUR } from '../src/domain/time.ts';
import type { UsageEvent } from '../src/domain/usage-event.ts';
import { createUsageDoor } from '../src/usage/door.ts';
import { createIntake } from '../src/usage/intake.ts';
import { type Benchmark, interleaved, type Log, median, type Result, range, rate, ratios, timed } from './bench.ts';
import { type Books, customerOf, openBooks, SCOPE, withPostgres } from './postgres.ts';

const CUSTOMERS = 1_000;
const BATCH = 100;
/** A round. Fewer than the ten million of the aim: cost per event is compared between the first rounds and the last. */
const EVENTS = 20_000;
const FILL = 200_000;
const SENDERS = 8;
const MEGABYTE = 1024 * 1024;

export const usageIngest: Benchmark = {
  name: 'usage.ingest',
  run: (log) => withPostgres((server) => ingest(log, server)),
};
export const usageRead: Benchmark = { name: 'usage.read', run: (log) => withPostgres((server) => read(log, server)) };

async function metered(books: Books): Promise<void> {
  await makeParts(books.db, Date.now());
  const document = {
    ...{ name: 'Bytes', eventType: 'used', aggregation: 'sum' as const, property: 'bytes', groupBy: ['region'] },
  };
  await inTenant(books.db, SCOPE, async (trx) => {
    await createMeter(trx, SCOPE, { id: 'mtr_bench', key: 'bytes', document, at: new Date() });
    await publishMeter(trx, SCOPE, 'mtr_bench', new Date());
  });
}

let made = 0;
/** Of now, but for one in fifty, which is days late. */
function someEvents(count: number, late = 0.02): UsageEvent[] {
  const now = Date.now();
  return Array.from({ length: count }, () => {
    const n = made++;
    const isLate = (n * 7919) % 10_000 < late * 10_000;
    return {
      ...{ id: `event-${n}`, source: 'bench', type: 'used', subject: customerOf((n * 31) % CUSTOMERS) },
      time: isLate ? now - (1 + (n % 20)) * DAY : now - (n % 1_000),
      data: { bytes: 1 + (n % 500), region: n % 2 ? 'eu' : 'us' },
    };
  });
}

/** In batches, each twentieth event one that was there before. */
function batchesOf(count: number, late?: number): { batches: UsageEvent[][]; fresh: number } {
  const fresh = someEvents(Math.round(count * 0.95), late);
  const all = fresh.flatMap((event, i) => (i % 19 === 18 ? [event, fresh[i - 9]!] : [event]));
  const batches = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) =>
    all.slice(i * BATCH, (i + 1) * BATCH),
  );
  return { batches, fresh: fresh.length };
}

async function sendAll(
  batches: readonly UsageEvent[][],
  send: (batch: UsageEvent[]) => Promise<unknown>,
): Promise<void> {
  const queue = [...batches];
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      for (let batch = queue.pop(); batch; batch = queue.pop()) await send(batch);
    }),
  );
}

async function ingest(log: Log, server: Parameters<Parameters<typeof withPostgres>[0]>[0]): Promise<Result[]> {
  const books = await openBooks(server, 'usage', CUSTOMERS);
  const { db, url } = books;
  await metered(books);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'create unlogged table ceiling (source text, event_id text, type text, customer text, at timestamptz, data jsonb)',
  );
  const intake = createIntake({ db });
  const principal = { ref: 'bench', ...SCOPE, caller: 'owner' as const, grants: [], customer: null };
  const door = createUsageDoor(
    {
      authenticate: async () => ({ outcome: 'authenticated', principal, tenantKnown: true }),
      intake,
      log: { error: () => {}, warn: () => {} },
    },
    (_req, res) => res.writeHead(500).end(),
  );
  const http = createServer(door);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}/api/usage/events`;
  const post = async (batch: UsageEvent[]): Promise<void> => {
    const events = batch.map((event) => ({ ...event, time: new Date(event.time).toISOString() }));
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
    });
    if (response.status !== 200) throw new Error(await response.text());
    await response.arrayBuffer();
  };
  let fresh = 0;
  const ours = (send: (batch: UsageEvent[]) => Promise<unknown>, late?: number) => () => {
    const made = batchesOf(EVENTS, late);
    fresh += made.fresh;
    return rate(EVENTS, () => sendAll(made.batches, send));
  };
  const inSql = async (batch: UsageEvent[]): Promise<unknown> => takeEvents(db, SCOPE, batch, Date.now());
  try {
    const seen = await interleaved({
      grouped: ours(
        (batch) =>
          intake(
            SCOPE,
            batch.map((event) => ({ ...event, time: new Date(event.time).toISOString() })),
          )!,
      ),
      plain: ours(inSql),
      http: ours(post),
      inTime: ours(post, 0),
      allLate: ours(post, 1),
      ceiling: () => rate(EVENTS, () => copy(client, someEvents(EVENTS))),
    });
    const { rows } = await sql<{ events: number; windows: number; total: boolean }>`
      select (select count(*) from usage_events) as events, (select sum(events) from usage_windows where grain = 86400000) as windows,
        (select sum((data ->> 'bytes')::numeric) from usage_events)
          = (select sum(total) from usage_windows where grain = 60000) as total`.execute(db);
    const [counted] = rows;
    const correct = counted!.events === fresh && counted!.windows === fresh && counted!.total;
    const memory = Math.round(process.memoryUsage().rss / MEGABYTE);
    log(`${counted!.events} events; this process, clients and all, has ${memory} MB`);
    const toCeiling = ratios(seen.grouped, seen.ceiling);
    const late = ratios(seen.inTime, seen.allLate);
    const flat = ratios(seen.http.slice(-2), seen.http.slice(0, 2));
    const base = { peer: null, ratioToPeer: null, correct };
    return [
      {
        ...{ ...base, name: 'usage.ingest', unit: 'events/s into the database', ours: median(seen.grouped) },
        ...{ ceiling: median(seen.ceiling), ratioToCeiling: median(toCeiling), spread: range(toCeiling) },
        ...{ aim: '≥ 0.25 of COPY', met: median(toCeiling) >= 0.25 },
      },
      {
        ...{ ...base, name: 'usage.ingest.http', unit: 'events/s over HTTP', ours: median(seen.http) },
        ...{ ceiling: null, ratioToCeiling: null, spread: range(seen.http) },
        ...{ aim: '≥ 30,000/s', met: median(seen.http) >= 30_000 },
      },
      {
        ...{ ...base, name: 'usage.ingest.late', unit: 'times the cost of an event in time', ours: median(late) },
        ...{ ceiling: null, ratioToCeiling: null, spread: range(late), aim: '≤ 1.2', met: median(late) <= 1.2 },
      },
      {
        ...{
          ...base,
          name: 'usage.ingest.growth',
          unit: 'times the first rounds’ speed in the last',
          ours: median(flat),
        },
        ...{ ceiling: null, ratioToCeiling: null, spread: range(flat), aim: '≥ 0.85', met: median(flat) >= 0.85 },
      },
    ];
  } finally {
    await new Promise((resolve) => http.close(resolve));
    await client.end();
    await books.close();
  }
}

async function copy(client: pg.Client, events: readonly UsageEvent[]): Promise<void> {
  const lines = events.map(({ source, id, type, subject, time, data }) =>
    [source, id, type, subject, new Date(time).toISOString(), JSON.stringify(data)].join('\t'),
  );
  await pipeline(Readable.from([`${lines.join('\n')}\n`]), client.query(copyFrom('copy ceiling from stdin')));
}

const READS = 100;

async function read(log: Log, server: Parameters<Parameters<typeof withPostgres>[0]>[0]): Promise<Result[]> {
  const books = await openBooks(server, 'usage_read', CUSTOMERS);
  const { db } = books;
  await metered(books);
  try {
    const filled = await timed(async () => {
      for (let left = FILL; left > 0; left -= 2_000) {
        await takeEvents(db, SCOPE, someEvents(2_000, 0.9), Date.now());
      }
    });
    log(`${FILL} events in ${Math.round(filled / 1_000)} s`);
    await sql`vacuum analyze`.execute(db);
    const [meter] = await inTenant(db, SCOPE, (trx) => countingMeters(trx, 'now'));
    const to = Math.ceil((Date.now() + HOUR) / DAY) * DAY;
    const month = { from: to - 30 * DAY, to };
    const one = (n: number) => inTenant(db, SCOPE, (trx) => totalUsage(trx, meter!, customerOf(n), month));
    const scan = async (n: number): Promise<string> => {
      const { rows } = await inTenant(db, SCOPE, (trx) =>
        sql<{ total: string }>`select coalesce(sum((data ->> 'bytes')::numeric), 0)::text as total from usage_events
          where customer_id = ${customerOf(n)} and at >= ${new Date(month.from)} and at < ${new Date(month.to)}
            and type = 'used' and withdrawn_at is null`.execute(trx),
      );
      return rows[0]!.total;
    };
    let correct = true;
    for (let n = 0; n < 50; n++) correct &&= decimalText(await one(n)) === (await scan(n));
    const each = async (work: (n: number) => Promise<unknown>): Promise<number> =>
      (await timed(async () => {
        for (let i = 0; i < READS; i++) await work(i * 7);
      })) / READS;
    const empty = () => inTenant(db, SCOPE, (trx) => sql`select 1`.execute(trx));
    const seen = await interleaved({ ours: () => each(one), peer: () => each(scan), ceiling: () => each(empty) });
    const own = seen.ours.map((value, round) => value - seen.ceiling[round]!);
    return [
      {
        ...{ name: 'usage.read', unit: 'ms for a month of one, the transaction around it aside', ours: median(own) },
        ...{ peer: median(seen.peer), ratioToPeer: median(ratios(seen.peer, seen.ours)) },
        ...{ ceiling: median(seen.ceiling), ratioToCeiling: median(ratios(seen.ceiling, seen.ours)) },
        ...{ spread: range(own), aim: '≤ 0.5 ms', met: median(own) <= 0.5, correct },
      },
    ];
  } finally {
    await books.close();
  }
}
