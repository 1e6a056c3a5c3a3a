/** A subscription begins: with a trial, or with a first invoice that its customer pays now. */
import { newId } from '../ids.ts';
import { DAY, periodAround } from './calendar.ts';
import type { Call } from './call.ts';
import { given, merged } from './changes.ts';
import { customerFor } from './customers.ts';
import { lasting, redeem } from './discounts.ts';
import { invalid, Refused } from './errors.ts';
import { collect, finalize, refusalOf } from './invoice-collection.ts';
import { pricing, recurringLine, trialLine } from './invoice-lines.ts';
import { assertUsable, methodFor } from './methods.ts';
import { amountOf, share } from './price-amount.ts';
import { inlinePrice, priceFor } from './prices.ts';
import { openSetup } from './setup-intents.ts';
import { change, everyOf, itemsOf, keep, subscriptionFor } from './subscription.ts';
import { cancelTimes } from './subscription-cancel-times.ts';
import { invoiceFor } from './subscription-cycle.ts';
import { addItem, withPeriod } from './subscription-items.ts';
import { hasMethod } from './subscription-methods.ts';
import { type Creating, plainFields } from './subscription-params.ts';
import { addWaiting } from './waiting.ts';
import type { InvoiceLine, Subscription } from './wire.ts';

export function create(call: Call, params: Creating): Subscription {
  const customer = customerFor(call, params.customer, 'customer');
  const at = call.now(customer.id);
  const trialEnd = trialEndOf(params, at);
  const begun = begin(call, params, at, trialEnd);
  addInvoiceItems(call, begun, params.add_invoice_items);
  return firstInvoice(call, begun, params);
}

function trialEndOf({ trial_end, trial_period_days }: Creating, at: number): number | null {
  if (trial_period_days !== undefined && trial_period_days > 0) return at + trial_period_days * DAY;
  if (trial_end === undefined || trial_end === 'now') return null;
  if (trial_end <= at) throw invalid('Invalid timestamp: it must be in the future.', { param: 'trial_end' });
  return trial_end;
}

