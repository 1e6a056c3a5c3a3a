import { z } from 'zod';
import { newId } from '../ids.ts';
import { type Behaviour, isInterruption, judgeSetup, OK } from './behaviour.ts';
import type { Call } from './call.ts';
import { given, merged } from './changes.ts';
import { customerFor } from './customers.ts';
import { type Decline, declineFor } from './declines.ts';
import { docUrl, invalid, missing } from './errors.ts';
import { page, within } from './list.ts';
import { assertUsable, attach, create as createMethod, methodData, methodFor } from './methods.ts';
import { nextAction } from './next-action.ts';
import { created, expand, flag, list, metadata, pagination, text, unsettable } from './params.ts';
import { type Answer, answer, ok, type Route, route } from './route.ts';
import type { PaymentMethod, SetupIntent } from './wire.ts';

const confirming = {
  ...expand,
  payment_method: text.optional(),
  payment_method_data: z.strictObject(methodData).optional(),
  return_url: text.optional(),
  use_stripe_sdk: flag.optional(),
};
type Confirming = z.output<z.ZodObject<typeof confirming>>;
const OPEN = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

export const setupIntentRoutes: Route[] = [
  route(
    'POST',
    '/v1/setup_intents',
    {
      ...confirming,
      allowed_payment_method_types: list(z.literal('card')).optional(),
      automatic_payment_methods: z
        .strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() })
        .optional(),
      confirm: flag.optional(),
      customer: text.optional(),
      description: unsettable(text).optional(),
      metadata: metadata.optional(),
      usage: z.enum(['on_session', 'off_session']).optional(),
    },
    (call, params) => {
      const { customer = null, description = null, usage = 'off_session', allowed_payment_method_types } = params;
      if (customer !== null) customerFor(call, customer, 'customer');
      const intent = call.store.put('setup_intent', {
        ...blank(call, customer, usage),
        allowed_payment_method_types: allowed_payment_method_types ?? null,
        automatic_payment_methods:
          allowed_payment_method_types === undefined
            ? { allow_redirects: 'always', ...(params.automatic_payment_methods ?? { enabled: true }) }
            : null,
        description,
        metadata: merged({}, params.metadata),
      });
      call.emit('setup_intent.created', intent, intent.created);
      if (params.confirm === true) return confirm(call, intent, params);
      const method = chosen(call, intent, params);
      if (method === null) return ok(intent);
      return ok(
        call.store.put('setup_intent', { ...intent, payment_method: method.id, status: 'requires_confirmation' }),
      );
    },
  ),
  route('GET', '/v1/setup_intents/:id', { ...expand, client_secret: text.optional() }, (call, _, id) =>
    ok(setupFor(call, id)),
  ),
  route(
    'POST',
    '/v1/setup_intents/:id',
    {
      ...expand,
      customer: text.optional(),
      description: unsettable(text).optional(),
      metadata: metadata.optional(),
      payment_method: text.optional(),
    },
    (call, params, id) => {
      const before = setupFor(call, id);
      const { customer, description } = params;
      if (customer !== undefined) customerFor(call, customer, 'customer');
      const method = chosen(call, { ...before, ...given({ customer }) }, params);
      return ok(
        call.store.put('setup_intent', {
          ...before,
          ...given({ customer, description }),
          ...(method !== null && { payment_method: method.id, status: 'requires_confirmation' }),
          metadata: merged(before.metadata ?? {}, params.metadata),
        }),
      );
    },
  ),
  route('POST', '/v1/setup_intents/:id/confirm', confirming, (call, params, id) => {
    const intent = setupFor(call, id);
    if (!OPEN.includes(intent.status)) throw unexpectedState('confirm', intent);
    return confirm(call, intent, params);
  }),
  route(
    'POST',
    '/v1/setup_intents/:id/cancel',
    { ...expand, cancellation_reason: z.enum(['abandoned', 'duplicate', 'requested_by_customer']).optional() },
    (call, { cancellation_reason = null }, id) => {
      const intent = setupFor(call, id);
      if (!OPEN.includes(intent.status)) throw unexpectedState('cancel', intent);
      return ok(
        move(call, 'setup_intent.canceled', { ...intent, cancellation_reason, next_action: null, status: 'canceled' }),
      );
    },
  ),
  route(
    'GET',
    '/v1/setup_intents',
    { ...pagination, created: created.optional(), customer: text.optional(), payment_method: text.optional() },
    (call, { customer, payment_method, ...params }) =>
      page(call, 'setup_intent', '/v1/setup_intents', params, (intent) => {
        if (customer !== undefined && intent.customer !== customer) return false;
        if (payment_method !== undefined && intent.payment_method !== payment_method) return false;
        return within(intent.created, params.created);
      }),
  ),
];

