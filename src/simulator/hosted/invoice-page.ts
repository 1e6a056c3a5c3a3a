import { type Html, html } from '../control/html.ts';
import type { Engine } from '../stripe/engine.ts';
import { assertAtRest, collect, intentOf } from '../stripe/invoice-collection.ts';
import { create as createMethod } from '../stripe/methods.ts';
import { shown } from '../stripe/money.ts';
import type { Invoice } from '../stripe/wire.ts';
import { cardForm, typedCard } from './card-form.ts';
import { hostedPage } from './layout.ts';
import { attempt, challengeUrl, type Shown } from './shown.ts';

export function invoicePage(engine: Engine, id: string, form: URLSearchParams | null): Shown | null {
  const invoice = engine.world.store.get('invoice', id);
  if (invoice === undefined) return null;
  if (form === null || invoice.status !== 'open') return view(invoice);
  const refusal = attempt(() => {
    engine.act((call) => {
      assertAtRest(call, invoice);
      collect(call, invoice, { offSession: false, method: createMethod(call, typedCard(form)) });
    });
    return null;
  });
  const intent = intentOf(engine.world, invoice);
  if (refusal === null && intent?.status === 'requires_action') {
    return { redirect: challengeUrl(intent.id, `/sim/invoice/${id}`) };
  }
  return view(engine.world.store.get('invoice', id)!, refusal?.message ?? intent?.last_payment_error?.message);
}

function view(invoice: Invoice, error?: string): Shown {
  const { number, currency, lines, customer_name, customer_email, status, starting_balance } = invoice;
  const rows = lines.data.map(
    ({ description, amount }) => html`<tr><td>${description}</td><td>${shown(amount, currency)}</td></tr>`,
  );
  const off = (invoice.total_discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0);
  const discount = off === 0 ? null : html`<tr><td>Discount</td><td>−${shown(off, currency)}</td></tr>`;
  const balance =
    starting_balance === 0 ? null : html`<tr><td>On account</td><td>${shown(starting_balance, currency)}</td></tr>`;
  const body = html`<section>
  <div class="split"><h1>Invoice ${number ?? 'draft'}</h1>${tag(invoice)}</div>
  <p class="soft">${customer_name ?? customer_email} · ${new Date(invoice.created * 1000).toISOString().slice(0, 10)}</p>
  <p class="big">${shown(invoice.amount_due, currency)}</p>
  <table>${rows}${discount}${balance}<tr class="sum"><td>To pay</td><td>${shown(invoice.amount_remaining, currency)}</td></tr></table>
</section>
${status === 'open' ? html`<section>${cardForm({ button: `Pay ${shown(invoice.amount_remaining, currency)}`, error })}</section>` : null}`;
  return { html: hostedPage(`Invoice ${number ?? ''}`, body) };
}

function tag({ status }: Invoice): Html {
  const look = status === 'paid' ? 'good' : status === 'open' ? '' : 'ill';
  return html`<span class="tag ${look}">${status}</span>`;
}
