import { z } from 'zod';
import { newId } from '../ids.ts';
import { DAY } from './calendar.ts';
import type { Call } from './call.ts';
import { merged } from './changes.ts';
import { expireSession, sessionFor } from './checkout-session.ts';
import { customerFor } from './customers.ts';
import { invalid, missingReference } from './errors.ts';
import { lineItem, lineItems } from './line-items.ts';
import { page, within } from './list.ts';
import { assertChargeable } from './money.ts';
import { created, expand, flag, integer, list, metadata, pagination, text } from './params.ts';
import { share } from './price-amount.ts';
import { ok, type Route, route } from './route.ts';
import type { CheckoutSession, LineItem } from './wire.ts';

const trialSettings = z.strictObject({
  end_behavior: z.strictObject({ missing_payment_method: z.enum(['cancel', 'create_invoice', 'pause']) }),
});
const discount = z.strictObject({ coupon: text.optional(), promotion_code: text.optional() });
/** What the payment, the setup or the subscription will be told. */
const data = {
  payment_intent_data: z
    .strictObject({
      capture_method: z.enum(['automatic', 'automatic_async', 'manual']).optional(),
      description: text.optional(),
      metadata: metadata.optional(),
      setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
      statement_descriptor: text.optional(),
    })
    .optional(),
  setup_intent_data: z.strictObject({ description: text.optional(), metadata: metadata.optional() }).optional(),
  subscription_data: z
    .strictObject({
      billing_cycle_anchor: integer.optional(),
      billing_mode: z.strictObject({ type: z.enum(['classic', 'flexible']) }).optional(),
      description: text.optional(),
      metadata: metadata.optional(),
      proration_behavior: z.enum(['create_prorations', 'none']).optional(),
      trial_end: integer.optional(),
      trial_period_days: integer.optional(),
      trial_settings: trialSettings.optional(),
    })
    .optional(),
};
const creating = {
  ...expand,
  ...data,
  allow_promotion_codes: flag.optional(),
  allowed_payment_method_types: list(z.literal('card')).optional(),
  cancel_url: text.optional(),
  client_reference_id: text.optional(),
  currency: text.optional(),
  customer: text.optional(),
  customer_creation: z.enum(['always', 'if_required']).optional(),
  customer_email: text.optional(),
  discounts: list(discount).optional(),
  expires_at: integer.optional(),
  line_items: list(lineItem).optional(),
  locale: text.optional(),
  metadata: metadata.optional(),
  mode: z.enum(['payment', 'setup', 'subscription']),
  payment_method_collection: z.enum(['always', 'if_required']).optional(),
  success_url: text,
};
type Creating = z.output<z.ZodObject<typeof creating>>;
/** What a session keeps for the moment when somebody pays. */
export type CheckoutPlan = Pick<Creating, keyof typeof data | 'customer_creation' | 'discounts'> & {
  id: string;
  items: LineItem[];
};

export const checkoutRoutes: Route[] = [
  route('POST', '/v1/checkout/sessions', creating, (call, params) => ok(create(call, params))),
  route('GET', '/v1/checkout/sessions/:id', expand, (call, _, id) => ok(sessionFor(call, id))),
  route('GET', '/v1/checkout/sessions/:id/line_items', pagination, (call, _, id) =>
    ok(soldBy(call, sessionFor(call, id).id)),
  ),
  route('POST', '/v1/checkout/sessions/:id', { ...expand, metadata: metadata.optional() }, (call, { metadata }, id) => {
    const before = sessionFor(call, id);
    return ok(call.store.put('checkout.session', { ...before, metadata: merged(before.metadata ?? {}, metadata) }));
  }),
  route('POST', '/v1/checkout/sessions/:id/expire', expand, (call, _, id) => {
    const session = sessionFor(call, id);
    if (session.status !== 'open') {
      const message = `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`;
      throw invalid(message);
    }
    return ok(expireSession(call, session));
  }),
  route(
    'GET',
    '/v1/checkout/sessions',
    {
      ...pagination,
      created: created.optional(),
      customer: text.optional(),
      payment_intent: text.optional(),
      status: z.enum(['open', 'complete', 'expired']).optional(),
      subscription: text.optional(),
    },
    (call, { customer, payment_intent, status, subscription, ...params }) =>
      page(call, 'checkout.session', '/v1/checkout/sessions', params, (session) => {
        if (customer !== undefined && session.customer !== customer) return false;
        if (payment_intent !== undefined && session.payment_intent !== payment_intent) return false;
        if (status !== undefined && session.status !== status) return false;
        if (subscription !== undefined && session.subscription !== subscription) return false;
        return within(session.created, params.created);
      }),
  ),
];

