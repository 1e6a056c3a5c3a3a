import { expect, test } from 'vitest';
import { card, DAY, HOUR, invoiceOf, JANUARY, shop } from './billing.ts';
import { failure } from './support.ts';

const FEBRUARY = JANUARY + 31 * DAY;

async function subscribed(token?: string) {
  const sim = await shop(token);
  const { id, items } = await sim.stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
  });
  await sim.advance(JANUARY + 21 * DAY); // ten of thirty-one days are left
  return { ...sim, id, item: items.data[0]!.id };
}

test.each([
  ['create_prorations', 'subscription_create', [-1000, 2000], 6200 + 1000],
  ['always_invoice', 'subscription_update', [], 6200],
  ['none', 'subscription_create', [], 6200],
] as const)('an upgrade with %s', async (proration_behavior, reason, waiting, next) => {
  const sim = await subscribed();
  const { stripe, id, item } = sim;
  const after = await stripe.subscriptions.update(id, {
    items: [{ id: item, price: sim.better }],
    proration_behavior,
    expand: ['latest_invoice'],
  });
  expect(after.items.data).toMatchObject([{ id: item, price: { id: sim.better }, current_period_end: FEBRUARY }]);
  expect(invoiceOf(after)).toMatchObject({ billing_reason: reason, status: 'paid' });
  if (proration_behavior === 'always_invoice') {
    expect(invoiceOf(after)).toMatchObject({ total: 1000, amount_paid: 1000 });
    expect(invoiceOf(after).lines.data).toMatchObject([
      { amount: -1000, parent: { subscription_item_details: { proration: true, subscription_item: item } } },
      { amount: 2000, period: { start: JANUARY + 21 * DAY, end: FEBRUARY } },
    ]);
  }
  const pending = await stripe.invoiceItems.list({ customer: sim.customer, pending: true });
  expect(pending.data.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual(waiting);
  await sim.advance(FEBRUARY + 2 * HOUR);
  const renewed = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  expect(invoiceOf(renewed)).toMatchObject({ billing_reason: 'subscription_cycle', total: next, status: 'paid' });
});

test('another interval begins a period of its own at once', async () => {
  const sim = await subscribed();
  const after = await sim.stripe.subscriptions.update(sim.id, {
    items: [{ id: sim.item, price: sim.yearly }],
    expand: ['latest_invoice'],
  });
  expect(after.billing_cycle_anchor).toBe(JANUARY + 21 * DAY);
  expect(after.items.data[0]).toMatchObject({
    current_period_start: JANUARY + 21 * DAY,
    current_period_end: JANUARY + 386 * DAY,
  });
  expect(invoiceOf(after)).toMatchObject({ billing_reason: 'subscription_update', total: 35_500, status: 'paid' });
});

test('what a change would cost is told without making it', async () => {
  const sim = await subscribed();
  const { stripe, id, item } = sim;
  const events = (await stripe.events.list({ limit: 100 })).data.length;
  const change = { items: [{ id: item, price: sim.better }] };
  const now = await stripe.invoices.createPreview({
    subscription: id,
    subscription_details: { ...change, proration_behavior: 'always_invoice' },
  });
  expect(now).toMatchObject({ total: 1000, status: 'draft' });
  const then = await stripe.invoices.createPreview({ subscription: id, subscription_details: change });
  expect(then.lines.data.map(({ amount }) => amount)).toEqual([-1000, 2000, 6200]);
  const next = await stripe.invoices.createPreview({ subscription: id });
  expect(next.total).toBe(3100);
  expect((await stripe.subscriptions.retrieve(id)).items.data[0]?.price.id).toBe(sim.monthly);
  expect((await stripe.events.list({ limit: 100 })).data).toHaveLength(events);
});

test('a change that cannot be paid makes it past due, is undone, or waits', async () => {
  const sim = await subscribed();
  const { stripe, id, item } = sim;
  await card(sim, sim.customer, 'pm_card_chargeCustomerFail');
  const change = { items: [{ id: item, price: sim.better }], proration_behavior: 'always_invoice' as const };
  const error = await failure(stripe.subscriptions.update(id, { ...change, payment_behavior: 'error_if_incomplete' }));
  expect(error.type).toBe('StripeCardError');
  expect((await stripe.subscriptions.retrieve(id)).items.data[0]?.price.id).toBe(sim.monthly);
  const { metadata: _, ...pending } = change as typeof change & { metadata?: object };
  const waiting = await stripe.subscriptions.update(id, { ...pending, payment_behavior: 'pending_if_incomplete' });
  expect(waiting).toMatchObject({
    status: 'active',
    pending_update: { subscription_items: [{ price: { id: sim.better } }] },
  });
  expect(waiting.items.data[0]?.price.id).toBe(sim.monthly);
  await card(sim, sim.customer, 'pm_card_visa');
  await stripe.invoices.pay(waiting.latest_invoice as string);
  const applied = await stripe.subscriptions.retrieve(id);
  expect([applied.items.data[0]?.price.id, applied.pending_update]).toEqual([sim.better, null]);
});

test('a change that fails is tried again, as a renewal is', async () => {
  const sim = await subscribed();
  const { stripe, id, item } = sim;
  await card(sim, sim.customer, 'pm_card_chargeCustomerFail');
  const late = await stripe.subscriptions.update(id, {
    items: [{ id: item, price: sim.better }],
    proration_behavior: 'always_invoice',
    expand: ['latest_invoice'],
  });
  expect(late.status).toBe('past_due');
  expect(invoiceOf(late).next_payment_attempt).toBe(JANUARY + 22 * DAY);
  await card(sim, sim.customer, 'pm_card_visa');
  await sim.advance(JANUARY + 22 * DAY);
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('active');
  const { data } = await stripe.events.list({ type: 'customer.subscription.updated', limit: 100 });
  const changes = data.map((event) => Object.keys(event.data.previous_attributes ?? {}).sort());
  expect(changes).toContainEqual(['items', 'latest_invoice']);
});

test('an unpaid change is forgotten after 23 hours', async () => {
  const sim = await subscribed();
  const { stripe, id, item } = sim;
  await card(sim, sim.customer, 'pm_card_chargeCustomerFail');
  await stripe.subscriptions.update(id, {
    items: [{ id: item, price: sim.better }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
  });
  await sim.advance(JANUARY + 22 * DAY);
  const after = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  expect([after.pending_update, after.status, invoiceOf(after).status]).toEqual([null, 'active', 'void']);
});

test('items come, change and go', async () => {
  const sim = await subscribed();
  const { stripe, id } = sim;
  const added = await stripe.subscriptionItems.create({ subscription: id, price: sim.better, quantity: 2 });
  expect(added).toMatchObject({ quantity: 2, current_period_end: FEBRUARY });
  expect((await stripe.subscriptionItems.update(added.id, { quantity: 3 })).quantity).toBe(3);
  expect((await stripe.subscriptionItems.list({ subscription: id })).data).toHaveLength(2);
  await stripe.subscriptionItems.del(added.id);
  const { data } = await stripe.invoiceItems.list({ customer: sim.customer, pending: true });
  expect(data.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
  expect((await failure(stripe.subscriptionItems.del(sim.item))).param).toBe('items');
});

test('a discount lasts as long as its coupon says', async () => {
  const sim = await shop();
  const { stripe } = sim;
  await stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'repeating', duration_in_months: 2 });
  await stripe.coupons.create({ id: 'ten', amount_off: 1000, currency: 'usd', duration: 'once' });
  const created = await stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    discounts: [{ coupon: 'half' }, { coupon: 'ten' }],
    expand: ['latest_invoice', 'discounts.source.coupon'],
  });
  expect(invoiceOf(created)).toMatchObject({
    subtotal: 3100,
    total: 550,
    total_discount_amounts: [{ amount: 1550 }, { amount: 1000 }],
  });
  expect(created.discounts).toMatchObject([{ source: { coupon: { id: 'half', percent_off: 50 } } }]);
  await sim.advance(JANUARY + 60 * DAY);
  const { data } = await stripe.invoices.list({ subscription: created.id });
  expect(data.map(({ total }) => total)).toEqual([3100, 1550, 550]);
});

test('an ended trial is paid for from now on', async () => {
  const sim = await shop();
  const trial = await sim.stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    trial_period_days: 30,
  });
  await sim.advance(JANUARY + 5 * DAY);
  const after = await sim.stripe.subscriptions.update(trial.id, { trial_end: 'now', expand: ['latest_invoice'] });
  expect(after).toMatchObject({
    status: 'active',
    trial_end: JANUARY + 5 * DAY,
    billing_cycle_anchor: JANUARY + 5 * DAY,
  });
  expect(invoiceOf(after)).toMatchObject({ total: 3100, status: 'paid', billing_reason: 'subscription_update' });
});
