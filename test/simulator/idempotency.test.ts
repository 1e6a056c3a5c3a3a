import { request } from 'node:http';
import { expect, test } from 'vitest';
import { absent, customerWith, failure, start } from './support.ts';

test('the same key and request get the same answer, and the money moves once', async () => {
  const sim = await start();
  const who = await customerWith(sim);
  const pay = () => sim.stripe.paymentIntents.create({ ...absent, ...who }, { idempotencyKey: 'charge/inv_1/1' });
  const [first, again] = [await pay(), await pay()];
  expect(again.id).toBe(first.id);
  expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
  expect(again.lastResponse.headers).toMatchObject({
    'idempotent-replayed': 'true',
    'idempotency-key': 'charge/inv_1/1',
  });
  expect((await sim.control('GET', 'state')).charges.succeeded).toBe(1);
});

test('a decline is replayed too, even when the card has become good since', async () => {
  const sim = await start();
  const who = await customerWith(sim, 'pm_card_chargeCustomerFail');
  const pay = (idempotencyKey: string) => sim.stripe.paymentIntents.create({ ...absent, ...who }, { idempotencyKey });
  const first = await failure(pay('attempt-1'));
  await sim.control('POST', `payment_methods/${who.payment_method}`, { behaviour: 'ok' });
  const again = await failure(pay('attempt-1'));
  expect([again.statusCode, again.payment_intent?.id]).toEqual([402, first.payment_intent?.id]);
  expect((await pay('attempt-2')).status).toBe('succeeded');
});

test('a key with other parameters is refused', async () => {
  const sim = await start();
  await sim.stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' });
  const error = await failure(sim.stripe.customers.create({ name: 'Bob' }, { idempotencyKey: 'k' }));
  expect([error.type, error.statusCode]).toEqual(['StripeIdempotencyError', 400]);
});

test('a refused request leaves its key free', async () => {
  const sim = await start();
  const create = (email: string, customer: string) =>
    sim.stripe.setupIntents.create({ customer, description: email }, { idempotencyKey: 'k' });
  await failure(create('a', 'cus_nobody'));
  const { id } = await sim.stripe.customers.create();
  expect((await create('b', id)).customer).toBe(id);
});

test('a key that is being worked on answers 409', async () => {
  const sim = await start();
  const who = await customerWith(sim, 'pm_sim_hangs1');
  const pay = () => sim.stripe.paymentIntents.create({ ...absent, ...who }, { idempotencyKey: 'k' });
  const slow = pay();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const error = await failure(pay());
  expect([error.statusCode, error.code]).toEqual([409, 'idempotency_key_in_use']);
  expect((await slow).status).toBe('succeeded');
});

test('an answer that is lost twice is found by looking, and by the third request', async () => {
  const sim = await start();
  const who = await customerWith(sim, 'pm_sim_answerLost');
  const pay = () =>
    sim.stripe.paymentIntents.create({ ...absent, ...who, metadata: { invoice: 'inv_1' } }, { idempotencyKey: 'k' });
  // The client itself tries once more on a closed connection.
  expect((await failure(pay())).type).toBe('StripeConnectionError');
  const found = await sim.stripe.paymentIntents.list({ customer: who.customer });
  expect(found.data).toMatchObject([{ status: 'succeeded', metadata: { invoice: 'inv_1' } }]);
  expect((await pay()).id).toBe(found.data[0]?.id);
  const { byMetadata } = await sim.control('GET', 'state');
  expect(byMetadata).toEqual({ inv_1: { succeeded: 1, failed: 0, amount: 1000 } });
});

test('a key is forgotten after a day', async () => {
  let now = Date.now();
  const sim = await start({ now: () => now });
  const create = () => sim.stripe.customers.create({}, { idempotencyKey: 'k' });
  const first = await create();
  now += 23 * 3_600_000;
  expect((await create()).id).toBe(first.id);
  now += 2 * 3_600_000;
  expect((await create()).id).not.toBe(first.id);
});

test.each([
  ['pm_sim_500ThenOk', 500, 'StripeAPIError'],
  ['pm_sim_429ThenOk', 429, 'StripeRateLimitError'],
])('%s moves nothing at first, and the same key works afterwards', async (token, status, type) => {
  const sim = await start();
  const who = await customerWith(sim, token);
  const pay = () => sim.stripe.paymentIntents.create({ ...absent, ...who }, { idempotencyKey: 'k' });
  const error = await failure(pay());
  expect([error.statusCode, error.type]).toEqual([status, type]);
  expect((await sim.stripe.paymentIntents.list({ customer: who.customer })).data).toEqual([]);
  expect((await pay()).status).toBe('succeeded');
});

test('a body that is too large is refused', async () => {
  const { port } = await start();
  const status = await new Promise((resolve, reject) => {
    const post = request({ port, path: '/v1/customers', method: 'POST' }, (response) => resolve(response.statusCode));
    post.on('error', reject).end(`name=${'x'.repeat(2_000_000)}`);
  });
  expect(status).toBe(413);
});
