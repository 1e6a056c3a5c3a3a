/** What is taken from the events of subscriptions that Stripe collects, and that nothing else is. */
import { expect, test } from 'vitest';
import { readStripeEvent } from '../../src/webhooks/stripe-event.ts';
import { event, PANS } from './events.ts';

const PAN = PANS[0];
const T = 1_800_000_000;
const kept = (value: unknown) => {
  const result = readStripeEvent(Buffer.from(JSON.stringify(value)), { id: 'default', mode: 'test' });
  if (!result.ok) throw new Error(`${result.code}: ${result.why}`);
  return result.event;
};
const marks = { hydra_tenant: 'ten_1', hydra_mode: 'test', hydra_subscription: 'sub_1' };

const subscription = (over: object = {}) => ({
  ...{
    id: 'sub_A',
    status: 'active',
    created: T,
    billing_cycle_anchor: T,
    cancel_at: null,
    cancel_at_period_end: true,
  },
  ...{ ended_at: null, default_payment_method: 'pm_1', description: `for ${PAN}`, pause_collection: null },
  metadata: { ...marks, note: PAN },
  items: {
    data: [
      {
        ...{ quantity: 3, current_period_start: T, current_period_end: T + 100, id: `si_${PAN}` },
        price: { nickname: PAN, metadata: { hydra_price_book: 'pb_1', hydra_plan: 'pro_yearly' } },
      },
    ],
  },
  ...over,
});

const invoice = (over: object = {}) => ({
  ...{ id: 'in_A', status: 'open', number: 'F00D-0001', currency: 'usd', total: 3570, amount_due: 3570 },
  ...{ amount_paid: 0, attempt_count: 1, next_payment_attempt: T + 300, due_date: null },
  ...{ customer_email: 'ada@example.com', customer_name: `Ada ${PAN}`, hosted_invoice_url: 'https://pay.example/x' },
  status_transitions: { finalized_at: T, voided_at: null, marked_uncollectible_at: null },
  parent: {
    subscription_details: {
      subscription: 'sub_A',
      metadata: { ...marks, hydra_product: 'app', hydra_name: 'Pro, yearly' },
    },
  },
  lines: {
    has_more: false,
    data: [
      {
        ...{ amount: 3000, quantity: 3, description: `3 × Pro ${PAN}`, period: { start: T, end: T + 100 } },
        pricing: { unit_amount_decimal: '1000' },
        discount_amounts: [{ amount: 100 }],
        taxes: [{ amount: 570, tax_behavior: 'exclusive', tax_rate_details: { tax_rate: 'txr_1' } }],
      },
    ],
  },
  ...over,
});

test('a subscription is told whole, by our marks, at the second of its event', () => {
  const { tenant, subscription: ours, told } = kept(event('customer.subscription.updated', subscription()));
  expect({ tenant, ours }).toEqual({ tenant: 'ten_1', ours: 'sub_1' });
  expect(told).toEqual({
    type: 'subscription_seen',
    seen: {
      ...{ id: 'sub_A', version: T * 4 + 1, asOf: T * 1000, state: 'active', quantity: 3, anchor: T * 1000 },
      plan: { book: 'pb_1', id: 'pro_yearly' },
      period: { start: T * 1000, end: (T + 100) * 1000 },
      ...{ cancelAt: (T + 100) * 1000, resumeAt: null, endedAt: null, reason: 'requested', paymentMethod: 'pm_1' },
    },
  });
});

test.each([
  [
    'rests',
    { pause_collection: { behavior: 'void', resumes_at: T + 50 } },
    { state: 'paused', resumeAt: (T + 50) * 1000 },
  ],
  ['never paid', { status: 'incomplete_expired' }, { state: 'canceled', reason: 'payment_incomplete' }],
  [
    'gave up',
    { status: 'canceled', ended_at: T, cancellation_details: { reason: 'payment_failed' } },
    { state: 'canceled', reason: 'dunning', endedAt: T * 1000 },
  ],
])('one that %s', (_, over, seen) => {
  expect(kept(event('customer.subscription.updated', subscription(over))).told).toMatchObject({ seen });
});

