import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { given, merged } from './changes.ts';
import { settle } from './charges.ts';
import { customerFor } from './customers.ts';
import { invalid, missing } from './errors.ts';
import { interrupted, meet, refusalBefore } from './habits.ts';
import { page, within } from './list.ts';
import { assertUsable, create as createMethod, methodData, methodFor } from './methods.ts';
import { assertChargeable } from './money.ts';
import { created, expand, flag, integer, list, metadata, pagination, text, unsettable } from './params.ts';
import { confirm, unexpectedState } from './payments.ts';
import { type Answer, ok, type Route, route } from './route.ts';
import type { PaymentIntent, PaymentMethod } from './wire.ts';

const captureMethod = z.enum(['automatic', 'automatic_async', 'manual']);
const future = z.enum(['on_session', 'off_session']);
const automatic = z.strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() });

/** What create, update and confirm have in common. */
const described = {
  ...expand,
  payment_method: text.optional(),
  payment_method_data: z.strictObject(methodData).optional(),
  receipt_email: unsettable(text).optional(),
  setup_future_usage: unsettable(future).optional(),
};
const confirming = {
  error_on_requires_action: flag.optional(),
  off_session: z.union([flag, z.enum(['one_off', 'recurring']).transform(() => true)]).optional(),
  return_url: text.optional(),
  use_stripe_sdk: flag.optional(),
};
const noted = {
  customer: text.optional(),
  description: unsettable(text).optional(),
  metadata: metadata.optional(),
  statement_descriptor: unsettable(text).optional(),
  statement_descriptor_suffix: unsettable(text).optional(),
};
type Confirming = z.output<z.ZodObject<typeof confirming & typeof described>>;

export const paymentIntentRoutes: Route[] = [
  route(
    'POST',
    '/v1/payment_intents',
    {
      ...described,
      ...confirming,
      ...noted,
      allowed_payment_method_types: list(z.literal('card')).optional(),
      amount: integer,
      automatic_payment_methods: automatic.optional(),
      capture_method: captureMethod.optional(),
      confirm: flag.optional(),
      confirmation_method: z.enum(['automatic', 'manual']).optional(),
      currency: text,
    },
    (call, params) => {
      const currency = params.currency.toLowerCase();
      assertChargeable(params.amount, currency);
      if (params.customer !== undefined) customerFor(call, params.customer, 'customer');
      if (params.off_session === true && params.confirm !== true) {
        throw invalid('You cannot set `off_session` without `confirm` set to true.', { param: 'off_session' });
      }
      const automatics = params.automatic_payment_methods ?? { enabled: true };
      const intent = blank(call, params.amount, currency, params.customer ?? null);
      const { description, receipt_email, setup_future_usage, statement_descriptor } = params;
      const { statement_descriptor_suffix, capture_method, confirmation_method } = params;
      const method = chosenMethod(call, params, intent);
      if (method !== null) assertUsable(call, method, intent.customer);
      const described: PaymentIntent = {
        ...intent,
        ...given({ description, receipt_email, setup_future_usage, statement_descriptor, statement_descriptor_suffix }),
        ...given({ capture_method, confirmation_method }),
        allowed_payment_method_types: params.allowed_payment_method_types ?? null,
        automatic_payment_methods:
          params.allowed_payment_method_types === undefined ? { allow_redirects: 'always', ...automatics } : null,
        metadata: merged({}, params.metadata),
      };
      const store = () => {
        call.store.put('payment_intent', described);
        call.emit('payment_intent.created', described, described.created);
        return described;
      };
      if (params.confirm === true) return confirmed(call, store, described, params, method);
      store();
      if (method === null) return ok(described);
      return ok(
        call.store.put('payment_intent', { ...described, payment_method: method.id, status: 'requires_confirmation' }),
      );
    },
  ),
  route('GET', '/v1/payment_intents/:id', { ...expand, client_secret: text.optional() }, (call, _, id) =>
    ok(intentFor(call, id)),
  ),
  route(
    'POST',
    '/v1/payment_intents/:id',
    { ...described, ...noted, amount: integer.optional(), currency: text.optional() },
    update,
  ),
  route(
    'POST',
    '/v1/payment_intents/:id/confirm',
    { ...described, ...confirming, capture_method: captureMethod.optional() },
    (call, params, id) => {
      const intent = intentFor(call, id);
      if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
        throw unexpectedState('confirm', intent);
      }
      const { receipt_email, setup_future_usage, capture_method } = params;
      const described: PaymentIntent = { ...intent, ...given({ receipt_email, setup_future_usage, capture_method }) };
      const method =
        chosenMethod(call, params, intent) ??
        (intent.payment_method === null ? null : methodFor(call, intent.payment_method));
      if (method !== null) assertUsable(call, method, intent.customer);
      return confirmed(call, () => described, described, params, method);
    },
  ),
  route(
    'POST',
    '/v1/payment_intents/:id/capture',
    { ...expand, amount_to_capture: integer.optional(), metadata: metadata.optional() },
    capture,
  ),
  route(
    'POST',
    '/v1/payment_intents/:id/cancel',
    {
      ...expand,
      cancellation_reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']).optional(),
    },
    cancel,
  ),
  route(
    'GET',
    '/v1/payment_intents',
    { ...pagination, created: created.optional(), customer: text.optional() },
    (call, { customer, ...params }) => {
      if (customer !== undefined) customerFor(call, customer, 'customer');
      return page(
        call,
        'payment_intent',
        '/v1/payment_intents',
        params,
        (intent) => (customer === undefined || intent.customer === customer) && within(intent.created, params.created),
      );
    },
  ),
];