function begin(call: Call, params: Creating, at: number, trialEnd: number | null): Subscription {
  const id = newId('sub');
  const customer = customerFor(call, params.customer, 'customer');
  const anchor = trialEnd ?? params.billing_cycle_anchor ?? at;
  if (anchor < at) {
    throw invalid('The billing cycle anchor must be in the future.', { param: 'billing_cycle_anchor' });
  }
  const items = params.items.map((each, index) => addItem(call, id, each, at, `items[${index}]`));
  const currency = (params.currency ?? items[0]!.price.currency).toLowerCase();
  const stranger = items.find(({ price }) => price.currency !== currency);
  if (stranger !== undefined) {
    const message = `The price specified only supports \`${stranger.price.currency}\`. This doesn't match the expected currency: \`${currency}\`.`;
    throw invalid(message, { param: 'items' });
  }
  if (params.default_payment_method) {
    assertUsable(call, methodFor(call, params.default_payment_method, 'default_payment_method'), customer.id);
  }
  if (params.collection_method === 'send_invoice' && params.days_until_due === undefined) {
    const param = 'days_until_due';
    throw invalid('You must pass days_until_due with send_invoice.', { code: 'parameter_missing', param });
  }
  const period = (every: { interval: string; interval_count: number }) =>
    trialEnd === null ? { start: at, end: periodAround(anchor, every, at).end } : { start: at, end: trialEnd };
  const fresh = blank(id, customer.id, currency, at);
  const subscription: Subscription = {
    ...fresh,
    ...plainFields(params, fresh),
    billing_cycle_anchor: anchor,
    billing_mode: { flexible: null, type: 'flexible', ...given(params.billing_mode ?? {}) },
    discounts: redeem(call, params.discounts ?? null, { customer: customer.id, subscription: id, at }),
    items: {
      object: 'list',
      data: items.map((item) => withPeriod(item, period(everyOf(item)))),
      has_more: false,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    metadata: merged({}, params.metadata),
    status: trialEnd !== null ? 'trialing' : params.collection_method === 'send_invoice' ? 'active' : 'incomplete',
    test_clock: customer.test_clock ?? null,
    trial_end: trialEnd,
    trial_start: trialEnd === null ? null : at,
  };
  return keep(call, { ...subscription, ...cancelTimes(subscription, params, at) });
}

/** One-time extras that the first invoice, or the next, takes along. */
export function addInvoiceItems(
  call: Call,
  { customer, id }: Subscription,
  extras: Creating['add_invoice_items'],
): void {
  extras?.forEach(({ price, price_data, quantity = 1 }, index) => {
    const param = `add_invoice_items[${index}][price]`;
    const found = price_data === undefined ? priceFor(call, price ?? '', param) : inlinePrice(call, price_data);
    const at = call.now(customer);
    addWaiting(call, customer, {
      amount: amountOf(found, quantity),
      currency: found.currency,
      description: call.store.get('product', found.product)?.name ?? null,
      parent: { subscription_details: { subscription: id }, type: 'subscription_details' },
      period: { start: at, end: at },
      pricing: pricing(found),
      quantity,
      quantity_decimal: String(quantity),
    });
  });
}

/** Until a later anchor only a part of the first period is paid for, or none where nothing is to be prorated. */
function firstLine(
  call: Call,
  subscription: Subscription,
  item: Subscription['items']['data'][number],
  free: boolean,
): InvoiceLine {
  const { current_period_start: start, current_period_end: end, price, quantity = 1 } = item;
  const period = { start, end };
  if (subscription.trial_end !== null) return trialLine(call, subscription, item, period);
  const whole = periodAround(subscription.billing_cycle_anchor, everyOf(item), start);
  if (whole.start === start) return recurringLine(call, subscription, item, period);
  const amount = free ? 0 : share(amountOf(price, quantity), end - start, whole.end - whole.start);
  return recurringLine(call, subscription, item, period, amount);
}

function firstInvoice(call: Call, begun: Subscription, params: Creating): Subscription {
  const free = params.proration_behavior === 'none';
  const lines = itemsOf(begun).map((item) => firstLine(call, begun, item, free));
  const draft = invoiceFor(call, begun, 'subscription_create', lines, {});
  const discounts = begun.trial_end === null ? lasting(call, draft.discounts as string[]) : begun.discounts;
  const kept = keep(call, { ...begun, discounts, latest_invoice: draft.id });
  call.emit('customer.subscription.created', kept, kept.created);
  const open = finalize(call, draft);
  const behavior = params.payment_behavior ?? 'allow_incomplete';
  if (open.collection_method === 'send_invoice') return subscriptionFor(call, begun.id);
  if (open.amount_due === 0) return withSetup(call, subscriptionFor(call, begun.id));
  if (behavior === 'default_incomplete') return subscriptionFor(call, begun.id);
  if (!hasMethod(call, begun)) {
    throw invalid(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
      { code: 'resource_missing' },
    );
  }
  collect(call, open, { offSession: params.off_session ?? false });
  const after = subscriptionFor(call, begun.id);
  if (behavior === 'error_if_incomplete' && after.status === 'incomplete') throw refused(call, after);
  return after;
}

/** The whole change is undone, and the card's refusal is the answer. */
export function refused(call: Call, { latest_invoice }: Subscription): Refused {
  const { status, body } = refusalOf(call, call.store.get('invoice', latest_invoice!)!);
  return new Refused(status, (body as { error: Refused['body']['error'] }).error);
}

/** Nothing is to be paid yet, but a card will be needed. */
function withSetup(call: Call, before: Subscription): Subscription {
  if (hasMethod(call, before)) return before;
  const { id } = openSetup(call, before.customer);
  return change(call, before, { ...before, pending_setup_intent: id });
}

function blank(id: string, customer: string, currency: string, at: number): Subscription {
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: at,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: at,
    currency,
    customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: { object: 'list', data: [], has_more: false, url: '' },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: at,
    status: 'incomplete',
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' } },
    trial_start: null,
  };
}