test('within one second the first event of an object comes first, and its last one last', () => {
  const versions = ['created', 'updated', 'deleted'].map((name) => {
    const { told } = kept(event(`customer.subscription.${name}`, subscription()));
    return told?.type === 'subscription_seen' ? told.seen.version : null;
  });
  expect(versions).toEqual([T * 4, T * 4 + 1, T * 4 + 3]);
});

test('an invoice is told with its lines and taxes, in no words of others', () => {
  const { told } = kept(event('invoice.payment_failed', invoice()));
  expect(told).toMatchObject({
    type: 'invoice_seen',
    seen: {
      ...{ id: 'in_A', state: 'open', number: 'F00D-0001', total: 3570, attempts: 1, nextAttemptAt: (T + 300) * 1000 },
      lines: [
        {
          ...{ name: 'Pro, yearly', product: 'app', quantity: 3, unitPrice: '1000', amount: 3000, discount: 100 },
          taxes: [{ rate: 'txr_1', amount: 570, inclusive: false }],
        },
      ],
    },
  });
});

test.each([
  ['more lines than an event has', { lines: { ...invoice().lines, has_more: true } }],
  [
    'more taxes than are taken',
    { lines: { has_more: false, data: [{ amount: 1, taxes: [1, 2, 3].map((amount) => ({ amount })) }] } },
  ],
])('%s: they are not told, and so are read back', (_, over) => {
  expect(kept(event('invoice.paid', invoice(over))).told).toMatchObject({ seen: { lines: null } });
});

test('a payment is told for its invoice, and finds its home by it', () => {
  const paid = {
    ...{ id: 'inpay_1', invoice: 'in_A', status: 'paid', amount_paid: 3570, currency: 'usd' },
    ...{ payment: { type: 'payment_intent', payment_intent: 'pi_1' }, status_transitions: { paid_at: T } },
  };
  expect(kept(event('invoice_payment.paid', paid))).toMatchObject({
    ...{ tenant: null, subscription: null },
    told: { type: 'payment_seen', seen: { invoice: 'in_A', payment: 'pi_1', amount: 3570, at: T * 1000 } },
  });
});

test('what asks for the customer says so', () => {
  expect(kept(event('invoice.payment_action_required', invoice())).told).toMatchObject({ seen: { needsAction: true } });
  const ending = event('customer.subscription.trial_will_end', subscription({ status: 'trialing' }));
  expect(kept(ending).told).toMatchObject({ seen: { state: 'trialing', trialEnding: true } });
});

test.each([
  ['another mode’s', { ...marks, hydra_mode: 'live' }],
  ['unmarked', {}],
])('one that is %s is sought by its own name there', (_, metadata) => {
  expect(kept(event('customer.subscription.updated', subscription({ metadata })))).toMatchObject({
    ...{ tenant: null, subscription: null, told: { type: 'subscription_seen' } },
  });
});

test.each([
  ['invoice.paid', invoice({ parent: null }), 'of no subscription'],
  ['customer.subscription.updated', subscription({ status: 'odd' }), 'no subscription that we could follow'],
  ['checkout.session.expired', { id: 'cs_1', metadata: {} }, 'not a page of ours'],
  ['checkout.session.completed', { id: 'cs_1' }, 'another event tells it'],
  ['setup_intent.succeeded', { id: 'seti_1' }, 'another event tells it'],
  ['customer.updated', { id: 'cus_1', name: PAN }, 'whom we bill is for us to say'],
])('%s is ignored: it is %s', (type, object, why) => {
  expect(kept(event(type, object as Record<string, unknown>))).toMatchObject({ told: null, ignored: why });
});

test('nothing else of them is kept', () => {
  const all = [
    kept(event('customer.subscription.updated', subscription())),
    kept(event('invoice.paid', invoice())),
    kept(event('checkout.session.expired', { id: 'cs_1', url: 'https://x', metadata: { ...marks, note: PAN } })),
  ];
  expect(JSON.stringify(all)).not.toMatch(/4242|ada|Ada|https|×/);
});
