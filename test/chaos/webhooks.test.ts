import { expect, inject, test } from 'vitest';
import { startProduct } from '../support/product.ts';
import { chaosOfWebhooks } from './webhooks.ts';

/** The long one is `npm run chaos -- webhooks`. */
test('everything told twice, in no order, while each process is killed once: nothing lost, nothing applied twice', async ({
  onTestFinished,
}) => {
  const product = await startProduct(inject('workflowBundlePath'));
  onTestFinished(() => product.stop());
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
