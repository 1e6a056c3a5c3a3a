import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { createDatabase } from '../../src/db/client.ts';
import { idOfSecret } from '../../src/webhooks/stripe-signature.ts';
import { useDatabase } from '../db/support.ts';
import { event, intent, marks, method, PANS } from './events.ts';
import { DEFAULT, deliver, KEYS, openDoor, SECRET, signed } from './support.ts';

const database = useDatabase();
const inbox = () => database.db.selectFrom('inbox').selectAll().orderBy('seq').execute();
beforeEach(async () => {
  await database.db.deleteFrom('inbox').execute();
});

const paid = (id = 'evt_1', over: Record<string, unknown> = {}) =>
  event('payment_intent.succeeded', intent(over), { id });

test('a delivery is kept, stripped, before it is answered', async () => {
  const { url, counted } = await openDoor(database.db);
  const answer = await deliver(url, paid());
  expect([answer.status, await answer.json()]).toEqual([200, { received: true }]);
  const rows = await inbox();
  expect(rows).toMatchObject([
    {
      provider: 'stripe',
      account: 'default',
      mode: 'test',
      event_id: 'evt_1',
      tenant_id: 'ten_1',
      subscription_id: 'sub_1',
      type: 'payment_intent.succeeded',
      facts: [{ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 2, payment: 'pi_1', amount: 3000 }],
      state: 'received',
    },
  ]);
  expect(rows[0]?.occurred_at.getTime()).toBe(1_800_000_000_000);
  for (const pan of PANS) expect(JSON.stringify(rows)).not.toContain(pan);
  expect(counted).toEqual(['new']);
});

test('who has signed, a keyed hash of the body and our own seal are kept with it', async () => {
  const { url } = await openDoor(database.db, [{ ...DEFAULT, secrets: ['whsec_old', SECRET] }]);
  const told = [paid('evt_1'), paid('evt_1', { description: 'another body' }), paid('evt_2')];
  const bodies = told.map((each) => JSON.stringify(each));
  for (const [i, each] of told.entries()) {
    await deliver(url, each, signed(bodies[i]!, i === 2 ? 'whsec_old' : SECRET));
  }
  const rows = await inbox();
  const rawMac = (body: string) =>
    createHmac('sha256', KEYS.keys.get('t1')!).update(`inbox raw\0${body}`).digest('hex');
  expect(rows.map(({ raw_mac }) => raw_mac?.toString('hex'))).toEqual([rawMac(bodies[0]!), rawMac(bodies[2]!)]);
  expect(rows.map(({ verified_by }) => verified_by)).toEqual([idOfSecret(SECRET), idOfSecret('whsec_old')]);
  expect(rows.map(({ mac_key, kept_mac }) => [mac_key, kept_mac?.length])).toEqual([
    ['t1', 32],
    ['t1', 32],
  ]);
  expect(JSON.stringify(rows)).not.toContain('whsec');
});

test('told again, one after the other or all at once, it is one row and always 200', async () => {
  const { url } = await openDoor(database.db);
  await deliver(url, paid());
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => deliver(url, paid(i % 2 ? 'evt_1' : 'evt_2'))),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect((await inbox()).map((row) => row.event_id)).toEqual(['evt_1', 'evt_2']);
});

test('delivery counters and other things that we do not keep make no difference', async () => {
  const { url, counted } = await openDoor(database.db);
  await deliver(url, paid());
  await deliver(url, { ...paid('evt_1', { description: 'another' }), pending_webhooks: 0, api_version: '2027-01-01' });
  expect(counted).toEqual(['new', 'repeat']);
});

