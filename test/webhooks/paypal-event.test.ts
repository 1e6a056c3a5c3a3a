import { describe, expect, test } from 'vitest';
import { methodName } from '../../src/security/method-name.ts';
import { readPaypalEvent } from '../../src/webhooks/paypal-event.ts';
import { PANS } from './events.ts';
import { capture, dispute, MARK, paypalEvent, refund } from './paypal-events.ts';

const KEY = Buffer.alloc(32, 7);
const nameOf = (vaultId: string) => methodName(KEY, { account: 'default', mode: 'test' }, vaultId);
const account = { id: 'default', mode: 'test', nameOf } as const;
const read = (event: object) => readPaypalEvent(Buffer.from(JSON.stringify(event)), account);
const heard = (type: string, resource: Record<string, unknown>, over = {}) => {
  const answer = read(paypalEvent(type, resource, over));
  if (!answer.ok) throw new Error(answer.why);
  return answer.event;
};

const about = { invoice: 'inv_1_1', attempt: 2, payment: '2GG279541U471931P' };
const claim = { about: 'payment', id: '2GG279541U471931P', amount: 3000, currency: 'usd', mark: MARK };

test('a capture: who, how much, and what has to be compared', () => {
  expect(heard('PAYMENT.CAPTURE.COMPLETED', capture())).toEqual({
    ...{ provider: 'paypal', account: 'default', mode: 'test', eventId: 'WH-PAYMENT-CAPTURE-COMPLETED-1' },
    ...{ type: 'PAYMENT.CAPTURE.COMPLETED', tenant: 'ten_1', subscription: 'sub_1', ignored: null },
    ...{ occurredAt: Date.parse('2027-01-15T08:00:00Z'), claim },
    told: { type: 'payment_succeeded', ...about, amount: 3000 },
  });
});

const ours = { tenant: 'ten_1', subscription: 'sub_1' };
const nobody = { tenant: null, subscription: null };
const taken = { payment: '2GG279541U471931P', refund: '1Y107995YT783435V', amount: 1000 };
const asked = { asked: { refund: 'ref_1', attempt: 1 } };
const disputed = { payment: '2GG279541U471931P', dispute: 'PP-D-27803' };

test.each([
  ['PAYMENT.CAPTURE.PENDING', capture({ status: 'PENDING' }), ours, { type: 'payment_processing', ...about }],
  [
    'PAYMENT.CAPTURE.DENIED',
    capture({ status: 'DECLINED', status_details: { reason: 'DECLINED_BY_RISK_FRAUD_FILTERS' } }),
    ours,
    { type: 'payment_failed', ...about, decline: 'fraud_suspected', code: 'declined_by_risk_fraud_filters' },
  ],
  [
    'PAYMENT.CAPTURE.DECLINED',
    capture({ status: 'DECLINED', status_details: { reason: `no ${PANS[0]}` } }),
    ours,
    { type: 'payment_failed', ...about, decline: 'soft', code: 'instrument_declined' },
  ],
  ['PAYMENT.CAPTURE.REFUNDED', refund(), ours, { type: 'payment_refunded', invoice: null, ...taken, ...asked }],
  [
    'PAYMENT.CAPTURE.REFUNDED',
    refund({ custom_id: undefined }),
    nobody,
    { type: 'payment_refunded', invoice: null, ...taken },
  ],
  [
    'PAYMENT.CAPTURE.REVERSED',
    refund({ custom_id: MARK }),
    ours,
    { type: 'payment_refunded', invoice: 'inv_1_1', ...taken },
  ],
  [
    'PAYMENT.CAPTURE.REFUNDED',
    refund({ status: 'FAILED' }),
    ours,
    { type: 'refund_failed', code: 'failed', ...taken, ...asked },
  ],
  [
    'CUSTOMER.DISPUTE.CREATED',
    dispute(),
    nobody,
    { type: 'dispute_opened', ...disputed, amount: 3000, reason: 'unauthorised', inquiry: false },
  ],
  [
    'CUSTOMER.DISPUTE.CREATED',
    dispute({ dispute_life_cycle_stage: 'INQUIRY', reason: PANS[0] }),
    nobody,
    { type: 'dispute_opened', ...disputed, amount: 3000, reason: 'general', inquiry: true },
  ],
  ...(
    [
      ['RESOLVED_BUYER_FAVOUR', 'lost'],
      ['RESOLVED_SELLER_FAVOUR', 'won'],
      ['CANCELED_BY_BUYER', 'closed'],
    ] as const
  ).map(
    ([outcome_code, outcome]) =>
      [
        'CUSTOMER.DISPUTE.RESOLVED',
        dispute({ status: 'RESOLVED', dispute_outcome: { outcome_code } }),
        nobody,
        { type: 'dispute_closed', ...disputed, outcome },
      ] as const,
  ),
] as const)('%s', (type, resource, whose, told) => {
  expect(heard(type, resource)).toMatchObject({ ...whose, told, ignored: null });
});

