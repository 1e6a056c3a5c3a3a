/** The way of a fact, whole: the processor's webhook, the door, the inbox, the relay, the workflow, the books. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { InvoiceId, SubscriptionId } from '../../src/domain/ids.ts';
import { listen } from '../../src/relay/listen.ts';
import { createRelay, type Relay } from '../../src/relay/relay.ts';
import { signalThrough } from '../../src/relay/signal.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { createDoor, type Door } from '../../src/webhooks/door.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';

let engine: Engine;
let relay: Relay;
let stripe: Stripe;
const stops: (() => Promise<unknown>)[] = [];
const problems: string[] = [];
const log = {
  info() {},
  warn: (fields: object, message: string) => void problems.push(`${message} ${JSON.stringify(fields)}`),
  error: (fields: object, message: string) => void problems.push(`${message} ${JSON.stringify(fields)}`),
};

beforeAll(async () => {
  engine = await startEngine();
  stops.push(() => engine.stop());
  const { port } = engine.simulator;
  stripe = new Stripe('sk_test_simulated', { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
  let door: Door = () => false;
  const server = createServer((req, res) => void (door(req, res) || res.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhooks/stripe`;
  const { secret } = await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  const keys = parseKeyRing(`t1:${randomBytes(32).toString('base64')}`);
  const account = { id: 'default', mode: 'test', secrets: [secret ?? ''] } as const;
  door = createDoor({ db: engine.db, keys, stripe: [account], log });
  relay = createRelay({
    db: engine.db,
    keys,
    modes: ['test'],
    signal: signalThrough(new Map([['test', engine.client]]), 5_000),
    log,
  });
  const ear = listen(engine.databaseUrl, { hydra_inbox: relay.wake });
  relay.start();
  stops.unshift(
    async () => server.close(),
    () => ear.stop(),
    () => relay.stop(),
  );
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

const stateOf = async (id: SubscriptionId) => (await engine.look(id)).subscription.state;
const inbox = () => engine.db.selectFrom('inbox').select(['type', 'state', 'reason', 'facts']).orderBy('seq').execute();
const isSettled = (rows: { state: string }[]) => rows.every(({ state }) => state === 'applied' || state === 'ignored');
const rowsOf = (id: SubscriptionId) =>
  inTenant(engine.db, { tenant: engine.tenant, mode: 'test' }, async (trx) => ({
    payments: await trx.selectFrom('payments').selectAll().where('subscription_id', '=', id).execute(),
    refunds: await trx.selectFrom('refunds').selectAll().where('subscription_id', '=', id).execute(),
    attempts: await trx.selectFrom('payment_attempts').selectAll().where('subscription_id', '=', id).execute(),
  }));

test('a customer confirms with 3-D Secure: the webhook alone makes the subscription active', async () => {
  const customer = await engine.customer({ card: 'pm_card_authenticationRequired' });
  const id = await engine.subscribe(customer);
  const { attempts } = await until(
    () => rowsOf(id),
    (rows) => rows.attempts[0]?.state === 'needs_action',
    'the payment waits',
  );
  expect(await stateOf(id)).toBe('incomplete');
  const payment = attempts[0]?.processor_payment_id;
  await fetch(`${engine.simulator.url}/_sim/payment_intents/${payment}/authenticate`, {
    method: 'POST',
    body: JSON.stringify({ outcome: 'complete' }),
  });
  await until(
    () => stateOf(id),
    (state) => state === 'active',
    'active',
  );
  await until(inbox, isSettled, 'everything is taken in');
  expect((await rowsOf(id)).payments).toMatchObject([{ id: payment, amount: 3000, unapplied: false }]);
});

test('the answer and the webhook of one payment are one payment; a method is projected on the way', async () => {
  const customer = await engine.customer();
  const id = await engine.subscribe(customer);
  await until(
    () => stateOf(id),
    (state) => state === 'active',
    'active',
  );
  const invoice: InvoiceId = `inv_${id.slice(4)}_1`;
  await until(
    inbox,
    (rows) => isSettled(rows) && rows.some(({ facts }) => JSON.stringify(facts).includes(invoice)),
    'its webhook is taken in',
  );
  expect((await rowsOf(id)).payments).toHaveLength(1);
});

test('a refund made in the processor’s dashboard reaches the books', async () => {
  const id = await engine.subscribe(await engine.customer());
  const { payments } = await until(
    () => rowsOf(id),
    (rows) => rows.payments.length === 1,
    'paid',
  );
  await stripe.refunds.create({ payment_intent: payments[0]?.id ?? '', amount: 500 });
  const { refunds } = await until(
    () => rowsOf(id),
    (rows) => rows.refunds.length === 1,
    'refunded',
  );
  expect(refunds).toMatchObject([{ amount: 500, payment_id: payments[0]?.id }]);
  expect(await verifyLedger(engine.db)).toMatchObject({ differences: [] });
});

test('nothing of all that was a problem to the door or the relay', () => {
  expect(problems).toEqual([]);
});
