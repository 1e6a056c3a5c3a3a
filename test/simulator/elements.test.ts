import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { start } from './support.ts';

const VISA = { number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123' };

/** What the frame with the card's fields asks of the simulator. */
async function ask(url: string, path: string, body: object) {
  const response = await fetch(`${url}/sim/elements/${path}`, { method: 'POST', body: JSON.stringify(body) });
  // biome-ignore lint/suspicious/noExplicitAny: each question has an answer of its own
  return (await response.json()) as any;
}

test('the script brings what Stripe’s own wrapper looks for', async () => {
  const { url } = await start();
  const response = await fetch(`${url}/sim/stripe.js`);
  expect(response.headers.get('content-type')).toContain('text/javascript');
  // biome-ignore lint/suspicious/noExplicitAny: the script defines it
  const window: any = {};
  runInNewContext(await response.text(), { window, URL, document: { currentScript: { src: `${url}/sim/stripe.js` } } });
  expect(window.Stripe.version).toBe('endive');
  expect(() => window.Stripe('sk_test_x')).toThrow('publishable key');
  const stripe = window.Stripe('pk_test_x');
  const methods = [
    'confirmSetup',
    'confirmPayment',
    'confirmCardPayment',
    'confirmCardSetup',
    'createPaymentMethod',
    'createToken',
    'elements',
    'handleNextAction',
    'retrievePaymentIntent',
    'retrieveSetupIntent',
    '_registerWrapper',
    'registerAppInfo',
  ];
  for (const method of methods) expect(stripe[method], method).toBeTypeOf('function');
  const elements = stripe.elements({ clientSecret: 'seti_x_secret_y' });
  const card = elements.create('payment');
  for (const method of [
    'mount',
    'unmount',
    'destroy',
    'on',
    'once',
    'off',
    'update',
    'focus',
    'blur',
    'clear',
    'collapse',
  ]) {
    expect(card[method], method).toBeTypeOf('function');
  }
  expect(elements.getElement('payment')).toBe(card);
});

test('the frame has the fields, and may talk to nobody but its origin', async () => {
  const { url } = await start();
  const response = await fetch(`${url}/sim/elements/frame?type=payment`);
  expect(await response.text()).toContain('autocomplete="cc-number"');
  expect(response.headers.get('content-security-policy')).toContain("connect-src 'self'");
});

test('a setup is confirmed by who knows its secret, and only by them', async () => {
  const { stripe, url } = await start();
  const { id: customer } = await stripe.customers.create();
  const { id, client_secret } = await stripe.setupIntents.create({ customer });
  const stranger = await ask(url, 'confirm', { client_secret: `${id}_secret_guess`, card: VISA });
  expect(stranger.error.code).toBe('resource_missing');
  const { intent } = await ask(url, 'confirm', { client_secret, card: VISA, billing_details: { name: 'Ada' } });
  expect(intent).toMatchObject({ id, status: 'succeeded' });
  const saved = await stripe.paymentMethods.retrieve(intent.payment_method);
  expect(saved).toMatchObject({ customer, billing_details: { name: 'Ada' }, card: { last4: '4242' } });
  expect((await ask(url, 'retrieve', { client_secret })).intent.status).toBe('succeeded');
});

test('a first payment of a subscription is confirmed with a card that is typed', async () => {
  const { stripe, url } = await start();
  const { id: customer } = await stripe.customers.create();
  const price_data = { currency: 'usd', unit_amount: 900, product: (await stripe.products.create({ name: 'Pro' })).id };
  const subscription = await stripe.subscriptions.create({
    customer,
    items: [{ price_data: { ...price_data, recurring: { interval: 'month' } } }],
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
    expand: ['latest_invoice.confirmation_secret'],
  });
  const invoice = subscription.latest_invoice;
  const client_secret = typeof invoice === 'object' ? invoice?.confirmation_secret?.client_secret : undefined;
  const refused = await ask(url, 'confirm', { client_secret, card: { ...VISA, number: '4000000000009995' } });
  expect(refused.error).toMatchObject({ decline_code: 'insufficient_funds' });
  await ask(url, 'confirm', { client_secret, card: VISA });
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    status: 'active',
    default_payment_method: expect.stringMatching(/^pm_/),
  });
});

test('a card alone becomes a method', async () => {
  const { stripe, url } = await start();
  const { paymentMethod } = await ask(url, 'method', { card: VISA });
  expect((await stripe.paymentMethods.retrieve(paymentMethod.id)).card?.last4).toBe('4242');
  expect((await ask(url, 'method', { card: { ...VISA, number: '4242424242424241' } })).error.code).toBe(
    'incorrect_number',
  );
});