test('a method that is gone has our name, and not the vault’s', () => {
  const event = heard('VAULT.PAYMENT-TOKEN.DELETED', { id: '8kk8451t' });
  expect(event.told).toMatchObject({ type: 'method_detached', method: nameOf('8kk8451t'), customer: null });
  expect(event.claim).toMatchObject({ about: 'method', id: nameOf('8kk8451t') });
  expect(JSON.stringify(event)).not.toContain('8kk8451t');
});

test.each([
  [
    'a payment of another system',
    'PAYMENT.CAPTURE.COMPLETED',
    capture({ custom_id: 'order 7' }),
    'not a payment of ours',
  ],
  [
    'a payment of the other mode',
    'PAYMENT.CAPTURE.COMPLETED',
    capture({ custom_id: MARK.replace('test', 'live') }),
    'not a payment of ours',
  ],
  ['without an amount', 'PAYMENT.CAPTURE.COMPLETED', capture({ amount: undefined }), 'it names no amount'],
  [
    'less than a cent',
    'PAYMENT.CAPTURE.COMPLETED',
    capture({ amount: { currency_code: 'USD', value: '30.001' } }),
    'it names no amount',
  ],
  ['a refund of nothing', 'PAYMENT.CAPTURE.REFUNDED', refund({ links: [] }), 'it gives back no payment of ours'],
  ['a refund under way', 'PAYMENT.CAPTURE.REFUNDED', refund({ status: 'PENDING' }), 'it is not done yet'],
  ['a sale', 'PAYMENT.SALE.COMPLETED', { id: '80021663DE681814L' }, 'no subscription of ours'],
  ['a subscription without a name', 'BILLING.SUBSCRIPTION.ACTIVATED', { id: 'nonsense' }, 'no subscription of ours'],
  [
    'a subscription of live mode',
    'BILLING.SUBSCRIPTION.ACTIVATED',
    { id: 'I-BW452GLLEP1G', custom_id: 'ten_1/live/sub_1' },
    'no subscription of ours',
  ],
  [
    'what a sale gave back of nothing',
    'PAYMENT.SALE.REFUNDED',
    { id: '5O190127TN364715T', amount: { total: '3.00', currency: 'USD' } },
    'it gives back no payment of ours',
  ],
  ['our own call’s', 'VAULT.PAYMENT-TOKEN.CREATED', { id: '8kk8451t' }, 'our own call has told it'],
  ['nobody’s', 'UNICORN.SEEN', { horn: PANS[0] }, 'unknown type'],
])('ignored: %s', (_name, type, resource, ignored) => {
  expect(heard(type, resource)).toMatchObject({ ignored, told: null, claim: null });
});

