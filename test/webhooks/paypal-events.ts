/** PayPal's events, as its documentation shows them, with everything in them that we must not keep. */
import { PANS } from './events.ts';

type Json = Record<string, unknown>;
const [PAN] = PANS;

export const MARK = 'ten_1/test/sub_1/inv_1_1/2';

export const paypalEvent = (type: string, resource: Json, over: Json = {}): Json => ({
  id: `WH-${type.replaceAll(/\W/g, '-')}-1`,
  create_time: '2027-01-15T08:00:00.000Z',
  resource_type: 'capture',
  event_type: type,
  event_version: '1.0',
  summary: `Payment completed for card ${PAN}`,
  resource,
  links: [{ href: 'https://api.sandbox.paypal.com/v1/notifications/webhooks-events/WH-1', rel: 'self' }],
  ...over,
});

export const capture = (over: Json = {}): Json => ({
  id: '2GG279541U471931P',
  status: 'COMPLETED',
  amount: { currency_code: 'USD', value: '30.00' },
  custom_id: MARK,
  invoice_id: 'inv_1_1/2',
  final_capture: true,
  seller_protection: { status: 'ELIGIBLE' },
  payee: { email_address: 'merchant@example.com', merchant_id: PAN },
  note: PAN,
  supplementary_data: { related_ids: { order_id: '8U481631H66031715' } },
  ...over,
});

export const refund = (over: Json = {}): Json => ({
  id: '1Y107995YT783435V',
  status: 'COMPLETED',
  amount: { currency_code: 'USD', value: '10.00' },
  note_to_payer: PAN,
  custom_id: 'ten_1/test/sub_1/ref_1/1',
  links: [
    { href: 'https://api.sandbox.paypal.com/v2/payments/refunds/1Y107995YT783435V', rel: 'self' },
    { href: 'https://api.sandbox.paypal.com/v2/payments/captures/2GG279541U471931P', rel: 'up' },
  ],
  ...over,
});

export const dispute = (over: Json = {}): Json => ({
  dispute_id: 'PP-D-27803',
  status: 'OPEN',
  reason: 'UNAUTHORISED',
  dispute_life_cycle_stage: 'CHARGEBACK',
  dispute_amount: { currency_code: 'USD', value: '30.00' },
  disputed_transactions: [
    { seller_transaction_id: '2GG279541U471931P', buyer: { name: 'Ada', email: 'ada@example.com' } },
  ],
  messages: [{ posted_by: 'BUYER', content: `my card is ${PAN}` }],
  ...over,
});