export function soldBy(call: Pick<Call, 'store'>, session: string) {
  const data = call.store.get('sim.checkout', session)!.items;
  return { object: 'list', url: `/v1/checkout/sessions/${session}/line_items`, has_more: false, data };
}

function create(call: Call, params: Creating): CheckoutSession {
  const { customer = null, mode, customer_creation, discounts } = params;
  if (customer !== null) customerFor(call, customer, 'customer');
  const items = lineItems(call, params.line_items ?? []);
  assertItemsFit(mode, items);
  const id = newId('cs_test', 58);
  const at = call.now(customer);
  const { payment_intent_data, setup_intent_data, subscription_data } = params;
  const plans = { payment_intent_data, setup_intent_data, subscription_data };
  call.store.put('sim.checkout', { id, items, customer_creation, discounts, ...plans });
  const subtotal = items.reduce((sum, item) => sum + item.amount_subtotal, 0);
  const off = discounted(call, discounts, subtotal);
  const currency = items[0]?.currency ?? params.currency?.toLowerCase() ?? null;
  if (mode === 'payment') assertChargeable(subtotal - off, currency!);
  const session = call.store.put('checkout.session', {
    ...blank(id, at, call.world.url()),
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    amount_subtotal: mode === 'setup' ? null : subtotal,
    amount_total: mode === 'setup' ? null : subtotal - off,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    currency,
    customer,
    customer_creation: customer === null && mode === 'payment' ? (customer_creation ?? 'if_required') : null,
    customer_email: params.customer_email ?? null,
    expires_at: params.expires_at ?? at + DAY,
    metadata: merged({}, params.metadata),
    mode,
    payment_method_collection: mode === 'subscription' ? (params.payment_method_collection ?? 'always') : null,
    success_url: params.success_url,
    total_details: mode === 'setup' ? null : { amount_discount: off, amount_shipping: null, amount_tax: 0 },
  });
  const clock = customer === null ? null : call.clockOf(customer);
  call.schedule(`due_${id}`, session.expires_at, clock, { kind: 'checkout_expires', session: id });
  return session;
}

function assertItemsFit(mode: Creating['mode'], items: readonly LineItem[]): void {
  const recurs = items.some(({ price }) => price?.type === 'recurring');
  if (mode !== 'setup' && items.length === 0) {
    throw invalid('Missing required param: line_items.', { code: 'parameter_missing', param: 'line_items' });
  }
  if (mode === 'payment' && recurs) {
    const message =
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.';
    throw invalid(message, { param: 'mode' });
  }
  if (mode === 'subscription' && !recurs) {
    throw invalid('You must provide at least one recurring price in `subscription` mode when using prices.', {
      param: 'line_items',
    });
  }
}

function discounted(call: Call, discounts: Creating['discounts'], subtotal: number): number {
  return (discounts ?? []).reduce((off, { coupon, promotion_code }, index) => {
    const promoted = call.store.get('promotion_code', promotion_code ?? '')?.promotion.coupon;
    const found = call.store.get('coupon', coupon ?? promoted ?? '');
    if (found === undefined) {
      throw missingReference('coupon', coupon ?? promotion_code ?? '', `discounts[${index}]`);
    }
    const left = subtotal - off;
    const { percent_off, amount_off } = found;
    return (
      off +
      (percent_off === null ? Math.min(amount_off!, left) : share(left, Math.round(percent_off * 10_000), 1_000_000))
    );
  }, 0);
}

function blank(id: string, at: number, url: string): CheckoutSession {
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: null,
    client_reference_id: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: at,
    currency: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: null,
    customer_account: null,
    customer_creation: null,
    customer_details: null,
    customer_email: null,
    discounts: null,
    expires_at: at + DAY,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: {},
    mode: 'payment',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: null,
    total_details: null,
    ui_mode: 'hosted_page',
    url: `${url}/sim/checkout/${id}`,
    wallet_options: null,
  };
}
