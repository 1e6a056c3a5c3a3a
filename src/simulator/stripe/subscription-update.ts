/** A subscription changes: its items, its trial, its anchor; what that costs or gives back is prorated. */

import { periodAround } from './calendar.ts';
import type { Call } from './call.ts';
import { given, merged } from './changes.ts';
import { redeem } from './discounts.ts';
import { invalid, missingReference } from './errors.ts';
import { collect, collectByItself, finalize } from './invoice-collection.ts';
import { recurringLine, trialLine } from './invoice-lines.ts';
import { assertUsable, methodFor } from './methods.ts';
import { chargeRemaining, creditUnused } from './prorations.ts';
import { change, everyOf, isOver, itemsOf, subscriptionFor, timeOf, withItems } from './subscription.ts';
import { cancelTimes } from './subscription-cancel-times.ts';
import { addInvoiceItems, refused } from './subscription-create.ts';
import { invoiceFor } from './subscription-cycle.ts';
import { addItem, type ChangedItem, changeItem, withPeriod } from './subscription-items.ts';
import { plainFields, type Updating } from './subscription-params.ts';
import { waitForPayment } from './subscription-pending.ts';
import { waitingLines } from './waiting.ts';
import type { Invoice, Subscription, SubscriptionItem } from './wire.ts';

export function update(call: Call, before: Subscription, params: Updating): Subscription {
  if (isOver(before)) return updateEnded(call, before, params);
  const at = timeOf(call, before);
  const described = describe(call, before, params, at);
  addInvoiceItems(call, described, params.add_invoice_items);
  const { after, restarted } = reshaped(call, described, params, at);
  const invoice = invoiceOf(call, described, after, restarted, params, at);
  const changed = change(call, before, { ...after, ...(invoice && { latest_invoice: invoice.id }) });
  return invoice === null ? changed : pay(call, described, changed, invoice, params);
}

function updateEnded(call: Call, before: Subscription, params: Updating): Subscription {
  const { metadata, cancellation_details, expand: _, ...rest } = params;
  if (Object.keys(given(rest)).length > 0) {
    throw invalid('A canceled subscription can only update its cancellation_details and metadata.', {
      code: 'invalid_canceled_subscription_fields',
    });
  }
  return change(call, before, { ...before, ...remarks(before, params), metadata: merged(before.metadata, metadata) });
}

function describe(call: Call, before: Subscription, params: Updating, at: number): Subscription {
  const { default_payment_method, pause_collection } = params;
  if (default_payment_method) {
    assertUsable(call, methodFor(call, default_payment_method, 'default_payment_method'), before.customer);
  }
  const noted = { ...before, ...remarks(before, params) };
  return {
    ...noted,
    ...plainFields(params, before),
    ...cancelTimes(noted, params, at),
    ...(params.discounts !== undefined && {
      discounts: redeem(call, params.discounts, { customer: before.customer, subscription: before.id, at }),
    }),
    metadata: merged(before.metadata, params.metadata),
    ...(pause_collection !== undefined && {
      pause_collection: pause_collection && { resumes_at: null, ...given(pause_collection) },
    }),
  } as Subscription;
}

function remarks({ cancellation_details: before }: Subscription, { cancellation_details }: Updating) {
  if (cancellation_details === undefined) return {};
  const nothing = { comment: null, feedback: null, feedback_option: null, reason: null };
  return { cancellation_details: { ...nothing, ...before, ...given(cancellation_details) } };
}

/** The subscription as it will be, and those of its items that begin a new period, which is paid for now. */
function reshaped(call: Call, before: Subscription, params: Updating, at: number) {
  const old = itemsOf(before);
  const wanted = changedItems(call, before, params.items ?? [], at);
  const trialEnd = trialEndOf(before, params, at);
  const endsTrial = before.status === 'trialing' && trialEnd === null;
  const startsTrial = trialEnd !== null && trialEnd !== before.trial_end;
  const all = params.billing_cycle_anchor === 'now' || endsTrial || startsTrial;
  const restarts = (item: SubscriptionItem) => all || (trialEnd === null && !keepsTime(item, old));
  const anchor = trialEnd ?? (wanted.every(restarts) ? at : before.billing_cycle_anchor);
  const items = wanted.map((item) => {
    if (trialEnd !== null) return withPeriod(item, { start: all ? at : startOf(old), end: trialEnd });
    if (restarts(item)) return withPeriod(item, { start: at, end: periodAround(anchor, everyOf(item), at).end });
    const joins = !old.some(({ id }) => id === item.id);
    return joins ? withPeriod(item, periodAround(anchor, everyOf(item), at)) : item;
  });
  const after = withItems({ ...before, ...trialFields(before, trialEnd, at), billing_cycle_anchor: anchor }, items);
  return { after, restarted: items.filter((_, index) => restarts(wanted[index]!)) };
}

const startOf = (items: readonly SubscriptionItem[]) => Math.min(...items.map((item) => item.current_period_start));

