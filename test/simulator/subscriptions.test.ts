import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { card, DAY, HOUR, invoiceOf, JANUARY, shop, typesSince } from './billing.ts';
import { failure } from './support.ts';

const FEBRUARY = JANUARY + 31 * DAY;

test('a subscription is paid at once, renews by itself, and says so in Stripe’s order', async () => {
  const sim = await shop();
  const { stripe, customer, monthly } = sim;
  const created = await stripe.subscriptions.create({
    customer,
    items: [{ price: monthly, quantity: 2 }],
    metadata: { ours: 'sub_1' },
    billing_mode: { type: 'flexible' },
    expand: ['latest_invoice.payments.data.payment.payment_intent'],
  });
  expect(created).toMatchObject({ status: 'active', metadata: { ours: 'sub_1' }, billing_mode: { type: 'flexible' } });
  expect(created.items.data).toMatchObject([
    { quantity: 2, current_period_start: JANUARY, current_period_end: FEBRUARY },
  ]);
  const first = invoiceOf(created);
  expect(first).toMatchObject({
    status: 'paid',
    billing_reason: 'subscription_create',
    amount_paid: 6200,
    amount_remaining: 0,
    parent: {
      type: 'subscription_details',
      subscription_details: { subscription: created.id, metadata: { ours: 'sub_1' } },
    },
    payments: { data: [{ status: 'paid', payment: { payment_intent: { status: 'succeeded', amount: 6200 } } }] },
  });
  expect(first.lines.data).toMatchObject([
    {
      amount: 6200,
      period: { start: JANUARY, end: FEBRUARY },
      pricing: { price_details: { price: monthly } },
      parent: { subscription_item_details: { proration: false, subscription: created.id } },
    },
  ]);

  await sim.advance(FEBRUARY + 2 * HOUR);
  const renewed = await stripe.subscriptions.retrieve(created.id, { expand: ['latest_invoice'] });
  expect(renewed.items.data[0]).toMatchObject({
    current_period_start: FEBRUARY,
    current_period_end: FEBRUARY + 28 * DAY,
  });
  expect(invoiceOf(renewed)).toMatchObject({ status: 'paid', billing_reason: 'subscription_cycle', amount_paid: 6200 });
  expect(await typesSince(sim, JANUARY + 1)).toEqual([
    'invoice.upcoming',
    'invoice.created',
    'customer.subscription.updated',
    'invoice.finalized',
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'invoice_payment.paid',
    'invoice.updated',
    'invoice.paid',
    'invoice.payment_succeeded',
    'charge.updated',
  ]);
  const { data } = await stripe.events.list({ type: 'customer.subscription.updated', limit: 1 });
  expect(data[0]?.data.previous_attributes).toMatchObject({ latest_invoice: first.id });
});

test('the 31st stays the 31st where there is one', async () => {
  const sim = await shop();
  await sim.advance(JANUARY + 30 * DAY);
  const { id } = await sim.stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  const ends: string[] = [];
  for (const days of [59, 90, 120]) {
    await sim.advance(JANUARY + days * DAY + HOUR);
    const { items } = await sim.stripe.subscriptions.retrieve(id);
    ends.push(new Date(items.data[0]!.current_period_start * 1000).toISOString().slice(5, 10));
  }
  expect(ends).toEqual(['02-28', '03-31', '04-30']);
});

test('a trial costs nothing, warns three days before its end, and then begins to cost', async () => {
  const sim = await shop();
  const { stripe } = sim;
  const trial = await stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    trial_period_days: 14,
    expand: ['latest_invoice'],
  });
  expect(trial).toMatchObject({ status: 'trialing', trial_start: JANUARY, trial_end: JANUARY + 14 * DAY });
  expect(invoiceOf(trial)).toMatchObject({ status: 'paid', amount_due: 0 });
  await sim.advance(JANUARY + 14 * DAY + 2 * HOUR);
  expect(await stripe.subscriptions.retrieve(trial.id)).toMatchObject({ status: 'active' });
  const told = await stripe.events.list({ type: 'customer.subscription.trial_will_end' });
  expect(told.data.map(({ created }) => created)).toEqual([JANUARY + 11 * DAY]);
});

