/**
 * Webhooks at the door: three kilobytes, signed, over 32 connections that stay open. In `webhook.accept` each is new, in
 * `webhook.dup` nine of ten were told before. The ceiling verifies and parses, and keeps nothing; the peer keeps one row for
 * each, on the same server. Each is a process of its own.
 */
import { sql } from 'kysely';
import { onServer } from '../test/support/on-server.ts';
import { type Benchmark, interleaved, type Log, median, type Result, range, ratios, timed } from './bench.ts';
import { openBooks, withPostgres } from './postgres.ts';
import { paymentEvent, requestOf } from './webhook-events.ts';
import { type Hearing, isPeerGiven, PEER, PEER_NOT_GIVEN, peerDatabase, startHearer } from './webhook-hearers.ts';

const A_ROUND = 2_000;
/** A peer that writes one by one is measured on fewer: it is the rate that is compared. */
const PEER_ROUND = 200;
const TELLINGS = 10;
const MOST_MEGABYTES = 256;

export const webhookAccept: Benchmark = { name: 'webhook.accept', run: (log) => withDoors(log, accept) };
export const webhookDup: Benchmark = { name: 'webhook.dup', run: (log) => withDoors(log, dup) };

type Doors = {
  door: Hearing;
  ceiling: Hearing;
  peer: Hearing | null;
  /** That each event is there once, as the door has left it, and that the peer has its own. */
  isRight(events: number, ofPeer: number): Promise<boolean>;
};

async function withDoors(log: Log, work: (doors: Doors, log: Log) => Promise<Result[]>): Promise<Result[]> {
  return withPostgres(async (server) => {
    const books = await openBooks(server, 'ours', 1);
    const peerUrl = await peerDatabase(server);
    if (!isPeerGiven) log(PEER_NOT_GIVEN);
    const [door, ceiling, peer] = await Promise.all([
      startHearer('door', books.url),
      startHearer('ceiling', books.url),
      isPeerGiven ? startHearer('peer', peerUrl) : null,
    ]);
    const isRight = async (events: number, ofPeer: number) => {
      const { rows } = await sql<{ all: number; received: number; peers: number }>`
        select count(*) as all, count(distinct event_id) filter (where state = 'received') as received from inbox`.execute(
        books.db,
      );
      const theirs = peer && (await onServer(peerUrl, 'select count(*)::int from stripe.payment_intents'));
      const [found] = rows;
      log(`${found!.all} events are kept${theirs ? `, ${theirs[0].count} at the peer` : ''}`);
      return found!.all === events && found!.received === events && (theirs?.[0].count ?? ofPeer) === ofPeer;
    };
    try {
      return await work({ door, ceiling, peer, isRight }, log);
    } finally {
      for (const each of [door, ceiling, peer]) await each?.close();
      await books.close();
    }
  });
}

/** Their rate, and how long each took. */
async function measured({ send }: Hearing, events: readonly object[]): Promise<{ rate: number; p99: number }> {
  const requests = events.map((event) => requestOf(event as Record<string, unknown>));
  let took: number[] = [];
  const ms = await timed(async () => {
    took = await send(requests);
  });
  return { rate: (events.length / ms) * 1_000, p99: took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)]! };
}

const unique = (name: string, round: number, count: number) =>
  Array.from({ length: count }, (_, i) => paymentEvent(`${name}${round}n${i}`));

/** Each of a tenth, ten times, in the order of a shuffled pack. */
function told(name: string, round: number, count: number) {
  const events = unique(name, round, count / TELLINGS);
  const pack = Array.from({ length: count }, (_, i) => events[i % events.length]!);
  for (let i = pack.length - 1; i > 0; i--) {
    const j = Math.floor(Math.abs(Math.sin(i * 12.9898 + round) * 43_758.5453) % (i + 1));
    [pack[i], pack[j]] = [pack[j]!, pack[i]!];
  }
  return pack;
}