test('the same id with other facts is kept beside the first, in quarantine, with an error', async () => {
  const { url, logged, counted } = await openDoor(database.db);
  await deliver(url, paid());
  for (let i = 0; i < 2; i++) expect((await deliver(url, paid('evt_1', { amount_received: 1 }))).status).toBe(200);
  expect(await inbox()).toMatchObject([
    { event_id: 'evt_1', state: 'received', facts: [{ amount: 3000 }] },
    { event_id: expect.stringMatching(/^evt_1#[0-9a-f]{16}$/), state: 'quarantined', facts: [{ amount: 1 }] },
  ]);
  expect(logged.filter(({ level }) => level === 'error')).toHaveLength(2);
  expect(counted).toEqual(['new', 'different', 'different']);
});

test('both versions in one batch: one of them stands, the other is in quarantine', async () => {
  const { url } = await openDoor(database.db);
  const answers = await Promise.all([
    deliver(url, paid('evt_1')),
    deliver(url, paid('evt_1', { amount_received: 1 })),
    deliver(url, paid('evt_1')),
    deliver(url, paid('evt_2')),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await inbox()).map(({ state }) => state).sort()).toEqual(['quarantined', 'received', 'received']);
});

test('an unknown type, another system’s payment and an unknown tenant are kept as ignored', async () => {
  const { url } = await openDoor(database.db);
  await deliver(url, event('unicorn.seen', { horn: PANS[0] }, { id: 'evt_1' }));
  await deliver(url, paid('evt_2', { metadata: {} }));
  await deliver(url, paid('evt_3', { metadata: marks({ hydra_tenant: 'ten_nobody' }) }));
  await deliver(url, event('payment_method.attached', method(), { id: 'evt_4' }));
  expect(await inbox()).toMatchObject([
    { event_id: 'evt_1', state: 'ignored', reason: 'unknown type', facts: [], settled_at: expect.any(Date) },
    { event_id: 'evt_2', state: 'ignored', reason: 'not a payment of ours' },
    { event_id: 'evt_3', state: 'ignored', reason: 'no such tenant', tenant_id: null },
    { event_id: 'evt_4', state: 'received', tenant_id: null, subscription_id: null },
  ]);
});

test('whoever listens hears of what is new, and of nothing else', async () => {
  const { url } = await openDoor(database.db);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  let heard = 0;
  client.on('notification', () => heard++);
  await client.query('listen hydra_inbox');
  await deliver(url, paid());
  await deliver(url, paid());
  await deliver(url, event('unicorn.seen', {}));
  await client.query('select 1');
  expect(heard).toBe(1);
  await client.end();
});

test.each([
  ['no signature', (body: string) => fetchRaw(body, {}), 400, 'invalid_signature'],
  [
    'a secret of somebody else',
    (body: string) => fetchRaw(body, { 'stripe-signature': signed(body, 'whsec_no') }),
    400,
    'invalid_signature',
  ],
  [
    'too old',
    (body: string) => fetchRaw(body, { 'stripe-signature': signed(body, SECRET, 1_000_000_000) }),
    400,
    'invalid_signature',
  ],
  ['no JSON', () => fetchRaw('{', { 'stripe-signature': signed('{') }), 400, 'invalid_body'],
  ['nothing', () => fetchRaw('', { 'stripe-signature': 't=1,v1=0' }), 400, 'invalid_signature'],
  ['too much', () => fetchRaw('x'.repeat(1024 * 1024 + 1), {}), 413, 'body_too_large'],
] as const)('refused without a trace: %s', async (_name, send, status, code) => {
  const { url } = await openDoor(database.db);
  const { method = 'POST', ...rest } = send(JSON.stringify(paid()));
  const answer = await fetch(url, { method, ...rest });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = await answer.json();
  expect(problem).toEqual({
    type: expect.any(String),
    title: expect.any(String),
    status,
    code,
    detail: expect.any(String),
    requestId: expect.stringMatching(/^req_/),
  });
  expect(await inbox()).toEqual([]);
});

const fetchRaw = (body: string, headers: Record<string, string>): RequestInit => ({ method: 'POST', body, headers });

test('a body without a length that does not end is cut off', async () => {
  const { url } = await openDoor(database.db);
  const status = await new Promise((resolve, reject) => {
    const req = request(url, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    req.on('error', reject);
    req.write('x'.repeat(600_000));
    req.write('x'.repeat(600_000));
  });
  expect(status).toBe(413);
});

test('two signature headers are no signature', async () => {
  const { url } = await openDoor(database.db);
  const body = JSON.stringify(paid());
  const headers = new Headers([
    ['stripe-signature', signed(body)],
    ['stripe-signature', signed(body)],
  ]);
  expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(400);
});

test('another method, another account, another path', async () => {
  const { url } = await openDoor(database.db);
  const got = await fetch(url);
  expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  expect((await deliver(`${url}/acct_nobody`, paid())).status).toBe(404);
  expect((await fetch(`${url}s`, { method: 'POST' })).status).toBe(418);
});

test('a live event does not come in by the test door; each account has its own secrets', async () => {
  const { url } = await openDoor(database.db, [
    DEFAULT,
    { id: 'acct_2', mode: 'live', secrets: ['whsec_2', 'whsec_3'] },
  ]);
  const live = { ...paid(), livemode: true };
  const answer = await deliver(url, live);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'mode_mismatch']);
  const metadata = marks({ hydra_mode: 'live' });
  const theirs = { ...paid('evt_1', { metadata }), livemode: true };
  expect((await deliver(`${url}/acct_2`, theirs)).status).toBe(400);
  expect((await deliver(`${url}/acct_2`, theirs, signed(JSON.stringify(theirs), 'whsec_3'))).status).toBe(200);
  expect(await inbox()).toMatchObject([{ account: 'acct_2', mode: 'live', tenant_id: 'ten_1' }]);
});

test('one account in both modes: whoever holds the test secret cannot tell of live money', async () => {
  const { url } = await openDoor(database.db, [DEFAULT, { id: 'default', mode: 'live', secrets: ['whsec_live'] }]);
  const live = { ...paid('evt_1', { metadata: marks({ hydra_mode: 'live' }) }), livemode: true };
  for (const [event, secret] of [
    [live, SECRET],
    [paid('evt_2'), 'whsec_live'],
  ] as const) {
    const answer = await deliver(url, event, signed(JSON.stringify(event), secret));
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'mode_mismatch']);
  }
  expect(await inbox()).toEqual([]);
  await deliver(url, live, signed(JSON.stringify(live), 'whsec_live'));
  await deliver(url, paid('evt_1'));
  expect((await inbox()).map(({ mode, event_id, state }) => [mode, event_id, state])).toEqual([
    ['live', 'evt_1', 'received'],
    ['test', 'evt_1', 'received'],
  ]);
});

