import { expect, test } from 'vitest';
import { DAY, JANUARY, shop, typesSince } from './billing.ts';
import { failure, start } from './support.ts';

const VISA = '4242 4242 4242 4242';
const ASKS = '4000 0027 6000 3184';
const REFUSES = '4000 0000 0000 0002';
const urls = {
  success_url: 'https://shop.example/done?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'https://shop.example/cart',
};

/** What a browser does with a form: the page that comes back, or where it is sent. */
async function submit(address: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields);
  const response = await fetch(address, { method: 'POST', body, redirect: 'manual' });
  return { page: await response.text(), location: response.headers.get('location') };
}

const typed = (number: string, more: Record<string, string> = {}) => ({
  number,
  expiry: '12 / 34',
  cvc: '123',
  ...more,
});

async function setUp() {
  const sim = await start();
  const price_data = { currency: 'usd', unit_amount: 2500, product_data: { name: 'Pro <b>' } };
  const monthly = { ...price_data, recurring: { interval: 'month' as const } };
  return { ...sim, once: [{ price_data, quantity: 2 }], monthly: [{ price_data: monthly }] };
}

test('a payment is filled in, and leads back to the shop', async () => {
  const { stripe, once } = await setUp();
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: once,
    customer_creation: 'always',
    payment_intent_data: { metadata: { order: '7' } },
    metadata: { ours: '1' },
    ...urls,
  });
  expect(session).toMatchObject({ status: 'open', payment_status: 'unpaid', amount_total: 5000 });
  const page = await (await fetch(session.url!)).text();
  expect(page).toContain('Pro &lt;b&gt;');
  const refused = await submit(session.url!, typed(REFUSES, { email: 'ada@example.com' }));
  expect(refused.page).toContain('Your card was declined.');
  const { location } = await submit(session.url!, typed(VISA, { email: 'ada@example.com', name: 'Ada' }));
  expect(location).toBe(`https://shop.example/done?session=${session.id}`);
  const done = await stripe.checkout.sessions.retrieve(session.id, {
    expand: ['payment_intent', 'customer', 'line_items'],
  });
  expect(done).toMatchObject({
    status: 'complete',
    payment_status: 'paid',
    customer: { email: 'ada@example.com' },
    customer_details: { email: 'ada@example.com', name: 'Ada' },
    payment_intent: { status: 'succeeded', amount: 5000, metadata: { order: '7' } },
    line_items: { data: [{ quantity: 2, amount_total: 5000 }] },
  });
  const events = await stripe.events.list({ type: 'checkout.session.completed' });
  expect(events.data).toMatchObject([{ data: { object: { id: session.id, metadata: { ours: '1' } } } }]);
});

test('a subscription asks for 3-D Secure on the way', async () => {
  const sim = await setUp();
  const { stripe, monthly, url } = sim;
  const coupon = await stripe.coupons.create({ percent_off: 10, duration: 'forever' });
  await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'TEN' });
  const customer = await stripe.customers.create({ email: 'ada@example.com' });
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: customer.id,
    line_items: monthly,
    allow_promotion_codes: true,
    subscription_data: { metadata: { ours: 'sub_1' } },
    ...urls,
  });
  expect((await submit(session.url!, typed(VISA, { promotion_code: 'NONE' }))).page).toContain('This code is invalid.');
  const { location } = await submit(session.url!, typed(ASKS, { promotion_code: 'TEN' }));
  expect(location).toContain('/_sim/3ds/pi_');
  expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('open');
  const back = await submit(url + location, { outcome: 'complete' });
  expect(back.location).toBe(`/sim/checkout/${session.id}`);
  const home = await fetch(url + back.location, { redirect: 'manual' });
  expect(home.headers.get('location')).toBe(`https://shop.example/done?session=${session.id}`);
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription', 'invoice'] });
  expect(done).toMatchObject({
    status: 'complete',
    payment_status: 'paid',
    subscription: { status: 'active', metadata: { ours: 'sub_1' } },
    invoice: { status: 'paid', total: 2250 },
  });
});

test('a trial needs a card and no money; a setup neither money nor price', async () => {
  const { stripe, monthly } = await setUp();
  const trial = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer_email: 'ada@example.com',
    line_items: monthly,
    subscription_data: { trial_period_days: 14 },
    ...urls,
  });
  await submit(trial.url!, typed(VISA));
  expect(await stripe.checkout.sessions.retrieve(trial.id, { expand: ['subscription'] })).toMatchObject({
    payment_status: 'no_payment_required',
    subscription: { status: 'trialing' },
  });
  const customer = await stripe.customers.create();
  const setup = await stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer: customer.id,
    ...urls,
  });
  await submit(setup.url!, typed(VISA));
  expect(await stripe.checkout.sessions.retrieve(setup.id, { expand: ['setup_intent'] })).toMatchObject({
    status: 'complete',
    setup_intent: { status: 'succeeded', customer: customer.id },
  });
});

