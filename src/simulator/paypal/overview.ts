import { document, type Html, html } from '../control/html.ts';
import type { PaypalControlled } from './control.ts';

/** More than this nobody reads; the rest is in the API. */
const SHOWN = 20;

export function paypalOverview({ engine, dispatcher }: PaypalControlled): string {
  const { store } = engine.world;
  const newest = <N extends Parameters<typeof store.newestFirst>[0]>(name: N) =>
    [...store.newestFirst(name)].slice(0, SHOWN);
  const { paused } = dispatcher.mode;
  return document(
    'Payment simulator: PayPal',
    html`<h1>PayPal, simulated</h1>
<p>Speaks PayPal's API on this address; it is ${new Date(engine.time).toISOString()} there. ${dispatcher.pending} deliveries are pending${paused ? ', and delivery is paused' : ''}. <a href="/">Stripe's side</a></p>
${table(
  'Captures',
  ['capture', 'status', 'amount', 'custom id', 'why'],
  newest('capture').map((row) => [row.id, row.status, amount(row.amount), row.custom_id, row.status_details?.reason]),
)}
${table(
  'Refunds',
  ['refund', 'status', 'amount', 'custom id'],
  newest('refund').map((row) => [row.id, row.status, amount(row.amount), row.custom_id]),
)}
${table(
  'Orders',
  ['order', 'status', 'amount'],
  newest('order').map((row) => [row.id, row.status, amount(row.purchase_units[0]!.amount)]),
)}
${table(
  'Vault',
  ['payment token', 'customer', 'theirs'],
  newest('payment_token').map((row) => [row.id, row.customer.id, row.customer.merchant_customer_id]),
)}
${table(
  'Set-ups',
  ['set-up token', 'status', 'customer'],
  newest('setup_token').map((row) => [row.id, row.status, row.customer.merchant_customer_id]),
)}
${table(
  'Subscriptions',
  ['subscription', 'status', 'plan', 'next billing', 'failed'],
  newest('subscription').map((row) => [
    row.id,
    row.status,
    row.plan_id,
    row.billing_info.next_billing_time,
    row.billing_info.failed_payments_count,
  ]),
)}
${table(
  'Sales',
  ['sale', 'state', 'amount', 'subscription'],
  newest('sale').map((row) => [
    row.id,
    row.state,
    `${row.amount.total} ${row.amount.currency}`,
    row.billing_agreement_id,
  ]),
)}
${table(
  'Disputes',
  ['dispute', 'status', 'stage', 'amount', 'outcome'],
  newest('dispute').map((row) => [
    row.id,
    row.status,
    row.dispute_life_cycle_stage,
    amount(row.dispute_amount),
    row.dispute_outcome?.outcome_code,
  ]),
)}
${table(
  'Deliveries',
  ['delivery', 'event', 'status', 'attempts', 'last answer'],
  newest('sim.delivery').map((row) => [
    row.id,
    store.get('event', row.event)?.event_type,
    row.status,
    row.attempts,
    row.lastAnswer,
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

const amount = ({ value, currency_code }: { value: string; currency_code: string }): string =>
  `${value} ${currency_code}`;
