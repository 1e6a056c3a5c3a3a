/** A subscription that the processor collects, whole: our orders to it, its events to us, the books and the access. */
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import type { Command } from '../../src/domain/input.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { terms } from '../domain/builders.ts';
import { type Doorstep, startDoorstep } from '../support/doorstep.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';
import { keepHistory } from '../support/histories.ts';

let engine: Engine;
let doorstep: Doorstep;
let stripe: Stripe;
beforeAll(async () => {
  engine = await startEngine();
  doorstep = await startDoorstep(engine);
  const { port } = engine.simulator;
  stripe = new Stripe('sk_test_simulated', { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
  const { secret } = await stripe.webhookEndpoints.create({ url: doorstep.url, enabled_events: ['*'] });
  doorstep.trust(secret ?? '');
});
afterAll(async () => {
  await doorstep?.stop();
  await engine?.stop();
});

const stateOf = async (id: SubscriptionId) => (await engine.look(id)).subscription;
const becomes = (id: SubscriptionId, good: (state: Subscription) => boolean, what: string) =>
  until(() => stateOf(id), good, what);
const inbox = () => engine.db.selectFrom('inbox').select(['type', 'state', 'reason']).orderBy('seq').execute();
const settled = () =>
  until(
    inbox,
    (rows) => rows.every(({ state }) => state === 'applied' || state === 'ignored'),
    'everything is taken in',
  );
const invoicesOf = (id: SubscriptionId) =>
  inTenant(engine.db, { tenant: engine.tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('invoices').selectAll().where('subscription_id', '=', id).orderBy('issued_at').execute(),
  );

test('it is begun, changed, paused and canceled at the processor, and followed in the books', async () => {
  const customer = await engine.customer();
  const id = await engine.subscribe(customer, { collection: 'processor' });
  await becomes(id, ({ state }) => state === 'active', 'active');
  await settled();
  const [first] = await until(
    () => invoicesOf(id),
    (rows) => rows[0]?.state === 'paid',
    'its invoice is paid',
  );
  expect(first).toMatchObject({ total: 3000, series: null });
  expect(first?.number).toMatch(/^[A-Z0-9]+-\d{4}$/);

  const ask = async (command: Command) => expect(await engine.ask(id, command)).toMatchObject({ outcome: 'applied' });
  const answered = (state: Subscription) => isAccepted(state) && state.follows?.order === null;
  await ask({ type: 'change', terms: terms(), quantity: 3, when: 'now', proration: 'invoice_now' });
  await becomes(id, (state) => isAccepted(state) && state.quantity === 3, 'three of it');
  await becomes(id, answered, 'answered');
  await ask({ type: 'cancel', when: 'period_end', reason: null });
  await becomes(id, (state) => isAccepted(state) && state.cancelAt !== null && answered(state), 'going to end');
  await ask({ type: 'uncancel' });
  await becomes(id, (state) => isAccepted(state) && state.cancelAt === null && answered(state), 'going on');
  await ask({ type: 'pause', resumeAt: null });
  await becomes(id, (state) => state.state === 'paused' && answered(state), 'paused');
  await ask({ type: 'resume' });
  await becomes(id, (state) => state.state === 'active' && answered(state), 'active again');
  await settled();
  await ask({ type: 'cancel', when: 'now', reason: null });
  const ended = await becomes(id, (state) => state.state === 'canceled' && answered(state), 'canceled');
  expect(ended).toMatchObject({ reason: 'requested' });
  await settled();
  const invoices = await invoicesOf(id);
  expect(invoices.map(({ state }) => state)).toEqual(invoices.map(() => 'paid'));
  expect(invoices).toHaveLength(2);
  expect(await verifyLedger(engine.db)).toMatchObject({ differences: [] });
  await keepHistory('followed-life', engine.client.workflow.getHandle(workflowIdOf(engine.tenant, id)));
}, 120_000);

test('a card that is declined leaves it incomplete, whatever comes after', async () => {
  const customer = await engine.customer({ card: 'pm_card_chargeCustomerFail' });
  const id = await engine.subscribe(customer, { collection: 'processor' });
  const waiting = await becomes(
    id,
    (state) => isAccepted(state) && state.follows?.seen !== null && state.follows?.order === null,
    'answered',
  );
  expect(waiting.state).toBe('incomplete');
  await settled();
  expect((await stateOf(id)).state).toBe('incomplete');
}, 60_000);

test('nothing of all that was a problem to the door or the relay', () => {
  expect(doorstep.problems).toEqual([]);
});
