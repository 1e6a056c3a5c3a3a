import { type Html, html } from '../control/html.ts';
import { soldBy } from '../stripe/checkout.ts';
import { payCheckout } from '../stripe/checkout-pay.ts';
import type { Engine } from '../stripe/engine.ts';
import { shown } from '../stripe/money.ts';
import type { CheckoutSession } from '../stripe/wire.ts';
import { cardForm, typedCard } from './card-form.ts';
import { hostedPage } from './layout.ts';
import { attempt, challengeUrl, type Shown } from './shown.ts';

export function checkoutPage(engine: Engine, id: string, form: URLSearchParams | null): Shown | null {
  const session = engine.world.store.get('checkout.session', id);
  if (session === undefined) return null;
  if (form === null || session.status !== 'open') return view(engine, session);
  const given = attempt(() =>
    engine.act((call) =>
      payCheckout(call, id, {
        email: form.get('email') || null,
        name: form.get('name') || null,
        card: typedCard(form),
        promotionCode: form.get('promotion_code') || null,
      }),
    ),
  );
  const now = engine.world.store.get('checkout.session', id)!;
  switch (given.kind) {
    case 'refused':
      return view(engine, now, given.message);
    case 'action':
      return { redirect: challengeUrl(given.intent, `/sim/checkout/${id}`) };
    case 'done':
      return view(engine, now);
  }
}

function view(engine: Engine, session: CheckoutSession, error?: string): Shown {
  if (session.status === 'complete') return { redirect: successUrl(session) };
  if (session.status === 'expired') {
    return {
      html: hostedPage('Checkout', html`<section><h1>This checkout has expired</h1>${back(session)}</section>`),
    };
  }
  const body = html`<section>${summary(engine, session)}</section>
<section>${cardForm({
    button: buttonOf(session),
    error,
    asksEmail: session.customer === null && session.customer_email === null,
    asksCode: session.allow_promotion_codes === true && session.mode === 'subscription',
  })}${back(session)}</section>`;
  return { html: hostedPage('Checkout', body) };
}

function buttonOf({ mode }: CheckoutSession): string {
  switch (mode) {
    case 'setup':
      return 'Save card';
    case 'subscription':
      return 'Subscribe';
    default:
      return 'Pay';
  }
}

function summary(engine: Engine, session: CheckoutSession): Html {
  if (session.mode === 'setup') return html`<h1>Save a card</h1><p class="soft">Nothing is charged now.</p>`;
  const { data } = soldBy(engine.world, session.id);
  const trial = engine.world.store.get('sim.checkout', session.id)?.subscription_data?.trial_period_days;
  const off = session.total_details?.amount_discount ?? 0;
  const lines = data.map(
    ({ description, quantity, amount_subtotal, currency, price }) =>
      html`<tr><td>${quantity} × ${description}${price?.recurring ? html` <span class="soft">per ${price.recurring.interval}</span>` : null}</td>
        <td>${shown(amount_subtotal, currency)}</td></tr>`,
  );
  const discount = off === 0 ? null : html`<tr><td>Discount</td><td>−${shown(off, session.currency!)}</td></tr>`;
  return html`<p class="soft">${trial ? `${trial} days free, then` : 'To pay'}</p>
<p class="big">${shown(session.amount_total!, session.currency!)}</p>
<table>${lines}${discount}</table>`;
}

const back = ({ cancel_url }: CheckoutSession) =>
  cancel_url === null ? null : html`<p><a href="${cancel_url}">Go back</a></p>`;

const successUrl = ({ success_url, id }: CheckoutSession) => success_url!.replaceAll('{CHECKOUT_SESSION_ID}', id);
