import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { type Api, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
});
afterAll(() => api?.stop());

const ada = {
  externalId: 'crm-1',
  name: 'Ada Lovelace',
  email: 'Ada@Example.com',
  timeZone: 'Europe/London',
  locale: 'en-GB',
  currency: 'gbp',
  subjects: ['ada', 'her-assistant'],
};

test('a customer is created, found and changed', async () => {
  const made = await api.owner('POST', '/api/customers', ada);
  expect(made).toMatchObject({ status: 201, body: ada });
  const { id } = made.body;
  expect((await api.owner('GET', `/api/customers/${id}`)).body).toEqual(made.body);
  expect((await api.owner('GET', '/api/customers?externalId=crm-1')).body.data).toEqual([made.body]);
  expect((await api.owner('GET', '/api/customers?email=ada@example.COM')).body.data).toEqual([made.body]);
  expect((await api.owner('GET', '/api/customers?externalId=crm-2')).body.data).toEqual([]);
  const changed = await api.owner('PATCH', `/api/customers/${id}`, { name: null, subjects: ['ada'] });
  expect(changed.body).toMatchObject({ ...ada, name: null, subjects: ['ada'] });
});

test('repeated, it is created once, and its name is in no record of the request', async () => {
  const ask = () => api.owner('POST', '/api/customers', { name: 'Grace Hopper' }, { 'idempotency-key': 'once' });
  const first = await ask();
  expect((await ask()).body).toEqual(first.body);
  for (const table of ['requests', 'customers', 'audit_log'] as const) {
    expect(JSON.stringify(await db.selectFrom(table).selectAll().execute())).not.toMatch(
      /Grace|Lovelace|example\.com/i,
    );
  }
});

test('lists go on where they stopped', async () => {
  for (let n = 0; n < 5; n++) await api.owner('POST', '/api/customers', {});
  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await api.owner('GET', `/api/customers?limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.data.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor;
  } while (cursor);
  expect(seen).toHaveLength(7);
  expect(new Set(seen).size).toBe(7);
  expect(seen).toEqual([...seen].sort().reverse());
});

test('several users act for one customer, and see it alone', async () => {
  const { body: team } = await api.owner('POST', '/api/customers', { subjects: ['one', 'two'] });
  for (const sub of ['one', 'two']) {
    const user = api.as(await api.token('customer', { sub }));
    expect((await user('GET', '/api/billing/subscriptions')).status).toBe(200);
    expect((await user('GET', `/api/customers/${team.id}`)).status).toBe(403);
  }
});
