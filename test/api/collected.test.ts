import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Engine, startEngine } from '../support/engine.ts';
import { type Api, publishPrices, startApi } from './support.ts';

let engine: Engine;
let api: Api;
beforeAll(async () => {
  engine = await startEngine();
  const { db, processors, taskQueue } = engine;
  api = await startApi({ db, processors, taskQueue, temporalAddress: inject('temporalAddress') });
  await publishPrices(api);
});
afterAll(async () => {
  await api?.stop();
  await engine?.stop();
});

async function subscribed(body: object = {}) {
  const customer = await api.customer();
  const answer = await customer.ask('POST', '/api/billing/subscribe', {
    ...{ planId: 'team', quantity: 2, paymentMethodId: 'pm_card_visa', collection: 'processor' },
    ...body,
  });
  return { ...customer, answer, id: answer.body.subscription?.id };
}

describe('a subscription that the processor collects', () => {
  test('is answered as the processor has it, and so is each command', async () => {
    const { ask, answer, id } = await subscribed();
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body).toMatchObject({
      subscription: {
        collection: 'processor',
        state: 'active',
        planId: 'team',
        quantity: 2,
        access: { level: 'full' },
      },
      payment: { status: 'succeeded' },
    });
    const wanted = { subscriptionId: id, quantity: 4 };
    const preview = await ask('POST', '/api/billing/change/preview', wanted);
    expect(preview.status, preview.text).toBe(200);
    expect(preview.body.total).toEqual({ amount: 2400, currency: 'usd' });
    const changed = await ask('POST', '/api/billing/change', wanted);
    expect(changed.body).toMatchObject({ subscription: { quantity: 4 }, total: { amount: 2400 } });
    const canceled = await ask('POST', '/api/billing/cancel', { subscriptionId: id, at: 'period_end' });
    expect(canceled.body.subscription.cancelAt).toBe(canceled.body.subscription.currentPeriod.end);
    const going = await ask('POST', '/api/billing/uncancel', { subscriptionId: id });
    expect(going.body.subscription.cancelAt).toBeNull();
  });

  test('waits for the customer where it has no method: the secret is the processor’s', async () => {
    const { answer } = await subscribed({ paymentMethodId: undefined });
    expect(answer.body).toMatchObject({
      subscription: { state: 'incomplete' },
      payment: { status: 'requires_action' },
    });
    expect(answer.body.payment.clientSecret).toMatch(/^pi_.*_secret_/);
    const stored = await engine.db.selectFrom('requests').select('response').execute();
    expect(JSON.stringify(stored)).not.toMatch(/_secret_/);
  });

  test.each<[object, string, RegExp]>([
    [{ planId: 'basic', quantity: 2 }, 'quantity', /is 2, and the processor carries 1/],
    [{ planId: 'business', quantity: 1 }, 'planId', /is 3 charges, and the processor carries one price/],
  ])('%j can’t be carried, and says which field', async (body, path, message) => {
    const { answer } = await subscribed(body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: 'not_carried',
      errors: [{ path, message: expect.stringMatching(message) }],
    });
  });
});

test('a page of the processor’s begins one, and its address is stored nowhere', async () => {
  const { ask } = await api.customer();
  const body = { planId: 'team', successUrl: 'https://app.example/done', cancelUrl: 'https://app.example/no' };
  const opened = await ask('POST', '/api/checkout/sessions', body, { 'idempotency-key': 'once' });
  expect(opened.status, opened.text).toBe(201);
  expect(opened.body.url).toMatch(/^http/);
  expect((await ask('POST', '/api/checkout/sessions', body, { 'idempotency-key': 'once' })).body).toEqual(opened.body);
  const { body: subscription } = await ask('GET', `/api/billing/subscriptions/${opened.body.subscriptionId}`);
  expect(subscription).toMatchObject({ state: 'incomplete', collection: 'processor', access: { level: 'none' } });
  const stored = JSON.stringify(await engine.db.selectFrom('requests').select('response').execute());
  expect(stored).not.toContain(opened.body.url);
});

test('the billing portal is the processor’s', async () => {
  const { ask } = await api.customer();
  const { status, body } = await ask('POST', '/api/portal/sessions', {
    ...{ processor: 'stripe', returnUrl: 'https://app.example/account' },
  });
  expect(status).toBe(201);
  expect(body.url).toMatch(/^http/);
});