function trialFields(before: Subscription, trialEnd: number | null, at: number): Partial<Subscription> {
  if (trialEnd !== null) return { trial_end: trialEnd, trial_start: before.trial_start ?? at, status: 'trialing' };
  return before.status === 'trialing' ? { trial_end: at, status: 'active' } : {};
}

/** Null: no trial is on. */
function trialEndOf({ trial_end: before, status }: Subscription, { trial_end }: Updating, at: number): number | null {
  if (trial_end === undefined) return status === 'trialing' ? before : null;
  if (trial_end === 'now') return null;
  if (trial_end <= at) throw invalid('Invalid timestamp: it must be in the future.', { param: 'trial_end' });
  return trial_end;
}

/** An item goes on in its period unless its interval is another one. A new item joins the others' period. */
function keepsTime(item: SubscriptionItem, old: readonly SubscriptionItem[]): boolean {
  const before = old.find(({ id }) => id === item.id) ?? old.find((each) => sameEvery(each, item));
  return before !== undefined && sameEvery(before, item);
}

function sameEvery(a: SubscriptionItem, b: SubscriptionItem): boolean {
  const [one, other] = [everyOf(a), everyOf(b)];
  return one.interval === other.interval && one.interval_count === other.interval_count;
}

function changedItems(
  call: Call,
  before: Subscription,
  changes: readonly ChangedItem[],
  at: number,
): SubscriptionItem[] {
  let items = itemsOf(before);
  changes.forEach((wanted, index) => {
    const param = `items[${index}]`;
    if (wanted.id === undefined) {
      items = [...items, addItem(call, before.id, wanted, at, param)];
      return;
    }
    const item = items.find(({ id }) => id === wanted.id);
    if (item === undefined) throw missingReference('subscription item', wanted.id, `${param}[id]`);
    items = wanted.deleted
      ? items.filter(({ id }) => id !== wanted.id)
      : items.map((each) => (each === item ? changeItem(call, item, wanted, param) : each));
  });
  if (items.length === 0) throw invalid('A subscription must have at least one active item.', { param: 'items' });
  const stranger = items.find(({ price }) => price.currency !== before.currency);
  if (stranger !== undefined) {
    const message = `The price specified only supports \`${stranger.price.currency}\`. This doesn't match the expected currency: \`${before.currency}\`.`;
    throw invalid(message, { param: 'items' });
  }
  return items;
}

/** What the change is worth goes to the next invoice, or onto one of its own when a new period begins with it. */
function invoiceOf(
  call: Call,
  before: Subscription,
  after: Subscription,
  restarted: readonly SubscriptionItem[],
  params: Updating,
  at: number,
): Invoice | null {
  const behavior = params.proration_behavior ?? 'create_prorations';
  const from = params.proration_date ?? at;
  if (behavior !== 'none' && (before.status === 'active' || before.status === 'past_due')) {
    prorate(call, before, after, restarted, from);
  }
  const lines = restarted.map((item) => {
    const period = { start: item.current_period_start, end: item.current_period_end };
    return after.status === 'trialing'
      ? trialLine(call, after, item, period)
      : recurringLine(call, after, item, period);
  });
  const isWaiting = waitingLines(call, after.customer, after.id, after.currency).length > 0;
  if (lines.length === 0 && !(behavior === 'always_invoice' && isWaiting)) return null;
  return invoiceFor(call, after, 'subscription_update', lines, {});
}

function prorate(
  call: Call,
  before: Subscription,
  after: Subscription,
  restarted: readonly SubscriptionItem[],
  from: number,
): void {
  const isSame = (a: SubscriptionItem, b: SubscriptionItem) =>
    a.id === b.id &&
    a.price.id === b.price.id &&
    a.quantity === b.quantity &&
    a.current_period_end === b.current_period_end;
  for (const item of itemsOf(before)) {
    if (!itemsOf(after).some((each) => isSame(each, item))) creditUnused(call, before, item, from);
  }
  for (const item of itemsOf(after)) {
    if (restarted.includes(item) || itemsOf(before).some((each) => isSame(each, item))) continue;
    chargeRemaining(call, after, item, from);
  }
}

function pay(call: Call, before: Subscription, changed: Subscription, draft: Invoice, params: Updating): Subscription {
  const open = finalize(call, draft);
  if (open.status !== 'open' || open.collection_method === 'send_invoice') return subscriptionFor(call, before.id);
  const offSession = params.off_session ?? false;
  switch (params.payment_behavior) {
    case 'default_incomplete':
      return change(call, changed, { ...changed, status: 'past_due' });
    case 'pending_if_incomplete':
      waitForPayment(call, before, changed, open);
      collect(call, open, { offSession });
      break;
    case 'error_if_incomplete':
      collect(call, open, { offSession });
      if (call.store.get('invoice', open.id)!.status !== 'paid') throw refused(call, changed);
      break;
    case 'allow_incomplete':
    case undefined: // what fails now is tried again, as a renewal is
      collectByItself(call, { ...open, auto_advance: true }, offSession);
  }
  return subscriptionFor(call, before.id);
}
