/** The process as it is started: Temporal is away, and it serves all the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anyFreePort } from '../../bootstrap/ports.mjs';
import { newServiceKey } from '../../src/auth/service-keys.ts';
import { createKey } from '../../src/db/api-keys.ts';
import { createDatabase } from '../../src/db/client.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { createTenant } from '../../src/db/tenants.ts';
import { type Child, startChild } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let child: Child;
let url: string;
const { secret, prefix, hash } = newServiceKey('test');
beforeAll(async () => {
  database = await createTestDatabase();
  const db = createDatabase(database.url, { applicationName: 'test', max: 1 });
  const at = new Date();
  await createTenant(db, { id: 'ten_a', name: 'A', timeZone: 'UTC', createdAt: at });
  await inTenant(db, { tenant: 'ten_a', mode: 'test' }, (trx) =>
    createKey(
      trx,
      { tenant: 'ten_a', mode: 'test' },
      { id: 'key_1', name: 'a', prefix, hash, scopes: ['*'], expiresAt: null, at },
    ),
  );
  await db.destroy();
  const port = await anyFreePort();
  url = `http://127.0.0.1:${port}`;
  child = await startChild('api', {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    PORT: String(port),
    STRIPE_API_KEY: 'sk_test_1',
    STRIPE_WEBHOOK_SECRET: 'whsec_1',
    LOG_LEVEL: 'silent',
  });
});
afterAll(async () => {
  await child?.kill('SIGKILL');
  await database?.drop();
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(url + path, { headers });

test('it is alive, and names what it lacks', async () => {
  expect((await get('/healthz')).status).toBe(200);
  const ready = await get('/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'not_ready', parts: { postgres: 'ok', temporal: 'unreachable' } });
});

test('it reads, writes what needs no workflow, and takes webhooks in at its door', async () => {
  const authorization = `Bearer ${secret}`;
  const made = await fetch(`${url}/api/customers`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada' }),
  });
  expect(made.status).toBe(201);
  expect((await get('/api/customers', { authorization })).status).toBe(200);
  const webhook = await fetch(`${url}/api/webhooks/stripe`, { method: 'POST', body: '{}' });
  expect(webhook.status).toBe(400);
  expect(await webhook.json()).toMatchObject({ code: 'invalid_signature' });
});

test('it documents itself, from files of its own under a strict policy', async () => {
  const page = await get('/docs');
  const policy = page.headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  const html = await page.text();
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  expect(files).toContain('/openapi.json');
  for (const path of files) {
    expect(path).toMatch(/^\//);
    expect((await get(path)).status).toBe(200);
  }
});

test('it measures itself', async () => {
  const text = await (await get('/metrics')).text();
  expect(text).toMatch(
    /hydra_http_request_duration_seconds_count\{method="POST",route="\/api\/customers",status="201"\} 1/,
  );
  expect(text).toMatch(/hydra_inbox_pending 0/);
  expect(text).toMatch(/hydra_webhooks_total\{outcome="invalid_signature"\} 1/);
});

test('it ends in order when it is asked to', async () => {
  await child.kill('SIGTERM');
  expect(await child.ended).toBe(0);
});
