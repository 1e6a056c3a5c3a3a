import { expect, test } from 'vitest';
import { shop } from './billing.ts';
import { absent, customerWith, failure, quiet, start } from './support.ts';

const JANUARY = 1_767_225_600;
const DAY = 86_400;

test('objects of a clock’s customers take their time from it', async () => {
  const sim = await start();
  const clock = await sim.stripe.testHelpers.testClocks.create({ frozen_time: JANUARY, name: 'a year' });
  const who = await customerWith(sim, 'pm_card_visa', clock.id);
  const advancing = await sim.stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: JANUARY + 30 * DAY });
  expect(advancing.status).toBe('advancing');
  expect(await sim.stripe.testHelpers.testClocks.retrieve(clock.id)).toMatchObject({
    status: 'ready',
    frozen_time: JANUARY + 30 * DAY,
  });
  const paid = await sim.stripe.paymentIntents.create({ ...absent, ...who });
  expect(paid.created).toBe(JANUARY + 30 * DAY);
  const { data } = await sim.stripe.events.list({
    type: 'payment_intent.succeeded',
    created: { gte: JANUARY + 30 * DAY },
  });
  expect(data[0]?.created).toBe(JANUARY + 30 * DAY);
});

test('time doesn’t run backwards', async () => {
  const { stripe } = await start();
  const { id } = await stripe.testHelpers.testClocks.create({ frozen_time: JANUARY });
  expect((await failure(stripe.testHelpers.testClocks.advance(id, { frozen_time: JANUARY }))).param).toBe(
    'frozen_time',
  );
});

test('a payment that processes settles at its own time on the way', async () => {
  const sim = await start();
  const clock = await sim.stripe.testHelpers.testClocks.create({ frozen_time: JANUARY });
  const who = await customerWith(sim, 'pm_sim_processing', clock.id);
  const { id, status } = await sim.stripe.paymentIntents.create({ ...absent, ...who });
  expect(status).toBe('processing');
  expect((await sim.control('GET', 'state')).clocks[0].nextDueAt).toBe(JANUARY + DAY);
  await sim.stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: JANUARY + 5 * DAY });
  expect((await sim.stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  const { data } = await sim.stripe.events.list({ type: 'payment_intent.succeeded' });
  expect(data.map(({ created }) => created)).toEqual([JANUARY + DAY]);
});

test('or by a switch, as the bank likes', async () => {
  const sim = await start();
  const who = await customerWith(sim, 'pm_sim_processing');
  const { id } = await sim.stripe.paymentIntents.create({ ...absent, ...who });
  await sim.control('POST', `payment_intents/${id}/settle`, { code: 'insufficient_funds' });
  expect(await sim.stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })).toMatchObject({
    status: 'requires_payment_method',
    latest_charge: { status: 'failed' },
  });
});

test('a refund that the bank sends back makes the charge whole again', async () => {
  const sim = await start();
  const { stripe } = sim;
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: JANUARY });
  const who = await customerWith(sim, 'pm_card_refundFail', clock.id);
  const { id } = await stripe.paymentIntents.create({ ...absent, ...who });
  const refund = await stripe.refunds.create({ payment_intent: id });
  expect(refund.status).toBe('succeeded');
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: JANUARY + 2 * DAY });
  expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ status: 'failed' });
  expect((await stripe.charges.list({ payment_intent: id })).data).toMatchObject([
    { refunded: false, amount_refunded: 0 },
  ]);
  expect((await stripe.events.list({ type: 'refund.failed' })).data).toMatchObject([{ created: JANUARY + DAY }]);
});

test('a deleted clock takes its customers with it', async () => {
  const sim = await start();
  const clock = await sim.stripe.testHelpers.testClocks.create({ frozen_time: JANUARY });
  const { customer } = await customerWith(sim, 'pm_card_visa', clock.id);
  await sim.stripe.testHelpers.testClocks.del(clock.id);
  expect(await sim.stripe.customers.retrieve(customer)).toMatchObject({ deleted: true });
  await quiet(sim);
});

test('what a customer leaves behind costs nobody anything any more', async () => {
  const sim = await shop();
  const { stripe, customer } = sim;
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: sim.monthly }] });
  await stripe.invoiceItems.create({ customer, amount: 1000, currency: 'usd' });
  const draft = { customer, auto_advance: true, pending_invoice_items_behavior: 'include' as const };
  await stripe.invoices.create(draft);
  await stripe.customers.del(customer);
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('canceled');
  await sim.advance(JANUARY + 40 * DAY);
  expect((await stripe.charges.list({ customer })).data).toHaveLength(1);
});
