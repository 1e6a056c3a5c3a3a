/** What was refused, dropped or struck out is nowhere; what lies somewhere is found, sealed or not. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { placeOf } from '../../src/db/customers.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { type Hit, leavesOf, nothingSeen, scanHistories, scanLogs, scanTables } from '../../src/privacy/scan.ts';
import { unwrapDataKey } from '../../src/security/data-key.ts';
import { seal } from '../../src/security/seal.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { startApiOnEngine } from '../api/on-engine.ts';
import { type Api, publishPrices } from '../api/support.ts';
import type { Engine } from '../support/engine.ts';
import { deliver, openDoor } from '../webhooks/support.ts';

const CARD = '4242 4242 4242 4242';

let engine: Engine;
let api: Api;
beforeAll(async () => {
  ({ engine, api } = await startApiOnEngine());
  await publishPrices(api);
});
afterAll(() => api?.stop());

async function tables(): Promise<Hit[]> {
  const hits: Hit[] = [];
  const seen = nothingSeen();
  await scanTables(engine.db, api.keys.ring, seen, (hit) => hits.push(hit));
  expect(seen.tables).toBeGreaterThan(30);
  expect(seen.rows).toBeGreaterThan(20);
  return hits;
}

test('a journey with card numbers in every text leaves none anywhere', async () => {
  const { id, ask } = await api.customer({ email: 'ada@example.com', externalId: '1795280474123' });
  const refused = [
    await api.owner('POST', '/api/customers', { name: `Ada ${CARD}`, metadata: { card: CARD } }),
    await api.owner('POST', '/api/admin/coupons', { name: CARD, percentOff: '10', duration: 'once' }),
    await ask('POST', '/api/billing/subscribe', { planId: 'basic' }, { 'idempotency-key': '4242-4242-4242-4242' }),
  ];
  expect(refused.map(({ body }) => body.code)).toEqual(Array(3).fill('sensitive_data'));
  const taken = await ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: 'pm_card_visa' });
  expect(taken.status).toBe(201);
  const credit = { amount: { amount: 500, currency: 'usd' }, reason: 'for the trouble' };
  expect((await api.owner('POST', `/api/admin/customers/${id}/credit`, credit)).status).toBe(201);
  const { url } = await openDoor(engine.db);
  const object = { id: 'pi_1', status: 'succeeded', amount: 1, description: CARD, metadata: { note: CARD } };
  const event = { id: 'evt_1', type: 'payment_intent.succeeded', livemode: false, created: 1, data: { object } };
  expect((await deliver(url, event)).status).toBe(200);

  expect(await tables()).toEqual([]);
  const hits: Hit[] = [];
  const seen = nothingSeen();
  const mine = `WorkflowId = '${workflowIdOf(api.tenant, taken.body.subscription.id)}'`;
  // What is listed is behind what is there.
  for (let i = 0; i < 100 && seen.workflows === 0; i++) {
    await scanHistories(engine.client, seen, (hit) => hits.push(hit), mine);
  }
  expect(hits).toEqual([]);
  expect(seen.workflows).toBeGreaterThan(0);
  expect(seen.events).toBeGreaterThan(5);
}, 60_000);

test('what was planted is found, in a column, in JSON, in bytes, and in what is sealed; the value is not told', async () => {
  const scope = { tenant: api.tenant, mode: 'test' as const };
  const { id } = await api.customer({ email: 'ada@example.com' });
  const { data_key } = await inTenant(engine.db, scope, (trx) =>
    trx.selectFrom('customers').select('data_key').where('id', '=', id).executeTakeFirstOrThrow(),
  );
  const fields = unwrapDataKey(api.keys.ring, data_key, placeOf(scope, id, 'data_key'));
  const name = seal(fields, `Ada ${CARD}`, placeOf(scope, id, 'name_encrypted'));
  const elsewhere = seal(fields, 'Ada', placeOf(scope, id, 'name_encrypted'));
  await sql`update customers set name_encrypted = ${name}, email_encrypted = ${elsewhere}, external_id = 'DE89370400440532013000'
    where id = ${id}`.execute(engine.db);
  await sql`create table planted (id text primary key, said jsonb, raw bytea, number numeric)`.execute(engine.db);
  onTestFinished(async () => void (await sql`drop table planted`.execute(engine.db)));
  await sql`insert into planted values ('4242424242424242', ${JSON.stringify({ deep: [{ said: 'CVC 123' }], n: 1 })}::jsonb,
    ${Buffer.from('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')}, 6205500000000000004)`.execute(engine.db);
  const hits = await tables();
  expect(hits).toEqual(
    expect.arrayContaining([
      { place: 'customers.name_encrypted', row: expect.stringContaining(id), kind: 'card_number' },
      { place: 'customers.email_encrypted', row: expect.stringContaining(id), kind: 'unreadable' },
      { place: 'customers.external_id', row: expect.stringContaining(id), kind: 'iban' },
      { place: 'planted.id', row: '[removed: card_number]', kind: 'card_number' },
      { place: 'planted.said', row: '[removed: card_number]', kind: 'card_code' },
      { place: 'planted.raw', row: '[removed: card_number]', kind: 'processor_secret' },
      { place: 'planted.number', row: '[removed: card_number]', kind: 'card_number' },
    ]),
  );
  expect(hits).toHaveLength(7);
});

test('in a workflow’s history, and in log files, by line; the simulator’s is aside', async () => {
  const workflowId = `${api.tenant}/planted`;
  const handle = await engine.client.workflow.start('anything', {
    ...{ workflowId, taskQueue: `nobody-${randomBytes(4).toString('hex')}`, args: [{ note: CARD }] },
  });
  onTestFinished(async () => void (await handle.terminate()));
  const hits: Hit[] = [];
  for (let i = 0; i < 100 && hits.length === 0; i++) {
    await scanHistories(engine.client, nothingSeen(), (hit) => hits.push(hit), `WorkflowId = '${workflowId}'`);
  }
  expect(hits[0]).toMatchObject({ place: 'temporal.hydra-test', kind: 'card_number' });
  expect(JSON.stringify(hits)).not.toContain(CARD);

  const folder = mkdtempSync(join(tmpdir(), 'scan-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'api.log'), `{"msg":"fine"}\n{"msg":"${CARD}"}\n`);
  writeFileSync(join(folder, 'simulator.log'), `${CARD}\n`);
  const found: Hit[] = [];
  await scanLogs(folder, nothingSeen(), (hit) => found.push(hit));
  expect(found).toEqual([{ place: 'api.log', row: 'line 2', kind: 'card_number' }]);
});

test('bytes are read as JSON where they are that', () => {
  expect(leavesOf({ data: Buffer.from('{"a":["x"],"n":6205500000000000004}') })).toEqual(
    expect.arrayContaining(['x', '6205500000000000004']),
  );
});
