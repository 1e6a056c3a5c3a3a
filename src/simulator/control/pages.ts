import type { Tables } from '../stripe/tables.ts';
import type { Controlled } from './controlled.ts';
import { document, type Html, html } from './html.ts';

/** More than this nobody reads; the rest is in the API. */
const SHOWN = 20;

export function overview({ engine, dispatcher }: Controlled): string {
  const { store } = engine.world;
  const newest = <N extends keyof Tables>(name: N) => {
    const rows: Tables[N][] = [];
    for (const row of store.newestFirst(name)) if (rows.push(row) === SHOWN) break;
    return rows;
  };
  const { paused } = dispatcher.mode;
  return document(
    'Payment simulator',
    html`<h1>Payment simulator</h1>
<p>Speaks Stripe's API on this address. Nothing here is real money. <a href="/_sim/paypal">PayPal's side</a>. ${dispatcher.pending} deliveries are pending${paused ? ', and delivery is paused' : ''}.</p>
${table(
  'Payments',
  ['payment intent', 'status', 'amount', 'customer', 'why'],
  newest('payment_intent').map((row) => [
    row.id,
    row.status,
    amount(row),
    row.customer,
    row.last_payment_error?.decline_code ?? row.last_payment_error?.code,
  ]),
)}
${table(
  'Refunds',
  ['refund', 'status', 'amount', 'charge'],
  newest('refund').map((row) => [row.id, row.status, amount(row), row.charge]),
)}
${table(
  'Disputes',
  ['dispute', 'status', 'amount', 'charge', 'reason'],
  newest('dispute').map((row) => [row.id, row.status, amount(row), row.charge, row.reason]),
)}
${table(
  'Customers',
  ['customer', 'e-mail', 'name', 'test clock'],
  newest('customer').map((row) => [row.id, row.email, row.name, row.test_clock]),
)}
${table(
  'Payment methods',
  ['payment method', 'card', 'customer', 'behaviour'],
  newest('payment_method').map((row) => [
    row.id,
    `${row.card?.brand} ${row.card?.last4}`,
    row.customer,
    store.get('sim.method', row.id)?.habit.kind,
  ]),
)}
${table(
  'Setups',
  ['setup intent', 'status', 'customer'],
  newest('setup_intent').map((row) => [row.id, row.status, row.customer]),
)}
${table(
  'Test clocks',
  ['clock', 'time', 'status'],
  newest('test_clock').map((row) => [row.id, time(row.frozen_time * 1000), row.status]),
)}
${table(
  'Deliveries',
  ['delivery', 'event', 'status', 'attempts', 'last answer', 'next try'],
  newest('sim.delivery').map((row) => [
    row.id,
    store.get('event', row.event)?.type,
    row.status,
    row.attempts,
    row.lastAnswer,
    row.status === 'pending' ? time(row.nextAt) : null,
  ]),
)}`,
  );
}

type Cell = string | number | null | undefined;

function table(title: string, heads: string[], rows: Cell[][]): Html {
  if (rows.length === 0) return html``;
  const head = heads.map((text) => html`<th scope="col">${text}</th>`);
  const lines = rows.map((row) => html`<tr>${row.map((cell) => html`<td><code>${cell}</code></td>`)}</tr>`);
  return html`<h2>${title}</h2><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

const amount = ({ amount, currency }: { amount: number; currency: string }) => `${amount} ${currency} minor units`;
const time = (ms: number) => new Date(ms).toISOString();