export function intentFor(call: Call, id: string): PaymentIntent {
  const intent = call.store.get('payment_intent', id);
  if (intent === undefined) throw missing('payment_intent', id, 'intent');
  return intent;
}

type Chosen = Pick<Confirming, 'payment_method' | 'payment_method_data'>;

function chosenMethod(call: Call, { payment_method, payment_method_data }: Chosen, intent: PaymentIntent) {
  if (payment_method_data !== undefined) return createMethod(call, payment_method_data);
  if (payment_method === undefined) return null;
  const method = methodFor(call, payment_method);
  assertUsable(call, method, intent.customer);
  return method;
}

/** `keep` stores the intent only after trouble at the door has let the request in. */
function confirmed(
  call: Call,
  keep: () => PaymentIntent,
  { customer }: PaymentIntent,
  params: Confirming,
  method: ReturnType<typeof chosenMethod>,
): Answer {
  if (method === null) {
    const message = "You cannot confirm this PaymentIntent because it's missing a payment method.";
    throw invalid(message, { code: 'payment_intent_unexpected_state', param: 'payment_method' });
  }
  const { behaviour, interruption } = meet(call, method, customer);
  const refusal = refusalBefore(interruption);
  if (refusal !== null) return refusal;
  const { off_session = false, return_url = null, error_on_requires_action = false } = params;
  const how = { offSession: off_session, returnUrl: return_url, errorOnAction: error_on_requires_action };
  return interrupted(confirm(call, keep(), method, behaviour, how), interruption);
}

function update(
  call: Call,
  params: z.output<z.ZodObject<typeof described & typeof noted>> & { amount?: number; currency?: string },
  id: string,
): Answer {
  const before = intentFor(call, id);
  const { amount, customer, description, receipt_email, setup_future_usage } = params;
  const { statement_descriptor, statement_descriptor_suffix } = params;
  const currency = params.currency?.toLowerCase();
  const isOpen = ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(before.status);
  if (!isOpen && [amount, currency, customer, params.payment_method].some((field) => field !== undefined)) {
    throw unexpectedState('update', before);
  }
  if (amount !== undefined || currency !== undefined)
    assertChargeable(amount ?? before.amount, currency ?? before.currency);
  if (customer !== undefined) customerFor(call, customer, 'customer');
  const method = chosenMethod(call, params, { ...before, customer: customer ?? before.customer });
  return ok(
    call.store.put('payment_intent', {
      ...before,
      ...given({ amount, currency, customer, description, receipt_email, setup_future_usage }),
      ...given({ statement_descriptor, statement_descriptor_suffix }),
      ...(method !== null && { payment_method: method.id, status: 'requires_confirmation', next_action: null }),
      metadata: merged(before.metadata, params.metadata),
    }),
  );
}