test.each([
  ['create_invoice', 'past_due'],
  ['cancel', 'canceled'],
  ['pause', 'paused'],
] as const)('a trial without a card may %s at its end: %s', async (missing_payment_method, status) => {
  const sim = await shop(null);
  const { stripe } = sim;
  const trial = await stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    trial_period_days: 7,
    trial_settings: { end_behavior: { missing_payment_method } },
    payment_settings: { save_default_payment_method: 'on_subscription' },
  });
  expect(trial.pending_setup_intent).toMatch(/^seti_/);
  await sim.advance(JANUARY + 7 * DAY + 2 * HOUR);
  expect((await stripe.subscriptions.retrieve(trial.id)).status).toBe(status);
  if (status !== 'paused') return;
  await stripe.setupIntents.confirm(trial.pending_setup_intent as string, { payment_method: 'pm_card_visa' });
  expect(await stripe.subscriptions.resume(trial.id)).toMatchObject({ status: 'active', pending_setup_intent: null });
  expect(await typesSince(sim, JANUARY + 7 * DAY)).toContain('customer.subscription.resumed');
});

test('a first payment that asks for 3-D Secure leaves it incomplete until the customer has answered', async () => {
  const sim = await shop('pm_card_threeDSecure2Required');
  const { stripe } = sim;
  const created = await stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    payment_settings: { save_default_payment_method: 'on_subscription' },
    expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments.data.payment.payment_intent'],
  });
  expect(created.status).toBe('incomplete');
  const invoice = invoiceOf(created);
  const intent = invoice.payments!.data[0]!.payment.payment_intent as Stripe.PaymentIntent;
  expect(intent.status).toBe('requires_action');
  expect(invoice.confirmation_secret).toEqual({ client_secret: intent.client_secret, type: 'payment_intent' });
  await sim.control('POST', `payment_intents/${intent.id}/authenticate`, { outcome: 'complete' });
  const after = await stripe.subscriptions.retrieve(created.id, { expand: ['latest_invoice'] });
  expect(after).toMatchObject({ status: 'active', default_payment_method: expect.stringMatching(/^pm_/) });
  expect(invoiceOf(after).status).toBe('paid');
  const found = await stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: intent.id } });
  expect(found.data).toMatchObject([{ invoice: invoice.id, status: 'paid' }]);
});

test('without its first payment it expires after 23 hours', async () => {
  const sim = await shop(null);
  const { id, status } = await sim.stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    payment_behavior: 'default_incomplete',
  });
  expect(status).toBe('incomplete');
  await sim.advance(JANUARY + 23 * HOUR);
  const after = await sim.stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  expect([after.status, invoiceOf(after).status]).toEqual(['incomplete_expired', 'void']);
});

test('a declined first payment leaves it incomplete, or undoes it all', async () => {
  const sim = await shop('pm_card_chargeCustomerFail');
  const { stripe, customer, monthly } = sim;
  const failing = { customer, items: [{ price: monthly }] };
  const error = await failure(stripe.subscriptions.create({ ...failing, payment_behavior: 'error_if_incomplete' }));
  expect(error).toMatchObject({ type: 'StripeCardError', statusCode: 402, code: 'card_declined' });
  expect((await stripe.subscriptions.list({ customer, status: 'all' })).data).toEqual([]);
  const left = await stripe.subscriptions.create({ ...failing, expand: ['latest_invoice'] });
  expect(left.status).toBe('incomplete');
  expect(invoiceOf(left)).toMatchObject({ status: 'open', attempt_count: 1 });
});

test('a renewal that fails is tried again four times, and then canceled', async () => {
  const sim = await shop();
  const { stripe } = sim;
  const { id } = await stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  await card(sim, sim.customer, 'pm_card_chargeCustomerFail');
  const failed = FEBRUARY + HOUR;
  await sim.advance(failed);
  const late = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  expect(late.status).toBe('past_due');
  expect(invoiceOf(late)).toMatchObject({ status: 'open', attempt_count: 1, next_payment_attempt: failed + DAY });
  await sim.advance(failed + 17 * DAY);
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
    status: 'canceled',
    cancellation_details: { reason: 'payment_failed' },
    ended_at: failed + 16 * DAY,
  });
  const tries = await stripe.events.list({ type: 'invoice.payment_failed' });
  expect(tries.data.map(({ created }) => (created - failed) / DAY)).toEqual([16, 9, 4, 1, 0]);
});

test.each([
  ['unpaid', 'unpaid'],
  ['leave', 'past_due'],
])('or, by the account’s settings, %s', async (ending, status) => {
  const sim = await shop();
  await sim.control('POST', 'retries', { retryDays: [1], ending });
  const { id } = await sim.stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  await card(sim, sim.customer, 'pm_card_chargeCustomerFail');
  await sim.advance(FEBRUARY + 3 * DAY);
  const late = await sim.stripe.subscriptions.retrieve(id);
  expect(late.status).toBe(status);
  await card(sim, sim.customer, 'pm_card_visa');
  await sim.stripe.invoices.pay(late.latest_invoice as string);
  expect((await sim.stripe.subscriptions.retrieve(id)).status).toBe('active');
});

