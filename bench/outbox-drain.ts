/**
 * What was left in the outbox, told to a consumer and acknowledged; beside two queues on Postgres that do the same with jobs, as
 * fast as their own settings make them. The ceiling only reads the rows in their order.
 */
import { Logger, run as runWorker } from 'graphile-worker';
import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import PgBoss from 'pg-boss';
import type { Db } from '../src/db/client.ts';
import { type Announcement, lags } from '../src/db/outbox.ts';
import { createOutboxRelay } from '../src/outbox/relay.ts';
import { listen } from '../src/relay/listen.ts';
import { onServer } from '../test/support/on-server.ts';
import { type Benchmark, interleaved, median, type Result, range, rate, ratios } from './bench.ts';
import { openBooks, SCOPE, type Server, withPostgres } from './postgres.ts';

const MESSAGES = 20_000;
const SUBSCRIPTIONS = 500;
const ALONE = 300;
const AIM = 4;
const IDLE_MS = 10;
const quiet = { info() {}, warn() {}, error() {} };

export const outboxDrain: Benchmark = {
  name: 'outbox.drain',
  run: (log) =>
    withPostgres(async (server) => {
      const books = await openBooks(server, 'outbox', 1);
      const [graphile, boss] = [await graphileOf(server), await bossOf(server)];
      const ours = oursOf(books.db);
      const client = new pg.Client({ connectionString: books.url });
      await client.connect();
      try {
        await ours.enrol();
        const seen = await interleaved({
          ours: async () => {
            await leave(books.db, MESSAGES, ours.next());
            return rate(MESSAGES, ours.drain);
          },
          graphile: graphile.round,
          boss: boss.round,
          ceiling: async () =>
            rate(
              MESSAGES,
              async () => void (await client.query(`select * from announcements order by seq limit ${MESSAGES}`)),
            ),
        });
        const peer = median(seen.graphile) > median(seen.boss) ? seen.graphile : seen.boss;
        log(`graphile-worker ${Math.round(median(seen.graphile))}/s, pg-boss ${Math.round(median(seen.boss))}/s`);
        const toPeer = ratios(seen.ours, peer);
        const drained: Result = {
          ...{ name: 'outbox.drain', unit: 'messages/s', ours: median(seen.ours), peer: median(peer) },
          ...{ ceiling: median(seen.ceiling), ratioToPeer: median(toPeer) },
          ratioToCeiling: median(ratios(seen.ours, seen.ceiling)),
          spread: range(toPeer),
          aim: `≥ ${AIM} × the better of graphile-worker and pg-boss`,
          met: median(toPeer) >= AIM,
          correct: (await ours.isRight()) && graphile.isRight() && boss.isRight(),
        };
        return [drained, await idle(books.db, books.url)];
      } finally {
        await client.end();
        await graphile.close();
        await boss.close();
        await books.close();
      }
    }),
};

async function leave(db: Db, count: number, from: number): Promise<void> {
  await sql`insert into outbox (tenant_id, mode, subscription_id, version, ordinal, type, payload, at)
    select ${SCOPE.tenant}, ${SCOPE.mode}, 'sub_' || n % ${SUBSCRIPTIONS}::int, ${from}::int + n / ${SUBSCRIPTIONS}::int, 0, 'subscription.renewed',
      jsonb_build_object('period', n), clock_timestamp()
    from generate_series(0, ${count - 1}::int) as n`.execute(db);
}

function oursOf(db: Db) {
  const versions = new Map<string, number>();
  let left = 0;
  let rounds = 0;
  let isOrdered = true;
  let done = () => {};
  const take = async (told: readonly Announcement[]) => {
    for (const { subscription, version } of told) {
      if (version! <= (versions.get(subscription!) ?? -1)) isOrdered = false;
      versions.set(subscription!, version!);
    }
    left -= told.length;
    if (left === 0) done();
  };
  const relay = () => createOutboxRelay({ db, consumers: [{ name: 'bench', take }], log: quiet });
  return {
    enrol: () => relay().drain(),
    next: () => rounds++ * (MESSAGES / SUBSCRIPTIONS),
    /** Until the last one is acknowledged. */
    async drain() {
      left = MESSAGES;
      const all = new Promise<void>((resolve) => {
        done = resolve;
      });
      const own = relay();
      own.start();
      await all;
      await own.stop();
    },
    isRight: async () =>
      isOrdered && left === 0 && (await lags(db)).every(({ consumer, behind }) => consumer !== 'bench' || behind === 0),
  };
}