export function setupFor(call: Call, id: string): SetupIntent {
  const intent = call.store.get('setup_intent', id);
  if (intent === undefined) throw missing('setupintent', id, 'intent');
  return intent;
}

/** A setup that a trial or a checkout opens, for a card that will be needed. */
export function openSetup(call: Call, customer: string | null, fields: Partial<SetupIntent> = {}): SetupIntent {
  const intent = call.store.put('setup_intent', { ...blank(call, customer, 'off_session'), ...fields });
  call.emit('setup_intent.created', intent, intent.created);
  return intent;
}

function chosen(call: Call, intent: SetupIntent, params: Partial<Confirming>): PaymentMethod | null {
  const { payment_method, payment_method_data } = params;
  if (payment_method === undefined && payment_method_data === undefined) return null;
  const method = payment_method_data ? createMethod(call, payment_method_data) : methodFor(call, payment_method!);
  assertUsable(call, method, intent.customer);
  return method;
}

function confirm(call: Call, intent: SetupIntent, params: Confirming): Answer {
  const method = chosen(call, intent, params) ?? call.store.get('payment_method', intent.payment_method ?? '');
  if (method === undefined) {
    const message = "You cannot confirm this SetupIntent because it's missing a payment method.";
    throw invalid(message, { code: 'setup_intent_unexpected_state', param: 'payment_method', setup_intent: intent });
  }
  const attempted: SetupIntent = { ...intent, payment_method: method.id };
  const verdict = judgeSetup(behaviourOf(call, method), false);
  switch (verdict.verdict) {
    case 'declined': {
      const setup_intent = failed(call, attempted, method, declineFor(verdict.code));
      return answer(402, { error: { ...setup_intent.last_setup_error!, setup_intent } });
    }
    case 'needs_authentication':
      return ok(
        move(call, 'setup_intent.requires_action', {
          ...attempted,
          last_setup_error: null,
          next_action: nextAction(call, intent.id, params.return_url ?? null),
          status: 'requires_action',
        }),
      );
    case 'succeeds':
    case 'processes':
      return ok(succeeded(call, attempted, method));
  }
}

/** The customer is there, with a card of theirs. */
export const confirmSetup = (call: Call, intent: SetupIntent, method: PaymentMethod): Answer =>
  confirm(call, intent, { payment_method: method.id });

const behaviourOf = (call: Call, method: PaymentMethod): Behaviour => {
  const { habit } = call.store.get('sim.method', method.id)!;
  return isInterruption(habit) ? OK : habit;
};

/** The customer has been at their bank's page. */
export function setupAuthenticated(call: Call, intent: SetupIntent, outcome: 'complete' | 'fail'): SetupIntent {
  const method = call.store.get('payment_method', intent.payment_method!)!;
  if (outcome === 'complete') return succeeded(call, intent, method);
  const message =
    'We are unable to authenticate your payment method. Please choose a different payment method and try again.';
  return failed(call, intent, method, { code: 'setup_intent_authentication_failure', message });
}

function succeeded(call: Call, intent: SetupIntent, method: PaymentMethod): SetupIntent {
  if (intent.customer !== null) attach(call, method, intent.customer);
  const nature = call.store.get('sim.method', method.id)!;
  call.store.put('sim.method', { ...nature, setUp: intent.usage === 'off_session' });
  return move(call, 'setup_intent.succeeded', {
    ...intent,
    last_setup_error: null,
    next_action: null,
    status: 'succeeded',
  });
}

function failed(call: Call, intent: SetupIntent, method: PaymentMethod, decline: Decline): SetupIntent {
  return move(call, 'setup_intent.setup_failed', {
    ...intent,
    last_setup_error: { type: 'card_error', ...decline, doc_url: docUrl(decline.code), payment_method: method },
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  });
}

function move(call: Call, type: Parameters<Call['emit']>[0], intent: SetupIntent): SetupIntent {
  call.emit(type, call.store.put('setup_intent', intent), call.now(intent.customer));
  return intent;
}

export function unexpectedState(verb: string, setup_intent: SetupIntent) {
  const message = `You cannot ${verb} this SetupIntent because it has a status of ${setup_intent.status}.`;
  return invalid(message, { code: 'setup_intent_unexpected_state', setup_intent });
}

function blank(call: Call, customer: string | null, usage: string): SetupIntent {
  const id = newId('seti');
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: newId(`${id}_secret`),
    created: call.now(customer),
    customer,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage,
  };
}
