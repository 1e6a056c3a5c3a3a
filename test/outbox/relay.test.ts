/** From the outbox to whoever is told: all of it, in order, under the same ids, whoever dies on the way. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { lags, lease } from '../../src/db/outbox.ts';
import { listen } from '../../src/relay/listen.ts';
import { SCOPE, step, useDatabase } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { until } from '../support/engine.ts';
import { happens, hearer, relayTo, upTo, versionsOf } from './support.ts';

const database = useDatabase();
beforeEach(async () => {
  await sql`truncate outbox, outbox_positions`.execute(database.db);
});

const SUBSCRIPTIONS = Array.from({ length: 40 }, (_, i) => `sub_${i}`);
const allOf = (each: number) => Object.fromEntries(SUBSCRIPTIONS.map((id) => [id, upTo(each)]));

test('what a step announces is told with its subscription, its customer, and the step’s version', async () => {
  const { consumer, heard } = hearer();
  const { relay } = relayTo(database.db, [consumer]);
  await relay.drain();
  await commit(database.db, step(draft(), [subscribe(), START]));
  await relay.drain();
  expect(heard.map(({ type, ordinal }) => [type, ordinal])).toEqual([
    ['subscription.created', 0],
    ['invoice.issued', 1],
  ]);
  expect(heard[0]).toMatchObject({ ...SCOPE, subscription: 'sub_1', customer: 'cus_1', version: 1, at: START });
  expect(heard[0]!.id).toMatch(/^evt_/);
  expect(await database.db.selectFrom('outbox').selectAll().execute()).toEqual([]);
});

test('each consumer has a place of its own, and hears of each once', async () => {
  const [one, two] = [hearer('one'), hearer('two')];
  const first = relayTo(database.db, [one.consumer, two.consumer]);
  await first.relay.drain();
  await happens(database.db, SUBSCRIPTIONS, { each: 3 });
  await first.relay.drain();
  await happens(database.db, SUBSCRIPTIONS, { each: 2, from: 4 });
  await relayTo(database.db, [one.consumer]).relay.drain();
  expect(versionsOf(one.heard)).toEqual(allOf(5));
  expect(versionsOf(two.heard)).toEqual(allOf(3));
  expect(await lags(database.db)).toEqual([
    { consumer: 'one', behind: 0 },
    { consumer: 'two', behind: 80 },
  ]);
});

test('who is new is not told of the past, announced or not; who was away is told of all of it', async () => {
  const known = hearer('known');
  await relayTo(database.db, [known.consumer]).relay.drain();
  await happens(database.db, SUBSCRIPTIONS, { each: 2 });
  const fresh = hearer('fresh');
  const { relay } = relayTo(database.db, [fresh.consumer, known.consumer]);
  await relay.drain();
  await happens(database.db, ['sub_0'], { from: 3 });
  await relay.drain();
  expect(versionsOf(fresh.heard)).toEqual({ sub_0: [3] });
  expect(known.heard).toHaveLength(81);
});

test('a trouble of one consumer holds up nobody else, and is told again from where it was', async () => {
  let isAway = true;
  const sound = hearer('sound');
  const troubled = hearer('troubled', () => {
    if (isAway) throw new Error('away');
  });
  const { relay, logged } = relayTo(database.db, [troubled.consumer, sound.consumer], {
    settings: { awayMs: 1, longestAwayMs: 1 },
  });
  await relay.drain();
  await happens(database.db, SUBSCRIPTIONS, { each: 5 });
  await relay.drain();
  expect(versionsOf(sound.heard)).toEqual(allOf(5));
  expect(troubled.heard).toEqual([]);
  expect(logged[2]).toEqual({ level: 'warn', message: 'a consumer does not take what it is told; it is told again' });
  isAway = false;
  await until(
    async () => {
      await relay.drain();
      return troubled.heard.length;
    },
    (count) => count >= 200,
    'told again',
  );
  expect(versionsOf(troubled.heard)).toEqual(allOf(5));
});

test('one that can’t be taken stands alone in the end, and what is before it is taken', async () => {
  const picky = hearer('picky', (told) => {
    if (told.some(({ version }) => version === 7)) throw new Error('seven');
  });
  const { relay } = relayTo(database.db, [picky.consumer], { settings: { awayMs: 1, longestAwayMs: 1 } });
  await relay.drain();
  await happens(database.db, ['sub_0'], { each: 9 });
  await until(
    async () => {
      await relay.drain();
      return picky.heard.length;
    },
    (count) => count === 6,
    'the six before it',
  );
});

test('two relays share the work, each event is told once, in order', async () => {
  const { consumer, heard } = hearer('shared');
  await relayTo(database.db, [consumer]).relay.drain();
  const took = new Set<number>();
  // Neither goes on before the other has got something, too.
  const bothTook = async (i: number) => {
    took.add(i);
    await until(
      async () => took.size,
      (count) => count === 2,
      'the other one has some',
    );
  };
  const relays = [0, 1].map((i) =>
    relayTo(database.db, [{ ...consumer, take: (told) => bothTook(i).then(() => consumer.take(told)) }], {
      settings: { announceAtOnce: 50, takenAtOnce: 5, pollMs: 20 },
    }),
  );
  for (const { relay } of relays) relay.start();
  for (let from = 1; from <= 30; from += 3) await happens(database.db, SUBSCRIPTIONS, { each: 3, from });
  await until(
    async () => heard.length,
    (count) => count >= 1_200,
    'all is told',
  );
  for (const { relay } of relays) await relay.stop();
  expect(versionsOf(heard)).toEqual(allOf(30));
});

test('a lease ends by itself, and whoever has lost it moves nothing', async () => {
  const { consumer, heard } = hearer('leased');
  const { relay } = relayTo(database.db, [consumer]);
  await relay.drain();
  await happens(database.db, ['sub_0'], { each: 2 });
  await relayTo(database.db, []).relay.drain();
  const held = await lease(database.db, { consumer: 'leased', holder: 'dead', shards: 16, each: 10, forMs: 600_000 });
  expect(held.map(({ announcements }) => announcements.length)).toEqual([2]);
  await relay.drain();
  expect(heard).toEqual([]);
  await database.db
    .updateTable('outbox_positions')
    .set({ leased_until: new Date(0) })
    .execute();
  await relay.drain();
  expect(heard.map(({ id }) => id)).toEqual(held[0]!.announcements.map(({ id }) => id));
});

test('a notification is enough; nobody has to look', async () => {
  const { consumer, heard } = hearer('woken');
  const { relay } = relayTo(database.db, [consumer], { settings: { pollMs: 600_000 } });
  await relay.drain();
  const ear = listen(database.url, { hydra_outbox: relay.wake });
  relay.start();
  await happens(database.db, SUBSCRIPTIONS);
  await until(
    async () => heard.length,
    (count) => count === 40,
    'heard',
  );
  await ear.stop();
  await relay.stop();
});
