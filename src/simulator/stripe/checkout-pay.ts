/** Somebody fills in a checkout's form: what was planned is done with their card. */
import type { Call } from './call.ts';
import { given, merged } from './changes.ts';
import type { CheckoutPlan } from './checkout.ts';
import { sessionFor, subscriptionMoved } from './checkout-session.ts';
import { addCustomer } from './customers.ts';
import { type ErrorBody, invalid } from './errors.ts';
import { intentOf } from './invoice-collection.ts';
import { attach, create as createMethod, type MethodData } from './methods.ts';
import { confirmIntent, openIntent } from './payment-intents.ts';
import { codeInUse } from './promotion-codes.ts';
import type { Answer } from './route.ts';
import { confirmSetup, openSetup } from './setup-intents.ts';
import { subscriptionFor } from './subscription.ts';
import { create as createSubscription, refused } from './subscription-create.ts';
import { expire } from './subscription-end.ts';
import type { CheckoutSession, PaymentIntent, PaymentMethod, SetupIntent } from './wire.ts';

export type Filled = { email: string | null; name: string | null; card: MethodData; promotionCode: string | null };

/** The session is complete; or a bank wants to see its customer; or the card was refused. */
export type Paid = { kind: 'done' } | { kind: 'action'; intent: string } | { kind: 'refused'; message: string };

/** What the customer may correct is thrown as a refusal, and nothing of it has happened. */
export function payCheckout(call: Call, id: string, filled: Filled): Paid {
  const session = sessionFor(call, id);
  if (session.status !== 'open') throw invalid(`This checkout is ${session.status}.`);
  const plan = call.store.get('sim.checkout', id)!;
  const method = createMethod(call, filled.card);
  const customer = customerOf(call, session, plan, filled);
  const known = call.store.put('checkout.session', {
    ...session,
    customer,
    customer_details: {
      address: null,
      business_name: null,
      email: filled.email ?? call.store.get('customer', customer ?? '')?.email ?? null,
      individual_name: filled.name,
      name: filled.name,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
  });
  switch (session.mode) {
    case 'setup':
      return setUp(call, known, plan, method);
    case 'subscription':
      return subscribe(call, known, plan, method, filled);
    default:
      return pay(call, known, plan, method);
  }
}

function customerOf(
  call: Call,
  { customer, customer_email, mode }: CheckoutSession,
  { customer_creation }: CheckoutPlan,
  { email, name }: Filled,
): string | null {
  if (customer !== null) return customer;
  if (mode !== 'subscription' && customer_creation !== 'always') return null;
  return addCustomer(call, { email: customer_email ?? email, name }).id;
}

function pay(call: Call, session: CheckoutSession, plan: CheckoutPlan, method: PaymentMethod): Paid {
  const { metadata, description = null, ...data } = plan.payment_intent_data ?? {};
  const intent = openIntent(call, {
    amount: session.amount_total!,
    currency: session.currency!,
    customer: session.customer,
    setup_future_usage: null,
    ...given(data),
    description,
    metadata: merged({}, metadata),
  });
  call.store.put('checkout.session', { ...session, payment_intent: intent.id });
  return outcome(confirmIntent(call, intent, method));
}

function setUp(call: Call, session: CheckoutSession, plan: CheckoutPlan, method: PaymentMethod): Paid {
  const { metadata, description = null } = plan.setup_intent_data ?? {};
  const intent = openSetup(call, session.customer, { description, metadata: merged({}, metadata) });
  call.store.put('checkout.session', { ...session, setup_intent: intent.id });
  return outcome(confirmSetup(call, intent, method));
}

function subscribe(
  call: Call,
  session: CheckoutSession,
  plan: CheckoutPlan,
  method: PaymentMethod,
  { promotionCode }: Filled,
): Paid {
  const abandoned = call.store.get('subscription', session.subscription ?? '');
  if (abandoned?.status === 'incomplete') expire(call, abandoned);
  attach(call, method, session.customer!);
  const promotion = promotionCode === null ? undefined : codeInUse(call, promotionCode);
  if (promotionCode !== null && promotion === undefined) throw invalid('This code is invalid.');
  const recurring = plan.items.filter(({ price }) => price!.type === 'recurring');
  const once = plan.items.filter(({ price }) => price!.type === 'one_time');
  const ordered = ({ price, quantity }: CheckoutPlan['items'][number]) => ({
    price: price!.id,
    quantity: quantity ?? 1,
  });
  const discounts = [...(plan.discounts ?? []), ...(promotion ? [{ promotion_code: promotion.id }] : [])];
  const { id } = createSubscription(call, {
    ...plan.subscription_data,
    customer: session.customer!,
    default_payment_method: method.id,
    items: recurring.map(ordered),
    add_invoice_items: once.map(ordered),
    discounts,
    payment_behavior: 'allow_incomplete',
  });
  const created = subscriptionFor(call, id);
  call.store.put('checkout.session', { ...session, subscription: id });
  subscriptionMoved(call, created);
  if (created.status !== 'incomplete') return { kind: 'done' };
  const intent = intentOf(call, { id: created.latest_invoice! })!;
  if (intent.status === 'requires_action') return { kind: 'action', intent: intent.id };
  throw refused(call, created);
}

function outcome({ status, body }: Answer): Paid {
  if (status !== 200) return { kind: 'refused', message: (body as ErrorBody).error.message };
  const intent = body as PaymentIntent | SetupIntent;
  return intent.status === 'requires_action' ? { kind: 'action', intent: intent.id } : { kind: 'done' };
}
