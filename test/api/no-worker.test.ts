import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, until } from '../support/engine.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, publishPrices } from './support.ts';

let engine: Engine;
let api: Api;
beforeAll(async () => {
  const patienceMs = { command: 1_500, payment: 8_000 };
  ({ engine, api } = await startApiOnEngine({ patienceMs }));
  await publishPrices(api);
});
afterAll(() => api?.stop());

test('without a worker a command is accepted, and its end is told where the answer says', async () => {
  const customer = await api.customer();
  await engine.stopWorkers();
  const body = { planId: 'basic', paymentMethodId: 'pm_card_visa' };
  const key = { 'idempotency-key': 'patience' };
  const accepted = await customer.ask('POST', '/api/billing/subscribe', body, key);
  expect(accepted.status).toBe(202);
  const location = accepted.headers.get('location')!;
  expect((await customer.ask('GET', location)).body).toEqual(accepted.body);
  const stranger = await api.customer();
  expect((await stranger.ask('GET', location)).status).toBe(404);

  await engine.startWorkers();
  const done = await until(
    () => customer.ask('GET', location),
    ({ body: { state } }) => state !== 'running',
    'the command’s end',
  );
  expect(done.body).toMatchObject({ state: 'applied' });
  const again = await customer.ask('POST', '/api/billing/subscribe', body, key);
  expect(again).toMatchObject({ status: 201, body: { payment: { status: 'succeeded' } } });
  expect(again.body.subscription.id).toBe(accepted.body.subscriptionId);
  expect((await customer.ask('GET', '/api/billing/subscriptions')).body.data).toHaveLength(1);

  await engine.stopWorkers();
  const cancel = await customer.ask('POST', '/api/billing/cancel', {
    subscriptionId: accepted.body.subscriptionId,
    at: 'now',
  });
  expect(cancel.status).toBe(202);
  await engine.startWorkers();
  const canceled = await until(
    () => customer.ask('GET', cancel.headers.get('location')!),
    ({ body: { state } }) => state !== 'running',
    'the cancellation’s end',
  );
  expect(canceled.body.state).toBe('applied');
});