function capture(
  call: Call,
  { amount_to_capture, metadata }: { amount_to_capture?: number; metadata?: Record<string, string> | null },
  id: string,
): Answer {
  const before = intentFor(call, id);
  if (before.status !== 'requires_capture') throw unexpectedState('capture', before);
  const amount = amount_to_capture ?? before.amount;
  if (amount < 1 || amount > before.amount) {
    throw invalid('The amount to capture is not within the authorized amount.', { param: 'amount_to_capture' });
  }
  const charge = call.store.get('charge', before.latest_charge!)!;
  const captured = call.store.put('charge', { ...charge, captured: true, amount_captured: amount });
  const at = call.now(before.customer);
  call.emit('charge.captured', captured, at);
  const after = call.store.put('payment_intent', {
    ...before,
    amount_capturable: 0,
    amount_received: amount,
    metadata: merged(before.metadata, metadata),
    status: 'succeeded',
  });
  call.emit('payment_intent.succeeded', after, at);
  call.afterwards(() => settle(call, captured.id, { kind: 'ok' }));
  return ok(after);
}

type Opening = Pick<PaymentIntent, 'amount' | 'currency' | 'customer'> & Partial<PaymentIntent>;

/** A payment that an invoice or a checkout opens; it is confirmed when its time comes. */
export function openIntent(call: Call, { customer, ...opening }: Opening): PaymentIntent {
  const intent = call.store.put('payment_intent', {
    ...blank(call, opening.amount, opening.currency, customer),
    ...opening,
  });
  call.emit('payment_intent.created', intent, intent.created);
  return intent;
}

/** The customer is there, with a card of theirs. */
export function confirmIntent(call: Call, intent: PaymentIntent, method: PaymentMethod): Answer {
  const { behaviour } = meet(call, method, intent.customer);
  return confirm(call, intent, method, behaviour, { offSession: false, returnUrl: null, errorOnAction: false });
}

function cancel(
  call: Call,
  { cancellation_reason = null }: { cancellation_reason?: string | null },
  id: string,
): Answer {
  const before = intentFor(call, id);
  if (['succeeded', 'canceled', 'processing'].includes(before.status)) throw unexpectedState('cancel', before);
  return ok(withdraw(call, before, cancellation_reason));
}

export function withdraw(
  call: Call,
  before: PaymentIntent,
  cancellation_reason: PaymentIntent['cancellation_reason'] = 'void_invoice',
): PaymentIntent {
  const at = call.now(before.customer);
  if (before.status === 'requires_capture') {
    const charge = call.store.get('charge', before.latest_charge!)!;
    const released = call.store.put('charge', { ...charge, amount_refunded: charge.amount, refunded: true });
    call.emit('charge.refunded', released, at, { amount_refunded: 0, refunded: false });
  }
  const after = call.store.put('payment_intent', {
    ...before,
    amount_capturable: 0,
    canceled_at: at,
    cancellation_reason,
    next_action: null,
    status: 'canceled',
  });
  call.emit('payment_intent.canceled', after, at);
  return after;
}

function blank(call: Call, amount: number, currency: string, customer: string | null): PaymentIntent {
  const id = newId('pi');
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: newId(`${id}_secret`),
    confirmation_method: 'automatic',
    created: call.now(customer),
    currency,
    customer,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
}