async function accept({ door, ceiling, peer, isRight }: Doors, log: Log): Promise<Result[]> {
  const p99: { ours: number[]; ceiling: number[] } = { ours: [], ceiling: [] };
  let rounds = 0;
  const seen = await interleaved({
    ours: async (round) => {
      rounds++;
      const { rate, p99: slow } = await measured(door, unique('a', round, A_ROUND));
      if (round > 0) p99.ours.push(slow);
      return rate;
    },
    ceiling: async (round) => {
      const { rate, p99: slow } = await measured(ceiling, unique('a', round, A_ROUND));
      if (round > 0) p99.ceiling.push(slow);
      return rate;
    },
    peer: peer && (async (round) => (await measured(peer, unique('a', round, PEER_ROUND))).rate),
  });
  const toCeiling = ratios(seen.ours, seen.ceiling);
  const toPeer = peer && ratios(seen.ours, seen.peer);
  if (toPeer) log(`${PEER}: ${range(toPeer).map((each) => each.toFixed(1))} × slower`);
  const megabytes = await door.megabytes();
  const correct = await isRight(rounds * A_ROUND, rounds * PEER_ROUND);
  const alone = { peer: null, ceiling: null, ratioToPeer: null, ratioToCeiling: null };
  return [
    {
      ...{ name: 'webhook.accept', unit: 'events/s', ours: median(seen.ours), ceiling: median(seen.ceiling) },
      ...{ peer: peer && median(seen.peer), ratioToPeer: toPeer && median(toPeer), ratioToCeiling: median(toCeiling) },
      spread: range(toCeiling),
      aim: `≥ 0.65 of the ceiling, ≥ 15 × ${PEER}${peer ? '' : ' (not given, not measured)'}`,
      met: median(toCeiling) >= 0.65 && (!toPeer || median(toPeer) >= 15),
      correct,
    },
    {
      ...{ name: 'webhook.accept.p99', unit: 'ms', ...alone, ours: median(p99.ours), ceiling: median(p99.ceiling) },
      ratioToCeiling: median(ratios(p99.ceiling, p99.ours)),
      ...{ spread: range(p99.ours), aim: '≤ 10 ms at full rate', met: median(p99.ours) <= 10, correct },
    },
    {
      ...{ name: 'webhook.accept.memory', unit: 'MB', ...alone, ours: megabytes, spread: [megabytes, megabytes] },
      ...{ aim: `< ${MOST_MEGABYTES} MB at most`, met: megabytes < MOST_MEGABYTES, correct },
    },
  ];
}

async function dup({ door, ceiling, peer, isRight }: Doors, log: Log): Promise<Result[]> {
  let rounds = 0;
  const seen = await interleaved({
    ours: async (round) => {
      rounds++;
      return (await measured(door, told('d', round, A_ROUND))).rate;
    },
    accept: async (round) => (await measured(door, unique('a', round, A_ROUND))).rate,
    ceiling: async (round) => (await measured(ceiling, told('d', round, A_ROUND))).rate,
    peer: peer && (async (round) => (await measured(peer, told('d', round, PEER_ROUND))).rate),
  });
  const toAccept = ratios(seen.ours, seen.accept);
  const toPeer = peer && ratios(seen.ours, seen.peer);
  log(`of the rate at which new ones are accepted: ${median(toAccept).toFixed(2)}`);
  return [
    {
      ...{ name: 'webhook.dup', unit: 'events/s', ours: median(seen.ours), ceiling: median(seen.ceiling) },
      ...{ peer: peer && median(seen.peer), ratioToPeer: toPeer && median(toPeer) },
      ratioToCeiling: median(ratios(seen.ours, seen.ceiling)),
      spread: range(toAccept),
      ...{ aim: 'at least the rate of new ones, nothing twice', met: median(toAccept) >= 1 },
      correct: await isRight(rounds * (A_ROUND + A_ROUND / TELLINGS), (rounds * PEER_ROUND) / TELLINGS),
    },
  ];
}
