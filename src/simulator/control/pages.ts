import { shown } from '../stripe/money.ts';
import { periodEnd } from '../stripe/subscription.ts';
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
  'Subscriptions',
  ['subscription', 'status', 'period ends', 'customer', 'invoice'],
  newest('subscription').map((row) => [row.id, row.status, day(periodEnd(row)), row.customer, row.latest_invoice]),
)}
${table(
  'Invoices',
  ['invoice', 'status', 'amount', 'why', 'tries', 'next try'],
  newest('invoice').map((row) => [
    row.id,
    row.status,
    shown(row.total, row.currency),
    row.billing_reason,
    row.attempt_count,
    row.next_payment_attempt === null ? null : time(row.next_payment_attempt * 1000),
  ]),
)}
${table(
  'Checkouts',
  ['session', 'status', 'amount', 'mode', 'page'],
  newest('checkout.session').map((row) => [
    row.id,
    row.status,
    row.amount_total === null ? null : shown(row.amount_total, row.currency!),
    row.mode,
    row.url === null ? null : html`<a href="${row.url}">open</a>`,
  ]),
)}
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
  'Payouts',
  ['payout', 'status', 'amount', 'arrives'],
  newest('payout').map((row) => [row.id, row.status, amount(row), day(row.arrival_date)]),
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
  ['event', 'type', 'status', 'attempts', 'last answer', 'next try'],
  newest('sim.delivery').map((row) => [
    row.event,
    store.get('event', row.event)?.type,
    row.status,
    row.attempts,
    row.lastAnswer,
    row.status === 'pending' ? time(row.nextAt) : null,
  ]),
)}`,
  );
}

type Cell = string | number | Html | null | undefined;

function table(title: string, heads: string[], rows: Cell[][]): Html {
  if (rows.length === 0) return html``;
  const head = heads.map((text) => html`<th scope="col">${text}</th>`);
  const lines = rows.map((row) => html`<tr>${row.map((cell) => html`<td><code>${linked(cell)}</code></td>`)}</tr>`);
  return html`<h2>${title}</h2><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

/** What looks like an id leads to its object. */
const ID = /^[a-z]{2,6}(?:_[a-z]+)*_[A-Za-z0-9]{14,}$/;
const linked = (cell: Cell): Cell =>
  typeof cell === 'string' && ID.test(cell) ? html`<a href="/sim/object/${cell}">${cell}</a>` : cell;

const amount = ({ amount, currency }: { amount: number; currency: string }) => shown(amount, currency);
const time = (ms: number) => new Date(ms).toISOString().slice(0, 19);
const day = (seconds: number) => time(seconds * 1000).slice(0, 10);

/** One object as the API shows it, and what was told of it. */
export function objectPage({ engine }: Controlled, id: string): string | null {
  const { store } = engine.world;
  const found = objects.map((name) => store.get(name, id)).find((row) => row !== undefined);
  if (found === undefined) return null;
  const about: Tables['event'][] = [];
  for (const event of store.newestFirst('event')) {
    if ((event.data.object as { id?: string }).id === id && about.push(event) === SHOWN) break;
  }
  const events = about.map((event) => [time(event.created * 1000), event.type, event.id]);
  return document(
    id,
    html`<p><a href="/">Payment simulator</a></p><h1>${id}</h1>
<pre class="wide"><code>${JSON.stringify(found, null, 2)}</code></pre>${table('Events', ['time', 'type', 'event'], events)}`,
  );
}

const objects = [
  'subscription',
  'subscription_schedule',
  'invoice',
  'invoiceitem',
  'invoice_payment',
  'credit_note',
  'checkout.session',
  'payment_intent',
  'setup_intent',
  'charge',
  'refund',
  'dispute',
  'balance_transaction',
  'payout',
  'customer',
  'payment_method',
  'product',
  'price',
  'coupon',
  'promotion_code',
  'discount',
  'event',
  'test_clock',
  'webhook_endpoint',
] as const;
