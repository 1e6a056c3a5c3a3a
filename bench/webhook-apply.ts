/**
 * From the delivery to where it is shown, for what is the processor's own: news of payment methods, of customers that are
 * known. Ours goes by the door, the inbox and the relay; the peer writes what it shows before it answers; the ceiling verifies,
 * parses and inserts the row, many to a statement. `webhook.apply.lag` is how long after its answer an event is shown, at a
 * thousand a second.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import type { Db } from '../src/db/client.ts';
import { inTenant } from '../src/db/tenant.ts';
import { listen } from '../src/relay/listen.ts';
import { createRelay } from '../src/relay/relay.ts';
import { onServer } from '../test/support/on-server.ts';
import { type Benchmark, interleaved, median, type Result, range, ratios, timed } from './bench.ts';
import { customerOf, openBooks, SCOPE, START, withPostgres } from './postgres.ts';
import { methodEvent, requestOf } from './webhook-events.ts';
import { isPeerGiven, PEER, PEER_NOT_GIVEN, peerDatabase, startHearer } from './webhook-hearers.ts';
import { KEYS } from './webhook-keys.ts';

const CUSTOMERS = 1_000;
const A_ROUND = 2_000;
const PEER_ROUND = 200;
const PER_SECOND = 1_000;
const LAG_SECONDS = 3;

export const webhookApply: Benchmark = {
  name: 'webhook.apply',
  run: (log) =>
    withPostgres(async (server) => {
      const books = await openBooks(server, 'ours', CUSTOMERS);
      await nameCustomers(books.db);
      await sql`create table ceiling_methods (like payment_methods including defaults including indexes)`.execute(
        books.db,
      );
      const peerUrl = await peerDatabase(server);
      if (!isPeerGiven) log(PEER_NOT_GIVEN);
      const [door, ceiling, peer] = await Promise.all([
        startHearer('door', books.url),
        startHearer('inserting', books.url),
        isPeerGiven ? startHearer('peer', peerUrl) : null,
      ]);
      const complain = (fields: object, message: string) => log(`${message} ${JSON.stringify(fields)}`);
      const relay = createRelay({
        ...{ db: books.db, keys: KEYS, modes: ['test'], signal: async () => 'sent' },
        log: { info() {}, warn: complain, error: complain },
      });
      const ear = listen(books.url, { hydra_inbox: relay.wake });
      relay.start();
      const eye = new pg.Client({ connectionString: books.url });
      await eye.connect();
      const shown = async (name: string) => {
        const { rows } = await eye.query({
          name: 'shown',
          text: 'select id from payment_methods where tenant_id = $1 and mode = $2 and id >= $3 order by id',
          values: [SCOPE.tenant, SCOPE.mode, name],
        });
        return rows as { id: string }[];
      };
      const nameOf = (round: string, i: number) => `${round}n${String(i).padStart(6, '0')}`;
      const requests = (round: string, count: number) =>
        Array.from({ length: count }, (_, i) => requestOf(methodEvent(nameOf(round, i), i % CUSTOMERS)));
      let told = 0;
      let toldThere = 0;
      try {
        const seen = await interleaved({
          ours: async (round) => {
            const sent = requests(`a${round}`, A_ROUND);
            told += sent.length;
            const ms = await timed(async () => {
              await door.send(sent);
              while ((await shown(`pm_${nameOf(`a${round}`, A_ROUND - 1)}`)).length === 0) await sleep(2);
              while ((await countOf(books.db, `pm_a${round}n`)) < A_ROUND) await sleep(2);
            });
            return (A_ROUND / ms) * 1_000;
          },
          ceiling: async (round) => {
            const sent = requests(`a${round}`, A_ROUND);
            return (A_ROUND / (await timed(() => ceiling.send(sent)))) * 1_000;
          },
          peer:
            peer &&
            (async (round) => {
              const sent = requests(`a${round}`, PEER_ROUND);
              toldThere += sent.length;
              return (PEER_ROUND / (await timed(() => peer.send(sent)))) * 1_000;
            }),
        });
        const paced = requests('z', PER_SECOND * LAG_SECONDS);
        told += paced.length;
        const [answered, shownAt] = await Promise.all([
          door.pace(paced, PER_SECOND),
          watch(paced.length, 'pm_z', shown),
        ]);
        const lags = shownAt.map((at, i) => Math.max(0, at - answered[i]!)).sort((a, b) => a - b);
        const p99 = lags[Math.floor(lags.length * 0.99)]!;
        const toCeiling = ratios(seen.ours, seen.ceiling);
        const toPeer = peer && ratios(seen.ours, seen.peer);
        const { rows } = await sql<{ methods: number; applied: number; defaults: number }>`
          select (select count(*) from payment_methods) as methods,
            (select count(*) from inbox where state = 'applied') as applied,
            (select count(*) from payment_methods where is_default) as defaults`.execute(books.db);
        const theirs = peer && (await onServer(peerUrl, 'select count(*)::int from stripe.payment_methods'));
        const { methods, applied, defaults } = rows[0]!;
        log(`${applied} events applied, ${methods} methods, ${defaults} defaults of ${CUSTOMERS} customers`);
        const correct =
          methods === told &&
          applied === told &&
          defaults === CUSTOMERS &&
          (theirs?.[0].count ?? toldThere) === toldThere;
        const results: Result[] = [
          {
            ...{ name: 'webhook.apply', unit: 'events/s', ours: median(seen.ours), ceiling: median(seen.ceiling) },
            ...{ peer: peer && median(seen.peer), ratioToPeer: toPeer && median(toPeer) },
            ...{ ratioToCeiling: median(toCeiling), spread: range(toPeer ?? toCeiling) },
            aim: `≥ 5 × ${PEER}${peer ? '' : ' (not given, not measured)'}`,
            met: !toPeer || median(toPeer) >= 5,
            correct,
          },
          {
            ...{ name: 'webhook.apply.lag', unit: 'ms', ours: p99, peer: null, ceiling: null },
            ...{ ratioToPeer: null, ratioToCeiling: null, spread: [lags[lags.length >> 1]!, lags.at(-1)!] },
            ...{ aim: `p99 ≤ 250 ms at ${PER_SECOND}/s (median to longest)`, met: p99 <= 250, correct },
          },
        ];
        return results;
      } finally {
        await ear.stop();
        await relay.stop();
        await eye.end();
        for (const each of [door, ceiling, peer]) await each?.close();
        await books.close();
      }
    }),
};

/** The processor's own names of all customers. */
const nameCustomers = (db: Db) =>
  inTenant(db, SCOPE, (trx) =>
    trx
      .insertInto('processor_customers')
      .values(
        Array.from({ length: CUSTOMERS }, (_, i) => ({
          ...{ tenant_id: SCOPE.tenant, mode: SCOPE.mode, processor: 'stripe' as const, account: 'default' },
          ...{ customer_id: customerOf(i), processor_customer_id: `cus_atStripe${i}`, created_at: new Date(START) },
        })),
      )
      .execute(),
  );

async function countOf(db: Db, prefix: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from payment_methods
    where tenant_id = ${SCOPE.tenant} and mode = ${SCOPE.mode} and starts_with(id, ${prefix})`.execute(db);
  return rows[0]!.count;
}

/** When each was seen first. Names rise in the order of sending, so only what is new is asked for. */
async function watch(count: number, prefix: string, shown: (from: string) => Promise<{ id: string }[]>) {
  const at: number[] = new Array(count).fill(0);
  let seen = 0;
  let whole = 0;
  while (seen < count) {
    const rows = await shown(`${prefix}n${String(whole).padStart(6, '0')}`);
    const now = performance.now();
    for (const { id } of rows) {
      const i = Number(id.slice(prefix.length + 1));
      if (at[i] === 0) {
        at[i] = now;
        seen++;
      }
    }
    while (at[whole]) whole++;
    await sleep(5);
  }
  return at;
}
