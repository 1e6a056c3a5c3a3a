import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { start } from './support.ts';

type Row = readonly [card: string, number: string, attach: string, setup: string, present: string, absent: string];

/** What happens when it is attached, set up, charged with its owner present, and charged in their absence. */
const cards: Row[] = [
  // card                          number              attach                set up                on session              off session
  ['always works', '4242424242424242', 'ok', 'succeeded', 'succeeded', 'succeeded'],
  ['mastercard', '5555555555554444', 'ok', 'succeeded', 'succeeded', 'succeeded'],
  ['amex', '378282246310005', 'ok', 'succeeded', 'succeeded', 'succeeded'],
  ['attaches, never pays', '4000000000000341', 'ok', 'succeeded', 'generic_decline', 'generic_decline'],
  ['declined', '4000000000000002', 'generic_decline', 'generic_decline', 'generic_decline', 'generic_decline'],
  [
    'no funds',
    '4000000000009995',
    'insufficient_funds',
    'insufficient_funds',
    'insufficient_funds',
    'insufficient_funds',
  ],
  ['lost', '4000000000009987', 'lost_card', 'lost_card', 'lost_card', 'lost_card'],
  ['stolen', '4000000000009979', 'stolen_card', 'stolen_card', 'stolen_card', 'stolen_card'],
  ['expired', '4000000000000069', 'expired_card', 'expired_card', 'expired_card', 'expired_card'],
  ['wrong code', '4000000000000127', 'incorrect_cvc', 'incorrect_cvc', 'incorrect_cvc', 'incorrect_cvc'],
  [
    'processing error',
    '4000000000000119',
    'processing_error',
    'processing_error',
    'processing_error',
    'processing_error',
  ],
  [
    'too often',
    '4000000000006975',
    'card_velocity_exceeded',
    'card_velocity_exceeded',
    'card_velocity_exceeded',
    'card_velocity_exceeded',
  ],
  ['3-D Secure once', '4000002500003155', 'ok', 'requires_action', 'requires_action', 'succeeded'],
  ['3-D Secure always', '4000002760003184', 'ok', 'requires_action', 'requires_action', 'authentication_required'],
  ['3-D Secure, set up', '4000003800000446', 'ok', 'succeeded', 'requires_action', 'succeeded'],
  ['3-D Secure, poor', '4000008260003178', 'ok', 'requires_action', 'requires_action', 'authentication_required'],
  ['3-D Secure required', '4000000000003220', 'ok', 'requires_action', 'requires_action', 'succeeded'],
  ['disputed', '4000000000000259', 'ok', 'succeeded', 'succeeded', 'succeeded'],
];

test.each(cards)('%s (%s)', async (_name, number, attaches, setsUp, present, absent) => {
  const { stripe, control } = await start();
  const card = async () => {
    const expiry = { exp_month: 12, exp_year: new Date().getFullYear() + 2, cvc: '123' };
    return (await stripe.paymentMethods.create({ type: 'card', card: { number, ...expiry } })).id;
  };
  const customer = (await stripe.customers.create()).id;

  expect(await outcome(stripe.paymentMethods.attach(await card(), { customer }))).toBe(attaches);

  const setup = stripe.setupIntents.create({ customer, payment_method: await card(), confirm: true });
  expect(await outcome(setup)).toBe(setsUp);

  const onSession = { amount: 2000, currency: 'eur', confirm: true, payment_method: await card() };
  expect(await outcome(stripe.paymentIntents.create(onSession))).toBe(present);

  const saved = await savedCard(stripe, control, customer, await card());
  const offSession = { amount: 2000, currency: 'eur', confirm: true, off_session: true };
  expect(await outcome(stripe.paymentIntents.create({ ...offSession, ...saved }))).toBe(absent);
});

/** Set up as far as the card allows, as a shop would do before charging in its customer's absence. */
async function savedCard(
  stripe: Stripe,
  control: (...args: ['POST', string, object]) => unknown,
  customer: string,
  id: string,
) {
  const setup = await stripe.setupIntents.create({ customer, payment_method: id, confirm: true }).catch(() => null);
  if (setup?.status === 'requires_action') {
    await control('POST', `setup_intents/${setup.id}/authenticate`, { outcome: 'complete' });
  }
  return setup === null ? { payment_method: id } : { customer, payment_method: id };
}

async function outcome(promise: Promise<{ object: string; status?: string }>): Promise<string> {
  return promise.then(
    ({ status = 'ok' }) => status,
    (error: Stripe.errors.StripeCardError) => error.decline_code || error.code || error.message,
  );
}

test('a card number is never returned, and a mistyped one is refused', async () => {
  const { stripe } = await start();
  const expiry = { exp_month: 1, exp_year: new Date().getFullYear() + 1 };
  const method = await stripe.paymentMethods.create({ type: 'card', card: { number: '4242424242424242', ...expiry } });
  expect(JSON.stringify(method)).not.toContain('424242424242');
  expect(method.card).toMatchObject({ brand: 'visa', last4: '4242' });
  const refused = (number: string) =>
    outcome(stripe.paymentMethods.create({ type: 'card', card: { number, ...expiry } }));
  expect(await refused('4242424242424241')).toBe('incorrect_number');
});

test('a decline tells everything that Stripe tells', async () => {
  const { stripe } = await start();
  const pay = {
    amount: 500,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  };
  const error = await stripe.paymentIntents.create(pay).catch((error: Stripe.errors.StripeCardError) => error);
  expect(error).toMatchObject({
    type: 'StripeCardError',
    statusCode: 402,
    code: 'card_declined',
    decline_code: 'insufficient_funds',
    payment_intent: {
      status: 'requires_payment_method',
      payment_method: null,
      last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds', advice_code: 'try_again_later' },
    },
  });
  const { charge } = (error as Stripe.errors.StripeCardError).raw as { charge: string };
  expect(await stripe.charges.retrieve(charge)).toMatchObject({
    status: 'failed',
    outcome: { reason: 'insufficient_funds' },
  });
});
