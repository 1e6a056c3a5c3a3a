/** The fields of a card, on a page of the simulator's own: its number goes nowhere else. */
import { type Html, html } from '../control/html.ts';
import { Refused } from '../stripe/errors.ts';
import type { MethodData } from '../stripe/methods.ts';

type Options = { button: string; error?: string | undefined; asksEmail?: boolean; asksCode?: boolean; action?: string };

export function cardForm({ button, error, asksEmail = false, asksCode = false, action }: Options): Html {
  return html`${error === undefined ? null : html`<p class="bad" role="alert">${error}</p>`}
<form method="post" autocomplete="off">
  ${action === undefined ? null : html`<input type="hidden" name="action" value="${action}">`}
  ${asksEmail ? html`<label>E-mail<input name="email" type="email" required></label>` : null}
  <label>Card number<input name="number" inputmode="numeric" placeholder="4242 4242 4242 4242" required></label>
  <div class="row">
    <label>Expires<input name="expiry" inputmode="numeric" placeholder="12 / 34" required></label>
    <label>Security code<input name="cvc" inputmode="numeric" placeholder="123" required></label>
  </div>
  <label>Name on card<input name="name"></label>
  ${asksCode ? html`<label>Promotion code<input name="promotion_code" placeholder="Optional"></label>` : null}
  <button class="whole">${button}</button>
</form>
<p class="hint">Test cards only. 4242 4242 4242 4242 works.<br>4000 0027 6000 3184 asks for 3-D Secure.<br>4000 0000 0000 0341 is accepted and fails later.</p>`;
}

/** The card as it was typed: `12 / 34`, `12/2034` and `1234` are all December 2034. */
export function typedCard(form: URLSearchParams): MethodData {
  const [, month = '', year = ''] = /^\s*(\d{1,2})\s*\/?\s*(\d{2}|\d{4})\s*$/.exec(form.get('expiry') ?? '') ?? [];
  if (month === '') {
    const message = "Your card's expiration date is incomplete.";
    throw new Refused(402, { type: 'card_error', code: 'invalid_expiry_month', message, param: 'exp_month' });
  }
  const exp_year = Number(year) < 100 ? 2000 + Number(year) : Number(year);
  const billing_details = { name: form.get('name') || null, email: form.get('email') || null };
  return {
    type: 'card',
    card: { number: form.get('number') ?? '', exp_month: Number(month), exp_year, cvc: form.get('cvc') || undefined },
    billing_details,
  };
}
