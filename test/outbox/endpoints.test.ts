/** Endpoints from the API to the other side: told in order, signed, again and again where they don't take it. */
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { createOutgoing } from '../../src/net/outgoing.ts';
import { createDeliverer, type Deliverer, type DelivererSettings } from '../../src/outbox/deliverer.ts';
import { createOutboxRelay, type OutboxRelay } from '../../src/outbox/relay.ts';
import { type Api, startApiAlone } from '../api/support.ts';
import { until } from '../support/engine.ts';
import { isSigned, type Received, startEndpoint } from './endpoint.ts';
import { happens, upTo } from './support.ts';

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
});
afterAll(() => api?.stop());

const quiet = { info() {}, warn() {}, error() {} };
let running: { deliverer: Deliverer; relay: OutboxRelay }[] = [];
beforeEach(async () => {
  await sql`truncate outbox, endpoints, endpoint_deliveries`.execute(db);
});
afterEach(async () => {
  await Promise.all(running.flatMap(({ deliverer, relay }) => [relay.stop(), deliverer.stop()]));
  running = [];
});

function deliver(settings: Partial<DelivererSettings> = {}): void {
  const outgoing = createOutgoing({ loopback: true, timeoutMs: 2_000 });
  onTestFinished(() => outgoing.close());
  const fast = { pollMs: 10, delaysMs: [20], restMs: 1, longestRestMs: 20, ...settings };
  const deliverer = createDeliverer({ db, ring: api.keys.ring, outgoing, log: quiet, settings: fast });
  const relay = createOutboxRelay({ db, consumers: [deliverer.consumer], log: quiet, settings: { pollMs: 10 } });
  relay.start();
  deliverer.start();
  running.push({ deliverer, relay });
}

async function made(answer?: (got: Received) => number, body: object = {}) {
  const there = await startEndpoint(answer);
  onTestFinished(() => there.stop());
  const { status, body: answered } = await api.owner('POST', '/api/admin/endpoints', { url: there.url, ...body });
  expect(status).toBe(201);
  return { ...there, id: answered.endpoint.id as string, secret: answered.secret as string };
}

const scope = () => ({ tenant: api.tenant, mode: 'test' as const });
const happening = (subscriptions: readonly string[], over: object = {}) =>
  happens(db, subscriptions, { scope: scope(), ...over });
const deliveries = async (id: string, query = '') =>
  (await api.owner('GET', `/api/admin/endpoints/${id}/deliveries?limit=100${query}`)).body.data;
const versions = (taken: readonly Received[], subscription: string) =>
  taken.filter(({ event }) => event.subscriptionId === subscription).map(({ event }) => event.version);

