/**
 * The commit of a decision: projection, invoice, ledger, audit, outbox in one durable transaction. One after the other,
 * eight and forty at once in one tenant, as a worker brings them (those that queue share a transaction), and how often one
 * that is alone waits for the database's answer. The ceiling is the least that a durable transaction of one's own can be:
 * one row with the same document. What the same steps take in a transaction each is told beside it.
 */
import { connect, createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { createDatabase, type Db } from '../src/db/client.ts';
import { commit } from '../src/db/commit.ts';
import { type CommitStep, groupedCommit } from '../src/db/grouped-commit.ts';
import { verifyLedger } from '../src/db/verify-ledger.ts';
import { accessOf } from '../src/domain/access.ts';
import type { Commit } from '../src/domain/commit.ts';
import { decide } from '../src/domain/decide.ts';
import type { Command, Due, Fact } from '../src/domain/input.ts';
import { nextDue } from '../src/domain/next-due.ts';
import { isAccepted, type Subscription } from '../src/domain/subscription.ts';
import { draft, input, subscribe } from '../test/domain/builders.ts';
import { type Benchmark, interleaved, median, type Result, range, rate, ratios } from './bench.ts';
import { customerOf, openBooks, SCOPE, START, withPostgres } from './postgres.ts';

const LIVES = 8;
/** What a worker takes on at once. */
const MOST_AT_ONCE = 40;
/** One subscribe with its payment, and a year of renewals with theirs. */
const STEPS = 26;
const AT_ONCE = 8;
const TRIPS = 8;

export const commandCommit: Benchmark = {
  name: 'command.commit',
  run: (log) =>
    withPostgres(async (server) => {
      const books = await openBooks(server, 'ours', MOST_AT_ONCE);
      const direct = createDatabase(books.url, { applicationName: 'bench-least', max: AT_ONCE });
      await sql`create table least (id bigint generated always as identity primary key, document jsonb)`.execute(
        direct,
      );
      const counted = await countingDatabase(books.url);
      let committed = 0;
      let least = 0;
      const keep = (commitStep: CommitStep) => async (step: Commit) => {
        if ((await commitStep(step)).outcome === 'committed') committed++;
      };
      const alone = (db: Db) => keep((step) => commit(db, step));
      const grouped = keep(groupedCommit(books.db));
      const keepLeast = async ({ subscription }: Commit) => {
        await sql`/* least */ insert into least (document) values (${JSON.stringify(subscription)}::jsonb)`.execute(
          direct,
        );
        least++;
      };
      try {
        const run = (atOnce: number, work: (step: Commit) => Promise<void>) => (round: number) => {
          const lives = Array.from({ length: Math.max(LIVES, atOnce) }, (_, i) => lifeOf(`sub_${made++}r${round}`, i));
          return rate(lives.length * STEPS, () => spread(lives, atOnce, work));
        };
        const atOnce = (count: number) =>
          interleaved({
            ours: run(count, grouped),
            alone: run(count, alone(books.db)),
            ceiling: run(count, keepLeast),
          });
        const tell = (count: number, { ours, alone }: Record<'ours' | 'alone', number[]>) =>
          log(
            `${count} at once: ${Math.round(median(ours))}/s, in a transaction each ${Math.round(median(alone))}/s, ratio ${median(ratios(ours, alone)).toFixed(2)} (${range(ratios(ours, alone)).map((each) => each.toFixed(2))})`,
          );
        let made = 0;
        const single = await atOnce(1);
        const eight = await atOnce(AT_ONCE);
        const most = await atOnce(MOST_AT_ONCE);
        tell(1, single);
        tell(AT_ONCE, eight);
        tell(MOST_AT_ONCE, most);
        const trips = await counted.tripsOf(async (db) => {
          await spread([lifeOf(`sub_${made++}`, 0)], 1, alone(db));
          committed -= STEPS;
        });
        const { differences, transactions } = await verifyLedger(books.db);
        log(`${committed} commits, ${transactions} ledger transactions, ${differences.length} differences`);
        // Of ours and the same alone; the ceiling writes as often as one of them.
        const correct = differences.length === 0 && committed === 2 * least && committed > 0;
        return [
          result('command.commit', single, correct, 'none of its own', 0),
          result(`command.commit.${AT_ONCE}`, eight, correct, 'above what Temporal lets through (≥ 190/s)', 190),
          result(`command.commit.${MOST_AT_ONCE}`, most, correct, 'above what Temporal lets through (≥ 190/s)', 190),
          {
            name: 'command.commit.trips',
            unit: 'round trips a commit',
            ...{ ours: trips / STEPS, peer: null, ceiling: null, ratioToPeer: null, ratioToCeiling: null },
            spread: [trips / STEPS, trips / STEPS],
            aim: `≤ ${TRIPS} over a life of renewals and payments`,
            met: trips / STEPS <= TRIPS,
            correct,
          },
        ];
      } finally {
        await counted.close();
        await direct.destroy();
        await books.close();
      }
    }),
};

function result(
  name: string,
  seen: Record<'ours' | 'ceiling', number[]>,
  correct: boolean,
  aim: string,
  least: number,
): Result {
  const toCeiling = ratios(seen.ours, seen.ceiling);
  return {
    ...{
      name,
      unit: 'commits/s',
      ours: median(seen.ours),
      peer: null,
      ceiling: median(seen.ceiling),
      ratioToPeer: null,
    },
    ...{ ratioToCeiling: median(toCeiling), spread: range(toCeiling), aim, met: median(seen.ours) >= least, correct },
  };
}

/** Each subscription's steps in their order, so many subscriptions at once. */
async function spread(lives: readonly Commit[][], atOnce: number, work: (step: Commit) => Promise<void>) {
  const waiting = [...lives];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let life = waiting.shift(); life; life = waiting.shift()) for (const step of life) await work(step);
    }),
  );
}

