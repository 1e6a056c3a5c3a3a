/** What the stand-in for Stripe.js needs: its scripts, the frame with the card's fields, and who answers that frame. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { html } from '../control/html.ts';
import type { Call } from '../stripe/call.ts';
import type { Engine } from '../stripe/engine.ts';
import { type ErrorBody, missing, Refused } from '../stripe/errors.ts';
import { assertUsable, create as createMethod, methodFor } from '../stripe/methods.ts';
import { confirmIntent } from '../stripe/payment-intents.ts';
import { confirmSetup } from '../stripe/setup-intents.ts';
import type { PaymentIntent, PaymentMethod, SetupIntent } from '../stripe/wire.ts';
import { typedCard } from './card-form.ts';
import { framePage } from './layout.ts';
import type { Shown } from './shown.ts';

const script = (name: string) => readFileSync(new URL(`./browser/${name}.js`, import.meta.url), 'utf8');
const scripts: Record<string, string> = {
  '/sim/stripe.js': script('stripe'),
  '/sim/elements/frame.js': script('frame'),
  '/sim/elements/done.js': script('done'),
};

const billing = z
  .object({ name: z.string().nullable().optional(), email: z.string().nullable().optional() })
  .optional();
const typed = z.object({ number: z.string(), expiry: z.string(), cvc: z.string() });
const confirming = z.object({
  client_secret: z.string(),
  payment_method: z.string().optional(),
  card: typed.optional(),
  billing_details: billing,
});
const creating = z.object({ card: typed, billing_details: billing });
const retrieving = z.object({ client_secret: z.string() });

export function elements(engine: Engine, method: string, url: URL, body: string): Shown | null {
  const text = scripts[url.pathname];
  if (text !== undefined) return { script: text };
  if (url.pathname === '/sim/elements/frame') return { html: frame(url.searchParams.get('type')) };
  if (url.pathname === '/sim/elements/done') return { html: framePage(html``, '/sim/elements/done.js') };
  if (method !== 'POST') return null;
  switch (url.pathname) {
    case '/sim/elements/confirm':
      return answered(engine, (call) => confirm(call, confirming.parse(JSON.parse(body))));
    case '/sim/elements/method':
      return answered(engine, (call) => ({ paymentMethod: newMethod(call, creating.parse(JSON.parse(body))) }));
    case '/sim/elements/retrieve':
      return answered(engine, (call) => ({ intent: secretly(call, retrieving.parse(JSON.parse(body)).client_secret) }));
    default:
      return null;
  }
}

/** The card's fields, if the element has any. */
function frame(type: string | null): string {
  if (type !== 'payment' && type !== 'card') return framePage(html``, '/sim/elements/frame.js');
  return framePage(
    html`<form autocomplete="off">
  <label>Card number<input name="number" inputmode="numeric" autocomplete="cc-number" placeholder="1234 1234 1234 1234"></label>
  <div class="row">
    <label>Expires<input name="expiry" inputmode="numeric" autocomplete="cc-exp" placeholder="MM / YY"></label>
    <label>Security code<input name="cvc" inputmode="numeric" autocomplete="cc-csc" placeholder="CVC"></label>
  </div>
  <p class="bad" role="alert" hidden></p>
</form>`,
    '/sim/elements/frame.js',
  );
}

/** A refusal is told in the words of its error. */
function answered(engine: Engine, work: (call: Call) => object): Shown {
  try {
    return { json: engine.act(work) };
  } catch (error) {
    if (error instanceof Refused) return { json: { error: error.body.error } };
    throw error;
  }
}

type Intent = PaymentIntent | SetupIntent;

/** Who knows its secret may see an intent, and confirm it. */
function secretly({ store }: Call, secret: string): Intent {
  const id = secret.split('_secret_')[0]!;
  const intent = store.get('payment_intent', id) ?? store.get('setup_intent', id);
  if (intent === undefined || intent.client_secret !== secret) throw missing('intent', id, 'client_secret');
  return intent;
}

function newMethod(call: Call, { card, billing_details }: z.output<typeof creating>): PaymentMethod {
  const data = typedCard(new URLSearchParams(card));
  return createMethod(call, { ...data, billing_details });
}

function confirm(call: Call, given: z.output<typeof confirming>): object {
  const intent = secretly(call, given.client_secret);
  const method =
    given.card === undefined
      ? methodFor(call, given.payment_method ?? intent.payment_method ?? '')
      : newMethod(call, { card: given.card, billing_details: given.billing_details });
  assertUsable(call, method, intent.customer);
  const isOpen = ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status);
  if (!isOpen) throw missing('open intent', intent.id, 'client_secret');
  const { status, body } =
    intent.object === 'payment_intent' ? confirmIntent(call, intent, method) : confirmSetup(call, intent, method);
  return status === 200 ? { intent: body } : { error: (body as ErrorBody).error };
}
