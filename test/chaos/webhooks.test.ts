import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { chaosOfOutbox } from './outbox.ts';
import { chaosOfWebhooks } from './webhooks.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct(inject('workflowBundlePath'));
}, 300_000);
afterAll(() => product?.stop());

/** The long one is `npm run chaos -- webhooks`. */
test('everything told twice, in no order, while each process is killed once: nothing lost, nothing applied twice', async () => {
  const seen = await chaosOfWebhooks(product, { deliveries: 240, kills: 3, subscriptions: 2, seed: 7 });
  const { events, refunds, refundedMinor, methods } = seen.expected;
  const { applied = 0, ignored = 0, ...others } = seen.inbox;
  expect(others).toEqual({});
  expect(applied + ignored).toBe(events);
  expect(seen.refunds).toEqual({ count: refunds, minor: refundedMinor });
  expect(seen.methods).toEqual({ count: methods, defaults: 1 });
  expect(seen.differences).toEqual([]);
  expect(seen.killed).toEqual({ api: 1, relay: 1, worker: 1 });
}, 600_000);

/** The long one is `npm run chaos -- outbox`. */
test('a killed relay and an endpoint that comes and goes: each event arrives, in order, and under one id in one version', async () => {
  const seen = await chaosOfOutbox(product, { events: 300, subscriptions: 10, kills: 2, refusing: 60 });
  expect(seen).toMatchObject({ arrived: 300, killed: 2, outOfOrder: [], twoBodies: [] });
  expect(seen.refused).toBeGreaterThan(0);
}, 900_000);