/** Each input a step of its own, as the workflow brings it. */
function lifeOf(id: `sub_${string}`, customer: number): Commit[] {
  const { tenant, mode } = SCOPE;
  let state: Subscription = draft({ id, tenant, mode, customer: customerOf(customer), createdAt: START });
  const steps: Commit[] = [];
  const take = (what: Command | Fact | Due, at: number) => {
    const given = input(what, at);
    const decision = decide(state, given);
    if (decision.outcome !== 'applied') throw new Error(JSON.stringify(decision));
    const { rule, effects, because } = decision;
    const subscription = { ...decision.state, version: state.version + 1 };
    steps.push({
      subscription,
      decisions: [{ input: given, rule, from: state.state, to: subscription.state, because, effects }],
      ...{ taken: [], applied: [], ignored: [], nextDueAt: nextDue(subscription)?.at ?? null },
      ...{ access: accessOf(subscription, at), at, shared: null, wanted: null },
    });
    state = subscription;
  };
  take(subscribe(), START);
  for (let at = START; steps.length < STEPS; ) {
    const open = openInvoiceOf(state);
    const due = nextDue(state);
    if (open) {
      const payment = `pi_${open.id}`;
      take({ type: 'payment_succeeded', invoice: open.id, attempt: 1, payment, amount: open.amount }, at);
    } else if (due) {
      at = due.at;
      take(due, at);
    }
  }
  return steps;
}

const openInvoiceOf = (state: Subscription) => (isAccepted(state) ? state.invoices[0] : undefined);

/** A database behind a door that counts: a trip is whatever the client sends after it was answered. */
async function countingDatabase(url: string) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let trips = 0;
  const door = createServer((client) => {
    const there = connect({ host: hostname, port: Number(port) });
    let answered = true;
    for (const socket of [client, there]) sockets.add(socket.setNoDelay(true));
    client.on('data', (data) => {
      if (answered) trips++;
      answered = false;
      there.write(data);
    });
    there.on('data', (data) => {
      answered = true;
      client.write(data);
    });
    client.on('close', () => there.destroy());
    there.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const address = door.address();
  if (address === null || typeof address === 'string') throw new Error('the door has no port');
  const through = new URL(url);
  through.port = String(address.port);
  const db = createDatabase(through.href, { applicationName: 'bench-trips', max: 1 });
  await sql`select 1`.execute(db);
  return {
    tripsOf: async (work: (db: Db) => Promise<void>) => {
      const before = trips;
      await work(db);
      return trips - before;
    },
    close: async () => {
      await db.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => door.close(resolve));
    },
  };
}