test('what happens is told, signed, with the body that is documented', async () => {
  const endpoint = await made();
  deliver();
  await happening(['sub_a']);
  await until(
    async () => endpoint.taken.length,
    (count) => count === 1,
    'told',
  );
  const [got] = endpoint.taken;
  expect(isSigned(got!, endpoint.secret)).toBe(true);
  expect(got!.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': got!.event.id });
  expect(got!.event).toEqual({
    ...{ id: expect.stringMatching(/^evt_/), type: 'subscription.renewed', apiVersion: '1', mode: 'test' },
    ...{ timestamp: '2027-05-02T10:00:00.000Z', subscriptionId: 'sub_a', customerId: null, version: 1, ordinal: 0 },
    data: { period: 1 },
  });
  await until(
    () => deliveries(endpoint.id),
    ([first]) => first?.state === 'delivered',
    'settled',
  );
  expect(await deliveries(endpoint.id)).toEqual([
    {
      ...{ id: expect.stringMatching(/^del_/), eventId: got!.event.id, type: 'subscription.renewed' },
      ...{ subscriptionId: 'sub_a', state: 'delivered', nextAttemptAt: null },
      attempts: [{ at: expect.any(String), ms: expect.any(Number), status: 204, trouble: null }],
      ...{ createdAt: expect.any(String), settledAt: expect.any(String) },
    },
  ]);
});

test('in order for each subscription, though every other attempt fails; each under one id with one body', async () => {
  let count = 0;
  const endpoint = await made(() => (count++ % 2 === 0 ? 500 : 200));
  deliver({ soundFailures: 1_000_000, orderedAttempts: 1_000 });
  await happening(['sub_a', 'sub_b', 'sub_c'], { each: 15 });
  await until(
    async () => endpoint.taken.length,
    (told) => told >= 45,
    'all is told',
    60_000,
  );
  for (const id of ['sub_a', 'sub_b', 'sub_c']) expect(versions(endpoint.taken, id)).toEqual(upTo(15));
  const bodies = new Map<string, Set<string>>();
  for (const { id, body } of endpoint.seen) bodies.set(id, (bodies.get(id) ?? new Set()).add(body));
  expect([...bodies.values()].every((each) => each.size === 1)).toBe(true);
});

test('one that is never taken holds up its subscription for its first attempts, and nobody else', async () => {
  const endpoint = await made(({ event }) => (event.subscriptionId === 'sub_a' && event.version === 2 ? 500 : 200));
  deliver({ orderedAttempts: 3, soundFailures: 1_000 });
  await happening(['sub_a', 'sub_b'], { each: 4 });
  await until(
    async () => endpoint.taken.length,
    (told) => told >= 7,
    'the others are told',
  );
  expect(versions(endpoint.taken, 'sub_a')).toEqual([1, 3, 4]);
  expect(versions(endpoint.taken, 'sub_b')).toEqual([1, 2, 3, 4]);
  const attempts = versions(endpoint.seen, 'sub_a');
  expect(attempts.slice(0, 4)).toEqual([1, 2, 2, 2]);
});

test('only what it wants, and nothing of another tenant or mode', async () => {
  const endpoint = await made(undefined, { eventTypes: ['invoice.*', 'subscription.paused'] });
  deliver();
  await happening(['sub_a'], { type: 'subscription.renewed' });
  await happening(['sub_a'], { type: 'invoice.paid', from: 2 });
  await happening(['sub_a'], { type: 'subscription.paused', from: 3 });
  await happening(['sub_a'], { type: 'invoice.paid', from: 4, scope: { tenant: api.tenant, mode: 'live' } });
  await happening(['sub_a'], { type: 'invoice.issued', from: 5 });
  await until(
    async () => endpoint.taken.length,
    (told) => told === 3,
    'told',
  );
  expect(endpoint.taken.map(({ event }) => event.type)).toEqual([
    'invoice.paid',
    'subscription.paused',
    'invoice.issued',
  ]);
});

test('a rotated secret: both count for a while, then the new one alone', async () => {
  const endpoint = await made();
  deliver();
  const rotate = async (overlapHours: number) =>
    (await api.owner('POST', `/api/admin/endpoints/${endpoint.id}/rotate-secret`, { overlapHours })).body;
  const { secret: second, endpoint: shown } = await rotate(1);
  expect(shown.previousSecretUntil).not.toBeNull();
  await happening(['sub_a']);
  await until(
    async () => endpoint.taken.length,
    (told) => told === 1,
    'told',
  );
  expect([endpoint.secret, second].map((secret) => isSigned(endpoint.taken[0]!, secret))).toEqual([true, true]);
  const { secret: third } = await rotate(0);
  await happening(['sub_a'], { from: 2 });
  await until(
    async () => endpoint.taken.length,
    (told) => told === 2,
    'told',
  );
  expect([second, third].map((secret) => isSigned(endpoint.taken[1]!, secret))).toEqual([false, true]);
});

test('what is gone is paused and told of; resumed, it is told what waited', async () => {
  let isGone = true;
  const endpoint = await made(() => (isGone ? 410 : 200));
  const watching = await made(undefined, { eventTypes: ['endpoint.paused'] });
  deliver();
  await happening(['sub_a'], { each: 3 });
  const read = async () => (await api.owner('GET', `/api/admin/endpoints/${endpoint.id}`)).body;
  await until(read, ({ state }) => state === 'paused', 'paused');
  expect(await read()).toMatchObject({ pausedWhy: 'gone', health: { failingSince: expect.any(String) } });
  await until(
    async () => watching.taken.length,
    (told) => told === 1,
    'told of it',
  );
  expect(JSON.parse(watching.taken[0]!.body).data).toEqual({ endpoint: endpoint.id, reason: 'gone' });
  isGone = false;
  await happening(['sub_a'], { from: 4 });
  await until(
    () => deliveries(endpoint.id),
    (all) => all.length === 5,
    'waits, with its own pausing',
  );
  const { body } = await api.owner('PATCH', `/api/admin/endpoints/${endpoint.id}`, { state: 'enabled' });
  expect(body).toMatchObject({ state: 'enabled', pausedWhy: null, health: { failures: 0 } });
  await until(
    async () => versions(endpoint.taken, 'sub_a').length,
    (told) => told === 4,
    'told',
  );
  expect(versions(endpoint.taken, 'sub_a')).toEqual([1, 2, 3, 4]);
  const audited = await inTenant(db, scope(), (trx) =>
    trx.selectFrom('audit_log').select('action').where('subject', '=', endpoint.id).orderBy('id').execute(),
  );
  expect(audited.map(({ action }) => action)).toEqual(['endpoint.created', 'endpoint.paused', 'endpoint.changed']);
});

test('after three days it is given up, and an endpoint that took nothing for so long is paused; all of it replays', async () => {
  let isAway = true;
  const endpoint = await made(() => (isAway ? 503 : 200));
  deliver({ givenUpMs: 0 });
  await happening(['sub_a'], { each: 2 });
  await until(
    () => deliveries(endpoint.id),
    (all) => all.some((each: { state: string }) => each.state === 'failed'),
    'given up',
  );
  await until(
    async () => (await api.owner('GET', `/api/admin/endpoints/${endpoint.id}`)).body,
    ({ state }) => state === 'paused',
    'paused',
  );
  isAway = false;
  await db.updateTable('endpoint_deliveries').set({ state: 'failed' }).execute();
  await api.owner('PATCH', `/api/admin/endpoints/${endpoint.id}`, { state: 'enabled' });
  const { body } = await api.owner('POST', `/api/admin/endpoints/${endpoint.id}/replay`, {});
  expect(body.replayed).toBeGreaterThanOrEqual(2);
  await until(
    async () => versions(endpoint.taken, 'sub_a'),
    (told) => told.length === 2,
    'told',
  );
  const [{ id }] = await deliveries(endpoint.id, '&subscriptionId=sub_a&state=delivered');
  await api.owner('POST', `/api/admin/endpoints/${endpoint.id}/deliveries/${id}/replay`);
  await until(
    async () => endpoint.taken.filter(({ event }) => event.subscriptionId === 'sub_a').length,
    (told) => told === 3,
    'told again',
  );
});

test('a test goes to the endpoint that is tested, and to no other', async () => {
  const [tested, other] = [await made(), await made()];
  deliver();
  const { status, body } = await api.owner('POST', `/api/admin/endpoints/${tested.id}/test`);
  expect(status).toBe(202);
  await happening(['sub_a']);
  await until(
    async () => [tested.taken.length, other.taken.length],
    ([a, b]) => a === 2 && b === 1,
    'told',
  );
  expect(tested.taken.map(({ event }) => event.id)).toContain(body.eventId);
  expect(other.taken.map(({ event }) => event.type)).toEqual(['subscription.renewed']);
});

test('who creates one: addresses and types are looked at, the secret is shown once, and kept sealed', async () => {
  const key = { 'idempotency-key': 'k1' };
  const ask = (body: object, headers = {}) => api.owner('POST', '/api/admin/endpoints', body, headers);
  for (const url of [
    'http://example.com/',
    'https://10.0.0.1/',
    'https://[::ffff:a00:1]/',
    'https://a:b@example.com/',
  ]) {
    expect((await ask({ url })).body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'url' }] });
  }
  expect((await ask({ url: 'https://example.com/', eventTypes: ['invoice.lost'] })).status).toBe(400);
  const first = await ask({ url: 'https://example.com/hooks' }, key);
  expect(first.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const again = await ask({ url: 'https://example.com/hooks' }, key);
  expect(again.body).toEqual({ endpoint: first.body.endpoint });
  const stored = await db.selectFrom('endpoints').selectAll().execute();
  expect(JSON.stringify(stored)).not.toContain(first.body.secret.slice(6));
  const listed = await api.owner('GET', '/api/admin/endpoints');
  expect(listed.body.data.map(({ id }: { id: string }) => id)).toEqual([first.body.endpoint.id]);
  expect(listed.text).not.toContain('whsec_');
  await api.owner('DELETE', `/api/admin/endpoints/${first.body.endpoint.id}`);
  expect((await api.owner('GET', `/api/admin/endpoints/${first.body.endpoint.id}`)).status).toBe(404);
});
