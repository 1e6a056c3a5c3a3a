import { expect, test } from 'vitest';
import { DAY, HOUR, JANUARY, shop } from './billing.ts';
import { absent, receiver } from './support.ts';

test('what came in goes to the bank, less fees and refunds, and says what it consists of', async () => {
  const sim = await shop();
  const { stripe, customer } = sim;
  const { data } = await stripe.paymentMethods.list({ customer });
  await sim.advance(JANUARY + HOUR);
  const pay = { ...absent, customer, payment_method: data[0]!.id };
  const { id } = await stripe.paymentIntents.create(pay);
  await stripe.paymentIntents.create(pay);
  await stripe.refunds.create({ payment_intent: id, amount: 400 });
  await sim.advance(JANUARY + 2 * DAY + 2 * HOUR);
  expect((await stripe.payouts.list()).data).toEqual([]); // available, but the night is still to come
  await sim.advance(JANUARY + 3 * DAY);
  const [payout] = (await stripe.payouts.list()).data;
  const fee = 59;
  expect(payout).toMatchObject({ amount: 2 * (1000 - fee) - 400, status: 'in_transit', automatic: true });
  const parts = await stripe.balanceTransactions.list({ payout: payout!.id, expand: ['data.source'] });
  expect(parts.data.map(({ type, net }) => [type, net])).toEqual([
    ['payout', -1482],
    ['refund', -400],
    ['charge', 941],
    ['charge', 941],
  ]);
  expect(parts.data.reduce((sum, { net }) => sum + net, 0)).toBe(0);
  await sim.advance(JANUARY + 4 * DAY);
  expect(await stripe.payouts.retrieve(payout!.id)).toMatchObject({
    status: 'paid',
    reconciliation_status: 'completed',
  });
});

test('a debt waits until there is enough to settle it', async () => {
  const sim = await shop('pm_card_createDispute');
  const { stripe, customer } = sim;
  const { data } = await stripe.paymentMethods.list({ customer });
  await stripe.paymentIntents.create({ ...absent, customer, payment_method: data[0]!.id });
  await sim.advance(JANUARY + 5 * DAY);
  expect((await stripe.payouts.list()).data).toEqual([]);
  const visa = await stripe.paymentMethods.attach('pm_card_visa', { customer });
  await stripe.paymentIntents.create({ ...absent, amount: 5000, customer, payment_method: visa.id });
  await sim.advance(JANUARY + 8 * DAY);
  expect((await stripe.payouts.list()).data).toMatchObject([{ amount: 5000 - 175 - 59 - 1500 }]);
});

test('events that nobody heard can be asked for', async () => {
  const { webhook } = await receiver((nth) => (nth === 1 ? 200 : 500));
  const sim = await shop(null, { webhook, retryBaseMs: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const heard = await sim.stripe.events.list({ delivery_success: true });
  const missed = await sim.stripe.events.list({
    delivery_success: false,
    types: ['price.created', 'customer.created'],
  });
  expect(heard.data.length).toBe(1);
  expect(missed.data.length).toBeGreaterThanOrEqual(3);
  await sim.control('POST', 'deliveries/pause');
  expect((await sim.control('GET', 'quiet')).quiet).toBe(false);
});