test('a checkout expires after a day, or when it is told to', async () => {
  const sim = await shop();
  const order = {
    mode: 'subscription' as const,
    customer: sim.customer,
    line_items: [{ price: sim.monthly }],
    ...urls,
  };
  const first = await sim.stripe.checkout.sessions.create(order);
  const second = await sim.stripe.checkout.sessions.create(order);
  expect((await sim.stripe.checkout.sessions.expire(first.id)).status).toBe('expired');
  await failure(sim.stripe.checkout.sessions.expire(first.id));
  await sim.advance(JANUARY + DAY);
  expect((await sim.stripe.checkout.sessions.retrieve(second.id)).status).toBe('expired');
  expect(await (await fetch(`${sim.url}/sim/checkout/${second.id}`)).text()).toContain('has expired');
});

test('the portal cancels, takes it back, and switches the card', async () => {
  const sim = await shop();
  const { stripe, customer } = sim;
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: sim.monthly }] });
  const portal = await stripe.billingPortal.sessions.create({
    customer,
    flow_data: { type: 'subscription_cancel', subscription_cancel: { subscription: id } },
    return_url: 'https://shop.example/account',
  });
  expect(portal.flow).toMatchObject({ type: 'subscription_cancel', subscription_cancel: { subscription: id } });
  expect(await (await fetch(portal.url)).text()).toContain('Cancel at the end of the period');
  await submit(portal.url, { action: 'cancel', subscription: id });
  expect((await stripe.subscriptions.retrieve(id)).cancel_at_period_end).toBe(true);
  await submit(portal.url, { action: 'keep', subscription: id });
  expect((await stripe.subscriptions.retrieve(id)).cancel_at_period_end).toBe(false);
  const asked = await submit(portal.url, { action: 'card', ...typed(ASKS) });
  await submit(sim.url + asked.location, { outcome: 'complete' });
  const after = await stripe.customers.retrieve(customer, { expand: ['invoice_settings.default_payment_method'] });
  expect(after).toMatchObject({ invoice_settings: { default_payment_method: { card: { last4: '3184' } } } });
});

test('an invoice’s own page takes a card', async () => {
  const sim = await shop(null);
  const { stripe, customer } = sim;
  const { latest_invoice } = await stripe.subscriptions.create({
    customer,
    items: [{ price: sim.monthly }],
    collection_method: 'send_invoice',
    days_until_due: 14,
  });
  const { hosted_invoice_url } = await stripe.invoices.retrieve(latest_invoice as string);
  expect((await submit(hosted_invoice_url!, typed(REFUSES))).page).toContain('declined');
  expect((await submit(hosted_invoice_url!, typed(VISA))).page).toContain('>paid<');
  expect(await typesSince(sim, JANUARY)).toContain('invoice.paid');
});

test('a schedule changes the price when its period ends, and lets go', async () => {
  const sim = await shop();
  const { stripe, customer } = sim;
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: sim.monthly }] });
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
  const [now] = schedule.phases;
  const items = [{ price: sim.better, quantity: 1 }];
  await stripe.subscriptionSchedules.update(schedule.id, {
    end_behavior: 'release',
    phases: [
      { items: [{ price: sim.monthly, quantity: 1 }], start_date: now!.start_date, end_date: now!.end_date },
      { items, duration: { interval: 'month' } },
    ],
  });
  expect((await stripe.subscriptions.retrieve(id)).schedule).toBe(schedule.id);
  await sim.advance(JANUARY + 33 * DAY);
  const { data } = await stripe.invoices.list({ subscription: id });
  expect(data.map(({ total }) => total)).toEqual([6200, 3100]);
  await sim.advance(JANUARY + 61 * DAY);
  expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe('completed');
  expect((await stripe.subscriptions.retrieve(id)).schedule).toBeNull();
});

test.each([
  ['release', 'active'],
  ['cancel', 'canceled'],
] as const)('a schedule’s %s leaves it %s', async (verb, status) => {
  const sim = await shop();
  const { stripe, customer } = sim;
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: sim.monthly }] });
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
  await stripe.subscriptionSchedules[verb](schedule.id);
  expect((await stripe.subscriptions.retrieve(id)).status).toBe(status);
  expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe(
    verb === 'cancel' ? 'canceled' : 'released',
  );
});
