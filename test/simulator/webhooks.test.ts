import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { absent, clientsOf, customerWith, newFile, quiet, receiver, SECRET, start } from './support.ts';

test('deliveries verify with the official client, and carry who asked', async () => {
  const { webhook, deliveries } = await receiver();
  const sim = await start({ webhook });
  await sim.stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'customer-1' });
  await quiet(sim);
  const { body, signature } = deliveries[0]!;
  const event = new Stripe('sk_test_x').webhooks.constructEvent(body, signature, SECRET);
  expect(event).toMatchObject({
    type: 'customer.created',
    api_version: '2026-10-28.endive',
    pending_webhooks: 1,
    request: { idempotency_key: 'customer-1' },
    data: { object: { name: 'Ada' } },
  });
  expect((await sim.stripe.events.retrieve(event.id)).pending_webhooks).toBe(0);
});

test('a receiver that fails is told again until it listens', async () => {
  const { webhook, deliveries } = await receiver((nth) => (nth <= 3 ? 500 : 200));
  const sim = await start({ webhook, retryBaseMs: 5 });
  await sim.stripe.customers.create();
  await quiet(sim);
  expect(deliveries).toHaveLength(4);
  expect(new Set(deliveries.map(({ body }) => (JSON.parse(body) as Stripe.Event).id)).size).toBe(1);
  const {
    deliveries: [delivered],
  } = await sim.control('GET', 'deliveries');
  expect(delivered).toMatchObject({ status: 'delivered', attempts: 4, lastAnswer: '200' });
});

test('an endpoint made by the API hears what it asked for, signed with its own secret', async () => {
  const { webhook, deliveries, types } = await receiver();
  const sim = await start();
  const { stripe } = sim;
  const endpoint = await stripe.webhookEndpoints.create({
    url: webhook.url,
    enabled_events: ['payment_intent.succeeded'],
  });
  await stripe.paymentIntents.create({ ...absent, ...(await customerWith(sim)) });
  await quiet(sim);
  expect(types()).toEqual(['payment_intent.succeeded']);
  const { body, signature } = deliveries[0]!;
  expect(stripe.webhooks.constructEvent(body, signature, endpoint.secret!).type).toBe('payment_intent.succeeded');
  expect((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined();
});

test('paused, reordered, doubled, dropped, replayed', async () => {
  const { webhook, types, deliveries } = await receiver();
  const sim = await start({ webhook, retryBaseMs: 5 });
  await sim.control('POST', 'deliveries/pause');
  await sim.stripe.customers.create();
  await sim.control('POST', 'deliveries/mode', { reorder: true, duplicateNext: 1 });
  await sim.stripe.testHelpers.testClocks.create({ frozen_time: 1_800_000_000 });
  expect(await sim.control('GET', 'quiet')).toEqual({ quiet: false, pendingDeliveries: 2 });
  expect(types()).toEqual([]);
  await sim.control('POST', 'deliveries/resume');
  await quiet(sim);
  expect(types().toSorted()).toEqual([
    'customer.created',
    'test_helpers.test_clock.created',
    'test_helpers.test_clock.created',
  ]);

  await sim.control('POST', 'deliveries/mode', { dropNext: 1 });
  await sim.stripe.customers.create();
  await quiet(sim);
  const {
    deliveries: [newest],
  } = await sim.control('GET', 'deliveries');
  expect([newest.attempts, deliveries.length]).toEqual([2, 4]);
  await sim.control('POST', `deliveries/${newest.id}/replay`);
  await quiet(sim);
  expect(deliveries).toHaveLength(5);
});

test('what nobody has heard yet is told after a restart', async () => {
  const dataFile = newFile();
  const nobody = { url: 'http://127.0.0.1:9/hook', secret: SECRET };
  const first = await start({ dataFile, webhook: nobody, retryBaseMs: 5 });
  await first.stripe.customers.create();
  await first.stop();
  const { webhook, types } = await receiver();
  const second = await start({ dataFile, webhook, retryBaseMs: 5 });
  await quiet({ ...second, ...clientsOf(second.port) });
  expect(types()).toEqual(['customer.created']);
});
