/** PayPal's events that were never sent, or never heard: asked for, read by the door's own list, and not believed yet. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY } from '../../src/domain/time.ts';
import { createProcessors } from '../../src/processors/processors.ts';
import { fetchEvents } from '../../src/reconcile/events.ts';
import type { Query } from '../../src/reconcile/looking.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { SCOPE, useDatabase } from '../db/support.ts';

const database = useDatabase();
let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
});
afterAll(() => simulator?.stop());

test('a capture of ours is kept once, with what it claims; what is of others is not', async () => {
  const processors = createProcessors({
    stripe: [],
    paypal: [{ clientId: 'id', clientSecret: 'secret', apiBase: simulator.url }],
  });
  const { id: account, processor } = await processors.of({ ...SCOPE, processor: 'paypal' });
  const customer = await processor.ensureCustomer({ ...SCOPE, customer: 'cus_1', clock: null });
  const setup = await processor.createSetup({ customer, key: randomUUID(), returnUrl: 'https://app.example/back' });
  await fetch(`${simulator.url}/_sim/paypal/approve`, { method: 'POST', body: JSON.stringify({ token: setup.id }) });
  const method = await processor.attach({ customer, paymentMethod: setup.id, key: randomUUID() });
  if ('refused' in method) throw new Error(method.refused);
  const charge = (tenant: `ten_${string}`, invoice: `inv_${string}`) =>
    processor.charge({
      ...{ tenant, mode: 'test', subscription: 'sub_1', invoice, attempt: 1, key: randomUUID() },
      ...{
        requestedAt: Date.now(),
        customer,
        paymentMethod: method.id,
        amount: 1900,
        currency: 'usd',
        onSession: true,
      },
    });
  const paid = await charge(SCOPE.tenant, 'inv_1_1');
  if (paid.outcome !== 'succeeded') throw new Error(paid.outcome);
  await charge('ten_2', 'inv_2_1');

  const { db } = database;
  const log = { info() {}, warn() {}, error() {} };
  const keys = parseKeyRing(`t1:${randomBytes(32).toString('base64')}`);
  const deps = { db, keys, methodKey: randomBytes(32), processors, temporal: null as never, log };
  const query: Query = { since: Date.now() - DAY, now: Date.now(), graceMs: 0, thorough: true, isFresh: () => false };
  const look = () =>
    fetchEvents({ deps, scope: SCOPE, whose: { processor: 'paypal', account } }, processor.events!, query);
  expect(await look()).toBeGreaterThan(0);
  expect(await look()).toBe(0);
  const kept = await db.selectFrom('inbox').selectAll().where('type', '=', 'PAYMENT.CAPTURE.COMPLETED').execute();
  expect(kept).toMatchObject([
    {
      ...{ provider: 'paypal', tenant_id: SCOPE.tenant, subscription_id: 'sub_1', state: 'received' },
      ...{ verified_by: 'api', raw_mac: null, confirmed_at: null },
      facts: [{ type: 'payment_succeeded', payment: paid.payment, amount: 1900 }],
    },
  ]);
  expect(kept[0]!.claim).not.toBeNull();
});
