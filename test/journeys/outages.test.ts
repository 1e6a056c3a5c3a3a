import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { sendTo } from '../../src/clock/fast-forward.ts';
import { createDatabase, type Db } from '../../src/db/client.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { until } from '../support/engine.ts';
import { type Product, startProduct } from '../support/product.ts';

/** A minute is what we promise; `HYDRA_OUTAGE_MS=60000` takes one. */
const OUTAGE_MS = Number(process.env.HYDRA_OUTAGE_MS ?? 8_000);

let product: Product;
let db: Db;
let stripe: Stripe;

beforeAll(async () => {
  product = await startProduct(inject('workflowBundlePath'));
  db = createDatabase(product.databaseUrl, { applicationName: 'test', max: 2 });
  const { port } = product.simulator;
  stripe = new Stripe('sk_test_simulated', { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
}, 120_000);
afterAll(async () => {
  await db?.destroy();
  await product?.stop();
});

type Shown = { id: string; state: string; currentPeriod: { end: string } };

async function subscribe(): Promise<Shown> {
  const { status, body } = await product.ask('POST', '/api/billing/subscribe', { planId: 'basic' });
  expect(status, JSON.stringify(body)).toBe(201);
  return body.subscription as unknown as Shown;
}

const inboxStates = async () => [
  ...new Set((await db.selectFrom('inbox').select('state').execute()).map(({ state }) => state)),
];
const isSettled = (states: string[]) => states.every((state) => ['applied', 'ignored', 'parked'].includes(state));

test('Temporal away: events and reads go on, commands say when to come back, and then everything is applied', async () => {
  const subscription = await subscribe();
  await until(inboxStates, isSettled, 'the inbox at rest');
  const payment = await db
    .selectFrom('payments')
    .selectAll()
    .where('subscription_id', '=', subscription.id as never)
    .executeTakeFirstOrThrow();

  await product.stopTemporal();
  await stripe.refunds.create({ payment_intent: payment.id });
  const received = () => db.selectFrom('inbox').select('state').where('type', '=', 'charge.refunded').execute();
  await until(received, (rows) => rows.length === 1, 'the refund’s event is in the inbox');
  expect((await product.ask('GET', `/api/billing/subscriptions/${subscription.id}`)).status).toBe(200);
  expect((await product.ask('GET', '/healthz')).status).toBe(200);
  expect((await product.ask('GET', '/readyz')).status).toBe(503);
  const cancel = () =>
    product.ask(
      'POST',
      '/api/billing/cancel',
      { subscriptionId: subscription.id, at: 'period_end' },
      { 'idempotency-key': 'cancel-1' },
    );
  const refused = await cancel();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(refused.headers.get('content-type')).toContain('application/problem+json');

  await product.startTemporal();
  const refunds = () => db.selectFrom('refunds').selectAll().where('payment_id', '=', payment.id).execute();
  await until(refunds, (rows) => rows.length === 1, 'the refund is booked', 60_000);
  const accepted = await until(cancel, ({ status }) => status !== 503, 'commands are taken again', 60_000);
  expect(accepted.status, JSON.stringify(accepted.body)).toBe(200);
  expect((await cancel()).body).toEqual(accepted.body);
  await until(inboxStates, isSettled, 'the inbox at rest');
  expect((await verifyLedger(db)).differences).toEqual([]);
}, 180_000);

test('Postgres away in the middle of a renewal: nothing is lost, nothing doubled, nothing stuck', async () => {
  const subscription = await subscribe();
  const end = Date.parse(subscription.currentPeriod.end);

  await product.stopPostgres();
  await sendTo(product.client, workflowIdOf(product.demo.tenant as never, subscription.id as never), end + 60_000);
  const refused = await product.ask('GET', '/api/billing/subscriptions');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  const hook = await fetch(`${product.url}/api/webhooks/stripe`, { method: 'POST', body: '{}' });
  expect(hook.status).toBe(400); // a forged one is refused without asking the database
  await sleep(OUTAGE_MS);
  await product.startPostgres();

  const invoices = () =>
    db
      .selectFrom('invoices')
      .select(['id', 'state'])
      .where('subscription_id', '=', subscription.id as never)
      .execute();
  await until(
    invoices,
    (rows) => rows.length === 2 && rows.every(({ state }) => state === 'paid'),
    'renewed after all',
    60_000,
  );
  const payments = await db
    .selectFrom('payments')
    .select('id')
    .where('subscription_id', '=', subscription.id as never)
    .execute();
  expect(payments).toHaveLength(2);
  await until(inboxStates, isSettled, 'the inbox at rest', 60_000);
  expect((await product.ask('GET', `/api/billing/subscriptions/${subscription.id}`)).status).toBe(200);
  expect((await verifyLedger(db)).differences).toEqual([]);
}, 180_000);