test('the database is away: 503 with Retry-After, so that the processor sends it again', async () => {
  const nowhere = createDatabase('postgres://nobody@127.0.0.1:1/none', { applicationName: 'test', max: 2 });
  const { url, logged } = await openDoor(nowhere);
  const answer = await deliver(url, paid());
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  expect(JSON.stringify(logged)).not.toContain('nobody');
  await nowhere.destroy();
});

test('hundreds of different events at once are as many rows', async () => {
  const { url } = await openDoor(database.db);
  const all = Array.from({ length: 300 }, (_, i) => paid(`evt_many_${i}`));
  const answers = await Promise.all(all.map((each) => deliver(url, each)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await inbox()).toHaveLength(300);
});

test('an address whose requests are refused again and again is told to wait; a genuine delivery from it is not', async () => {
  const limits = { refusals: 3, refillMs: 60_000, atOnce: 2, addresses: 10 };
  const { url, logged, counted } = await openDoor(database.db, [DEFAULT], limits);
  const answers: Response[] = [];
  for (let i = 0; i < 5; i++) answers.push(await deliver(url, paid(), 't=1,v1=junk'));
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 429, 429]);
  expect(Number(answers[4]?.headers.get('retry-after'))).toBeGreaterThan(50);
  expect(await answers[4]?.json()).toMatchObject({ code: 'too_many_requests', status: 429 });
  expect((await deliver(url, paid())).status).toBe(200);
  expect(counted).toEqual([...Array(3).fill('invalid_signature'), 'too_many_requests', 'too_many_requests', 'new']);
  expect(logged.filter(({ message }) => message.startsWith('too many refused'))).toHaveLength(1);
  expect(logged.filter(({ message }) => message === 'a webhook was refused')).toHaveLength(3);
});

test('from an address that has none left only a few are heard at once', async () => {
  const limits = { refusals: 1, refillMs: 60_000, atOnce: 1, addresses: 10 };
  const { url } = await openDoor(database.db, [DEFAULT], limits);
  await deliver(url, paid(), 'junk');
  const headers = { 'content-length': 1000, expect: '100-continue' };
  const slow = request(url, { method: 'POST', headers });
  slow.on('error', () => {}); // it is cut off at the end
  slow.flushHeaders();
  await once(slow, 'continue');
  expect((await deliver(url, paid())).status).toBe(429);
  slow.destroy();
  await expect.poll(async () => (await deliver(url, paid())).status).toBe(200);
});
