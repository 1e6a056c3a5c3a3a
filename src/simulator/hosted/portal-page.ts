import { type Html, html } from '../control/html.ts';
import type { Call } from '../stripe/call.ts';
import type { Engine } from '../stripe/engine.ts';
import type { ErrorBody } from '../stripe/errors.ts';
import { invoicesFor } from '../stripe/invoice.ts';
import { create as createMethod } from '../stripe/methods.ts';
import { shown } from '../stripe/money.ts';
import { confirmSetup, openSetup } from '../stripe/setup-intents.ts';
import { isOver, itemsOf, periodEnd, subscriptionFor, subscriptionsOf } from '../stripe/subscription.ts';
import { update } from '../stripe/subscription-update.ts';
import type { PortalSession, SetupIntent, Subscription } from '../stripe/wire.ts';
import { cardForm, typedCard } from './card-form.ts';
import { hostedPage } from './layout.ts';
import { attempt, challengeUrl, type Shown } from './shown.ts';

export function portalPage(engine: Engine, id: string, form: URLSearchParams | null): Shown | null {
  const session = engine.world.store.get('billing_portal.session', id);
  if (session === undefined || engine.world.store.get('customer', session.customer) === undefined) return null;
  if (form === null) return { html: engine.act((call) => view(call, session)) };
  const given = attempt(() => engine.act((call) => act(call, session, form)));
  if (given?.kind === 'action') return { redirect: challengeUrl(given.intent, `/sim/portal/${id}`) };
  if (given?.kind === 'refused') return { html: engine.act((call) => view(call, session, given.message)) };
  return { redirect: `/sim/portal/${id}` };
}

type Acted = { kind: 'action'; intent: string } | { kind: 'refused'; message: string } | null;

function act(call: Call, { customer }: PortalSession, form: URLSearchParams): Acted {
  switch (form.get('action')) {
    case 'cancel':
      update(call, theirs(call, customer, form), { cancel_at_period_end: true });
      return null;
    case 'keep':
      update(call, theirs(call, customer, form), { cancel_at_period_end: false });
      return null;
    case 'card':
      return switchCard(call, customer, form);
    default:
      return null;
  }
}

function theirs(call: Call, customer: string, form: URLSearchParams): Subscription {
  const subscription = subscriptionFor(call, form.get('subscription') ?? '');
  return subscription.customer === customer ? subscription : subscriptionFor(call, '');
}

/** The new card is set up for later, with its bank's consent, and becomes the one that is charged. */
function switchCard(call: Call, customer: string, form: URLSearchParams): Acted {
  const method = createMethod(call, typedCard(form));
  const intent = openSetup(call, customer);
  call.store.put('sim.switch', { id: intent.id, customer });
  const { status, body } = confirmSetup(call, intent, method);
  if (status !== 200) return { kind: 'refused', message: (body as ErrorBody).error.message };
  return (body as SetupIntent).status === 'requires_action' ? { kind: 'action', intent: intent.id } : null;
}

function view(call: Call, session: PortalSession, error?: string): string {
  const customer = call.store.get('customer', session.customer)!;
  const method = call.store.get('payment_method', customer.invoice_settings.default_payment_method ?? '');
  const subscriptions = subscriptionsOf(call, customer.id);
  const invoices = invoicesFor(call, customer.id);
  const bills = invoices.filter(({ status }) => status !== 'draft').reverse();
  const card = method?.card ? `${method.card.brand} ending in ${method.card.last4}` : 'none';
  const body = html`<section><div class="split"><h1>${customer.name ?? customer.email ?? 'Your billing'}</h1>
  ${session.return_url === null ? null : html`<a href="${session.return_url}">Return to the shop</a>`}</div></section>
${subscriptions.map((each) => subscriptionCard(call, each))}
<section><h2>Card</h2><p>${card}</p><details ${error === undefined ? '' : 'open'}><summary>Use another card</summary>${cardForm({ button: 'Use this card', error, action: 'card' })}</details></section>
${
  bills.length === 0
    ? null
    : html`<section><h2>Invoices</h2><table>${bills.map(
        ({ id, number, status, total, currency }) =>
          html`<tr><td><a href="/sim/invoice/${id}">${number}</a> <span class="tag">${status}</span></td><td>${shown(total, currency)}</td></tr>`,
      )}</table></section>`
}`;
  return hostedPage('Billing', body, true);
}

function subscriptionCard(call: Call, subscription: Subscription): Html {
  const { id, status, cancel_at_period_end } = subscription;
  const day = new Date(periodEnd(subscription) * 1000).toISOString().slice(0, 10);
  const names = itemsOf(subscription).map(({ price, quantity }) => {
    const product = call.store.get('product', price.product)?.name ?? price.product;
    return html`<p>${quantity} × ${product} <span class="soft">${price.unit_amount === null ? '' : shown(price.unit_amount, price.currency)} per ${price.recurring?.interval}</span></p>`;
  });
  const [action, words] = cancel_at_period_end
    ? ['keep', 'Don’t cancel']
    : ['cancel', 'Cancel at the end of the period'];
  const when = isOver(subscription) ? 'Ended' : cancel_at_period_end ? `Ends on ${day}` : `Renews on ${day}`;
  return html`<section><div class="split"><h2>Subscription</h2><span class="tag">${status}</span></div>
${names}<div class="split"><p class="soft">${when}</p>
${
  isOver(subscription)
    ? null
    : html`<form class="inline" method="post"><input type="hidden" name="subscription" value="${id}">
<button class="plain" name="action" value="${action}">${words}</button></form>`
}</div></section>`;
}