test('a renewal whose bank wants to see its customer waits for them', async () => {
  const sim = await shop();
  const { id } = await sim.stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  await card(sim, sim.customer, 'pm_card_authenticationRequired');
  await sim.advance(FEBRUARY + HOUR);
  const types = await typesSince(sim, FEBRUARY + HOUR);
  expect(types).toEqual(
    expect.arrayContaining([
      'payment_intent.requires_action',
      'invoice.payment_action_required',
      'invoice.payment_failed',
    ]),
  );
  const waiting = await sim.stripe.subscriptions.retrieve(id, {
    expand: ['latest_invoice.payments.data.payment.payment_intent'],
  });
  expect(waiting.status).toBe('past_due');
  const intent = invoiceOf(waiting).payments!.data[0]!.payment.payment_intent as Stripe.PaymentIntent;
  await sim.control('POST', `payment_intents/${intent.id}/authenticate`, { outcome: 'complete' });
  expect((await sim.stripe.subscriptions.retrieve(id)).status).toBe('active');
});

test('canceled at the period’s end, taken back, canceled now', async () => {
  const sim = await shop();
  const { stripe } = sim;
  const { id } = await stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  const ending = await stripe.subscriptions.update(id, {
    cancel_at_period_end: true,
    cancellation_details: { feedback: 'too_expensive' },
  });
  expect(ending).toMatchObject({ status: 'active', cancel_at: FEBRUARY, canceled_at: JANUARY });
  expect(ending.cancellation_details).toMatchObject({ feedback: 'too_expensive', reason: 'cancellation_requested' });
  const again = await stripe.subscriptions.update(id, { cancel_at_period_end: false });
  expect(again).toMatchObject({ cancel_at: null, canceled_at: null });
  await stripe.subscriptions.update(id, { cancel_at: JANUARY + 10 * DAY });
  await sim.advance(JANUARY + 11 * DAY);
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'canceled', ended_at: JANUARY + 10 * DAY });
  expect((await failure(stripe.subscriptions.cancel(id))).code).toBe('resource_missing');
  expect((await failure(stripe.subscriptions.update(id, { description: 'again' }))).code).toBe(
    'invalid_canceled_subscription_fields',
  );
});

test('canceled at once, with its unused time given back onto the account', async () => {
  const sim = await shop();
  const { stripe, customer } = sim;
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: sim.monthly }] });
  await sim.advance(JANUARY + 21 * DAY);
  const ended = await stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true, expand: ['latest_invoice'] });
  expect(ended.status).toBe('canceled');
  expect(invoiceOf(ended)).toMatchObject({ total: -1000, amount_due: 0, status: 'paid', ending_balance: -1000 });
  expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -1000 });
  expect((await stripe.customers.listBalanceTransactions(customer)).data).toMatchObject([{ amount: -1000 }]);
});

test('collection rests: invoices are voided meanwhile, and nobody is charged', async () => {
  const sim = await shop();
  const { stripe } = sim;
  const { id } = await stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void', resumes_at: FEBRUARY + DAY } });
  await sim.advance(FEBRUARY + 2 * DAY);
  const after = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
  expect(after).toMatchObject({ status: 'active', pause_collection: null });
  expect(invoiceOf(after).status).toBe('void');
});

test('a paused subscription makes no invoices until it is resumed', async () => {
  const sim = await shop();
  const { stripe } = sim;
  const { id } = await stripe.subscriptions.create({ customer: sim.customer, items: [{ price: sim.monthly }] });
  await sim.advance(JANUARY + 21 * DAY);
  const paused = await stripe.subscriptions.pause(id, { bill_for: { unused_time_from: { type: 'now' } } });
  expect(paused).toMatchObject({
    status: 'paused',
    status_details: { paused: { subscription: { type: 'pause_requested' }, transitioned_at: JANUARY + 21 * DAY } },
  });
  await sim.advance(FEBRUARY + 40 * DAY);
  expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
  const resumed = await stripe.subscriptions.resume(id, { expand: ['latest_invoice'] });
  expect(resumed.status).toBe('active');
  expect(resumed.items.data[0]?.current_period_start).toBe(FEBRUARY + 40 * DAY);
  expect(invoiceOf(resumed)).toMatchObject({ total: 2100, status: 'paid' });
});
