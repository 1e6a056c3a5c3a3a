import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { card, DAY, invoiceOf, shop } from './billing.ts';
import { customerWith, failure, quiet, receiver, SECRET, start } from './support.ts';

test.each([
  ['server_error', { behaviour: 'server_error' }, 500, 'StripeAPIError'],
  ['rate_limited', { behaviour: 'rate_limited', retryAfter: 7 }, 429, 'StripeRateLimitError'],
])('the next calls of an endpoint meet %s, and no others', async (_name, trouble, statusCode, type) => {
  const sim = await shop();
  await sim.control('POST', 'troubles', { ...trouble, endpoint: 'POST /v1/subscriptions*', times: 2 });
  const create = () => sim.stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  const error = await failure(create());
  expect(error).toMatchObject({ statusCode, type });
  if (statusCode === 429) expect(error.headers?.['retry-after']).toBe('7');
  await sim.stripe.subscriptions.list();
  await failure(create());
  expect((await create()).status).toBe('active');
  expect((await sim.control('GET', 'troubles')).troubles).toEqual([]);
});

test('an answer is lost after the deed, and the same key finds it', async () => {
  const sim = await shop();
  const { stripe, customer, monthly } = sim;
  await sim.control('POST', 'troubles', { behaviour: 'answer_lost', requests: 2, endpoint: 'POST /v1/subscriptions' });
  const create = () =>
    stripe.subscriptions.create({ customer, items: [{ price: monthly }] }, { idempotencyKey: 'one' });
  expect((await failure(create())).type).toBe('StripeConnectionError'); // the client tries twice by itself
  const { id } = await create();
  expect((await stripe.subscriptions.list({ customer })).data.map((each) => each.id)).toEqual([id]);
});

test('an answer hangs as long as it is told to', async () => {
  const sim = await start();
  await sim.control('POST', 'troubles', { behaviour: 'hangs', seconds: 0.3, endpoint: 'GET /v1/events*' });
  const before = Date.now();
  await sim.stripe.events.list();
  expect(Date.now() - before).toBeGreaterThanOrEqual(280);
  expect(
    (await sim.control('POST', 'troubles', { behaviour: 'declines', endpoint: 'GET /v1/events' })).error,
  ).toContain('an endpoint has no declines');
});

test('the next payment fails, whoever makes it', async () => {
  const sim = await shop();
  await sim.control('POST', 'troubles', { behaviour: 'declines', code: 'insufficient_funds' });
  const failed = await sim.stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    expand: ['latest_invoice'],
  });
  expect(failed.status).toBe('incomplete');
  expect((await sim.stripe.invoices.pay(invoiceOf(failed).id!)).status).toBe('paid');
});

test.each(['body', 'signature', 'past', 'future'] as const)(
  'a letter with a forged %s is told apart, and comes again',
  async (how) => {
    const { webhook, deliveries } = await receiver((nth) => (nth === 1 ? 400 : 200));
    const sim = await start({ webhook, retryBaseMs: 5 });
    await sim.control('POST', 'deliveries/forge', { how });
    await sim.stripe.customers.create();
    await quiet(sim);
    const { webhooks } = new Stripe('sk_test_x');
    const [forged, genuine] = deliveries;
    const open = ({ body, signature }: { body: string; signature: string }) =>
      webhooks.constructEvent(body, signature, SECRET);
    if (how === 'future')
      expect(Number(/t=(\d+)/.exec(forged!.signature)?.[1])).toBeGreaterThan(Date.now() / 1000 + 500);
    else expect(() => open(forged!)).toThrow();
    expect(open(genuine!).type).toBe('customer.created');
  },
);

test('deliveries can be late', async () => {
  const { webhook, types } = await receiver();
  const sim = await start({ webhook });
  await sim.control('POST', 'deliveries/mode', { delayMs: 300 });
  await sim.stripe.customers.create();
  expect(types()).toEqual([]);
  await quiet(sim);
  expect(types()).toEqual(['customer.created']);
});

test('without a test clock, the simulator’s own time is moved', async () => {
  const sim = await start();
  const { stripe } = sim;
  const { customer } = await customerWith(sim);
  await card(sim, customer, 'pm_card_visa');
  const price_data = { currency: 'usd', unit_amount: 900, product: (await stripe.products.create({ name: 'Pro' })).id };
  const { id, items } = await stripe.subscriptions.create({
    customer,
    items: [{ price_data: { ...price_data, recurring: { interval: 'month' } } }],
  });
  const { now } = await sim.control('POST', 'advance', { seconds: 65 * DAY });
  expect(now).toBeGreaterThan(Date.now() / 1000 + 64 * DAY);
  const { data } = await stripe.invoices.list({ subscription: id });
  expect(data.map(({ status }) => status)).toEqual(['paid', 'paid', 'paid']);
  expect(data[1]?.created).toBe(items.data[0]?.current_period_end);
});

test('a bank renews a card by itself', async () => {
  const sim = await start();
  const { payment_method } = await customerWith(sim);
  const before = await sim.stripe.paymentMethods.retrieve(payment_method);
  await sim.control('POST', `payment_methods/${payment_method}/renew`);
  const { data } = await sim.stripe.events.list({ type: 'payment_method.automatically_updated' });
  expect(data[0]?.data.previous_attributes).toEqual({ card: { exp_year: before.card?.exp_year } });
});
