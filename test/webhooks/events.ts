/** Stripe's events, as its documentation shows them, with everything in them that we must not keep. */
const PAN = '4242424242424242';
export const PANS = [PAN, '4242 4242 4242 4242', '5555-5555-5555-4444', '378282246310005'];

type Json = Record<string, unknown>;

export const marks = (over: Json = {}): Json => ({
  hydra_tenant: 'ten_1',
  hydra_mode: 'test',
  hydra_subscription: 'sub_1',
  hydra_invoice: 'inv_1_1',
  hydra_attempt: '2',
  note: PAN,
  ...over,
});

export const event = (type: string, object: Json, over: Json = {}): Json => ({
  id: `evt_${type.replaceAll(/\W/g, '_')}`,
  object: 'event',
  api_version: '2026-10-28.endive',
  created: 1_800_000_000,
  livemode: false,
  pending_webhooks: 1,
  request: { id: 'req_1', idempotency_key: `key ${PAN}` },
  type,
  data: { object, previous_attributes: { description: PAN } },
  ...over,
});

export const intent = (over: Json = {}): Json => ({
  id: 'pi_1',
  object: 'payment_intent',
  amount: 3000,
  amount_received: 3000,
  currency: 'usd',
  status: 'succeeded',
  client_secret: 'pi_1_secret_abc',
  customer: 'cus_A',
  description: `for card ${PAN}`,
  receipt_email: 'ada@example.com',
  payment_method: 'pm_1',
  shipping: { name: `Ada ${PAN}`, phone: PAN },
  statement_descriptor: PAN,
  last_payment_error: null,
  metadata: marks(),
  ...over,
});

export const declined = (error: Json): Json =>
  intent({
    status: 'requires_payment_method',
    amount_received: 0,
    last_payment_error: {
      type: 'card_error',
      message: `Your card ${PAN} was declined.`,
      payment_method: { id: 'pm_1', card: { number: PAN, cvc: '123', exp_month: 12, exp_year: 2030 } },
      ...error,
    },
  });

export const refund = (over: Json = {}): Json => ({
  id: 're_1',
  object: 'refund',
  amount: 1000,
  currency: 'usd',
  payment_intent: 'pi_1',
  charge: 'ch_1',
  status: 'succeeded',
  reason: 'requested_by_customer',
  description: PAN,
  destination_details: { card: { reference: PAN } },
  metadata: {},
  ...over,
});

export const method = (over: Json = {}): Json => ({
  id: 'pm_1',
  object: 'payment_method',
  type: 'card',
  customer: 'cus_A',
  billing_details: { name: `Ada ${PAN}`, email: 'ada@example.com', phone: PAN, address: { line1: PAN } },
  card: { brand: 'visa', last4: '4242', exp_month: 12, exp_year: 2030, fingerprint: 'F', iin: '424242', number: PAN },
  metadata: { note: PAN },
  ...over,
});