test.each([
  [
    'BILLING.SUBSCRIPTION.ACTIVATED',
    {
      id: 'I-BW452GLLEP1G',
      custom_id: 'ten_1/test/sub_1',
      status: 'ACTIVE',
      subscriber: { email_address: 'a@b.example' },
    },
    { what: 'subscription', id: 'I-BW452GLLEP1G', of: null },
    { tenant: 'ten_1', subscription: 'sub_1' },
  ],
  [
    'PAYMENT.SALE.COMPLETED',
    { id: '80021663DE681814L', billing_agreement_id: 'I-BW452GLLEP1G', amount: { total: '9.00', currency: 'USD' } },
    { what: 'invoice', id: '80021663DE681814L', of: 'I-BW452GLLEP1G' },
    { tenant: null, subscription: null },
  ],
])('%s only says what to ask for', (type, resource, object, whose) => {
  expect(heard(type, resource)).toMatchObject({ told: { type: 'object_stirred', ...object }, ...whose, claim: null });
});

test('what a sale gave back is a claim of its own', () => {
  const amount = { total: '3.00', currency: 'USD' };
  const resource = { id: '5O190127TN364715T', sale_id: '80021663DE681814L', amount, custom: 'ten_1/test/sub_1' };
  expect(heard('PAYMENT.SALE.REFUNDED', resource)).toMatchObject({
    told: { type: 'payment_refunded', payment: '80021663DE681814L', refund: '5O190127TN364715T', amount: 300 },
    claim: { about: 'sale_refund', id: '5O190127TN364715T', amount: 300, currency: 'usd', mark: 'ten_1/test/sub_1' },
    tenant: 'ten_1',
    subscription: 'sub_1',
  });
});

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['no id', JSON.stringify(paypalEvent('PAYMENT.CAPTURE.COMPLETED', capture(), { id: undefined }))],
  ['an id of another kind', JSON.stringify(paypalEvent('PAYMENT.CAPTURE.COMPLETED', capture(), { id: 'evt_1' }))],
  [
    'an id with a card in it',
    JSON.stringify(paypalEvent('PAYMENT.CAPTURE.COMPLETED', capture(), { id: `WH-${PANS[0]}` })),
  ],
  ['no time', JSON.stringify(paypalEvent('PAYMENT.CAPTURE.COMPLETED', capture(), { create_time: 'soon' }))],
  ['no day of the calendar', JSON.stringify(paypalEvent('A.B', {}, { create_time: '2027-13-45T00:00:00Z' }))],
  ['no resource', JSON.stringify(paypalEvent('PAYMENT.CAPTURE.COMPLETED', capture(), { resource: null }))],
  ['a type that is none', JSON.stringify(paypalEvent('drop table', capture()))],
])('refused: %s', (_name, body) => {
  expect(readPaypalEvent(Buffer.from(body), account)).toMatchObject({ ok: false, code: 'invalid_body' });
});

describe('nothing that may not be kept', () => {
  test.each([
    ['PAYMENT.CAPTURE.COMPLETED', capture({ id: PANS[0], custom_id: PANS[0] })],
    ['PAYMENT.CAPTURE.COMPLETED', capture({ status_details: { reason: PANS[0] } })],
    ['PAYMENT.CAPTURE.REFUNDED', refund({ id: PANS[0] })],
    ['CUSTOMER.DISPUTE.CREATED', dispute({ dispute_id: `PP-${PANS[0]}` })],
    ['BILLING.SUBSCRIPTION.UPDATED', { id: PANS[0], subscriber: { payment_source: { card: { number: PANS[0] } } } }],
    ['PAYMENT.SALE.COMPLETED', { id: PANS[0], billing_agreement_id: PANS[0] }],
    ['VAULT.PAYMENT-TOKEN.DELETED', { id: PANS[0], payment_source: { card: { number: PANS[0] } } }],
  ])('%s', (type, resource) => {
    const text = JSON.stringify(heard(type, resource));
    for (const pan of PANS) expect(text).not.toContain(pan);
    expect(text).not.toMatch(/example\.com|Ada/);
  });
});
