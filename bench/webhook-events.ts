/** Stripe's events of three kilobytes, with all that a real one has and nobody keeps, as requests that only have to be sent. */
import { createHmac } from 'node:crypto';
import { SCOPE } from './postgres.ts';

export const SECRET = 'whsec_of_the_bench';
const BYTES = 3_072;

type Json = Record<string, unknown>;

const event = (id: string, type: string, object: Json): Json => ({
  ...{ id: `evt_${id}`, object: 'event', api_version: '2026-10-28.endive', created: 1_800_000_000, livemode: false },
  ...{ pending_webhooks: 1, request: { id: `req_${id}`, idempotency_key: `key-${id}` }, type, data: { object } },
});

/** What we have asked for ourselves, so it says whose it is. */
export const paymentEvent = (id: string): Json =>
  event(id, 'payment_intent.succeeded', {
    ...{ id: `pi_${id}`, object: 'payment_intent', amount: 3_000, amount_capturable: 0, amount_received: 3_000 },
    ...{ amount_details: { tip: {} }, automatic_payment_methods: null, canceled_at: null, capture_method: 'automatic' },
    ...{ client_secret: `pi_${id}_secret`, confirmation_method: 'automatic', created: 1_800_000_000, currency: 'usd' },
    ...{ customer: 'cus_atStripe0', invoice: null, last_payment_error: null, latest_charge: `ch_${id}` },
    ...{ livemode: false, next_action: null, on_behalf_of: null, payment_method: `pm_${id}`, processing: null },
    payment_method_options: { card: { installments: null, network: null, request_three_d_secure: 'automatic' } },
    ...{ payment_method_types: ['card'], receipt_email: 'ada@example.com', setup_future_usage: 'off_session' },
    shipping: {
      address: { city: 'New York', country: 'US', line1: '350 Fifth Avenue', postal_code: '10118' },
      name: 'Ada',
    },
    ...{ statement_descriptor: null, status: 'succeeded', transfer_data: null, transfer_group: null },
    metadata: {
      ...{ hydra_tenant: SCOPE.tenant, hydra_mode: SCOPE.mode, hydra_subscription: `sub_${id}` },
      ...{ hydra_invoice: `inv_${id}_1`, hydra_attempt: '1' },
    },
  });

/** What is the processor's own: we only show it. */
export const methodEvent = (id: string, customer: number): Json =>
  event(id, 'payment_method.attached', {
    ...{ id: `pm_${id}`, object: 'payment_method', type: 'card', customer: `cus_atStripe${customer}`, livemode: false },
    ...{ allow_redisplay: 'always', created: 1_800_000_000, metadata: {}, radar_options: {} },
    billing_details: {
      ...{ email: 'ada@example.com', name: 'Ada', phone: null, tax_id: null },
      address: { city: 'New York', country: 'US', line1: '350 Fifth Avenue', line2: null, postal_code: '10118' },
    },
    card: {
      ...{ brand: 'visa', last4: '4242', country: 'US', display_brand: 'visa', funding: 'credit', fingerprint: id },
      ...{ checks: { cvc_check: 'pass' }, networks: { available: ['visa'], preferred: null }, wallet: null },
      three_d_secure_usage: { supported: true },
    },
  });

/** Signed now: whoever hears it takes no signature that is older than five minutes. */
export function requestOf(event: Json): Buffer {
  const bare = JSON.stringify(event);
  const body = JSON.stringify({ ...event, padding: 'x'.repeat(Math.max(0, BYTES - bare.length - 13)) });
  const timestamp = Math.floor(Date.now() / 1_000);
  const signature = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
  return Buffer.from(
    `POST /api/webhooks/stripe HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `stripe-signature: t=${timestamp},v1=${signature}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