async function graphileOf(server: Server) {
  await onServer(server.url('postgres'), 'create database graphile');
  const pool = new pg.Pool({ connectionString: server.url('graphile'), max: 26 });
  let ran = 0;
  let wanted = 0;
  let done = () => {};
  const task = async () => {
    if (++ran === wanted) done();
  };
  const settings = {
    pgPool: pool,
    concurrency: 24,
    noHandleSignals: true,
    pollInterval: 10,
    taskList: { tell: task },
    logger: new Logger(() => () => {}),
  };
  const begun = async () => runWorker(settings);
  await (await begun()).stop();
  return {
    async round() {
      await pool.query(
        `select count(*) from graphile_worker.add_jobs(array(
          select row('tell', json_build_object('n', n), null, null, null, null, null, null)::graphile_worker.job_spec
          from generate_series(1, ${MESSAGES}) as n))`,
      );
      wanted = ran + MESSAGES;
      return rate(MESSAGES, async () => {
        const all = new Promise<void>((resolve) => {
          done = resolve;
        });
        const runner = await begun();
        await all;
        await runner.stop();
      });
    },
    isRight: () => ran === wanted,
    close: () => pool.end(),
  };
}

async function bossOf(server: Server) {
  await onServer(server.url('postgres'), 'create database boss');
  const boss = new PgBoss({ connectionString: server.url('boss'), max: 8, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue('tell');
  let took = 0;
  let given = 0;
  return {
    async round() {
      const jobs = Array.from({ length: MESSAGES }, (_, n) => ({ name: 'tell', data: { n } }));
      for (let from = 0; from < MESSAGES; from += 2_000) await boss.insert(jobs.slice(from, from + 2_000));
      given += MESSAGES;
      const worker = async () => {
        for (;;) {
          const found = await boss.fetch('tell', { batchSize: 500 });
          if (found.length === 0) return;
          await boss.complete(
            'tell',
            found.map(({ id }) => id),
          );
          took += found.length;
        }
      };
      return rate(MESSAGES, async () => {
        await Promise.all([worker(), worker(), worker(), worker()]);
      });
    },
    isRight: () => took === given,
    close: () => boss.stop({ graceful: false }),
  };
}

/** One at a time, on a relay that has nothing else to do: from before the commit until the consumer has it. */
async function idle(db: Db, url: string): Promise<Result> {
  let heard = () => {};
  const take = async () => heard();
  const relay = createOutboxRelay({ db, consumers: [{ name: 'idle', take }], log: quiet });
  await relay.drain();
  relay.start();
  const ear = listen(url, { hydra_outbox: relay.wake });
  const took: number[] = [];
  for (let n = 0; n < ALONE; n++) {
    const told = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const began = performance.now();
    await (db as Kysely<unknown> as Db).transaction().execute(async (trx) => {
      await leave(trx, 1, 1_000_000 + n);
      await sql`select pg_notify('hydra_outbox', '')`.execute(trx);
    });
    await told;
    took.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await ear.stop();
  await relay.stop();
  const sorted = took.slice(20).sort((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)]!;
  return {
    ...{
      name: 'outbox.idle',
      unit: 'ms p99',
      ours: p99,
      peer: null,
      ceiling: null,
      ratioToPeer: null,
      ratioToCeiling: null,
    },
    spread: range(sorted),
    aim: `p99 ≤ ${IDLE_MS} ms from the change to the consumer`,
    met: p99 <= IDLE_MS,
    correct: took.length === ALONE,
  };
}
