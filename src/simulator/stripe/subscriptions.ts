import { z } from 'zod';
import { periodAround } from './calendar.ts';
import type { Call } from './call.ts';
import { given } from './changes.ts';
import { invalid } from './errors.ts';
import { collect, finalize, finalizeAndCollect } from './invoice-collection.ts';
import { recurringLine } from './invoice-lines.ts';
import { page, within } from './list.ts';
import { created, expand, flag, integer, pagination, text, unsettable } from './params.ts';
import { creditUnused } from './prorations.ts';
import { ok, type Route, route } from './route.ts';
import { everyOf, isOver, itemsOf, keep, subscriptionFor, timeOf, withItems } from './subscription.ts';
import { create } from './subscription-create.ts';
import { invoiceFor } from './subscription-cycle.ts';
import { end } from './subscription-end.ts';
import { withPeriod } from './subscription-items.ts';
import { creating, prorationBehavior, updating } from './subscription-params.ts';
import { pause, resumed } from './subscription-pause.ts';
import { update } from './subscription-update.ts';
import { tellOnce } from './told.ts';
import { waitingLines } from './waiting.ts';
import type { Subscription } from './wire.ts';

const when = <T extends string>(...types: [T, ...T[]]) => z.strictObject({ type: z.enum(types) });
const statuses = [
  'active',
  'all',
  'canceled',
  'ended',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
] as const;

export const subscriptionRoutes: Route[] = [
  route('POST', '/v1/subscriptions', creating, (call, params) => ok(create(call, params))),
  route('GET', '/v1/subscriptions/:id', expand, (call, _, id) => ok(subscriptionFor(call, id))),
  route('POST', '/v1/subscriptions/:id', updating, (call, params, id) =>
    ok(update(call, subscriptionFor(call, id), params)),
  ),
  route(
    'DELETE',
    '/v1/subscriptions/:id',
    {
      ...expand,
      cancellation_details: z
        .strictObject({ comment: unsettable(text).optional(), feedback: unsettable(text).optional() })
        .optional(),
      invoice_now: flag.optional(),
      prorate: flag.optional(),
    },
    (call, { cancellation_details, invoice_now = false, prorate = false }, id) => {
      const before = subscriptionFor(call, id);
      if (isOver(before)) throw invalid(`No such subscription: '${id}'`, { code: 'resource_missing', param: 'id' });
      const details = given(cancellation_details ?? {});
      const ended = end(call, before, { prorate, reason: 'cancellation_requested', details });
      if (!invoice_now || waitingLines(call, ended.customer, id, ended.currency).length === 0) return ok(ended);
      const invoice = finalizeAndCollect(call, invoiceFor(call, ended, 'subscription_update', [], {}));
      return ok(keep(call, { ...ended, latest_invoice: invoice.id }));
    },
  ),
  route(
    'POST',
    '/v1/subscriptions/:id/pause',
    {
      ...expand,
      bill_for: z
        .strictObject({
          outstanding_usage_through: when('none', 'now').optional(),
          unused_time_from: when('item_current_period_start', 'none', 'now').optional(),
        })
        .optional(),
      invoicing_behavior: z.enum(['invoice', 'pending_invoice_item']).optional(),
      type: z.literal('subscription').optional(),
    },
    (call, { bill_for, invoicing_behavior = 'pending_invoice_item' }, id) => {
      const before = subscriptionFor(call, id);
      if (before.status !== 'active' && before.status !== 'trialing' && before.status !== 'past_due') {
        throw invalid(`You cannot pause a subscription that is ${before.status}.`);
      }
      giveBack(call, before, bill_for?.unused_time_from?.type ?? 'none');
      const paused = pause(call, before, 'pause_requested');
      const waits = waitingLines(call, before.customer, id, before.currency).length > 0;
      if (invoicing_behavior === 'invoice' && waits) {
        const invoice = finalizeAndCollect(call, invoiceFor(call, paused, 'subscription_update', [], {}));
        return ok(keep(call, { ...paused, latest_invoice: invoice.id }));
      }
      return ok(paused);
    },
  ),
  route(
    'POST',
    '/v1/subscriptions/:id/resume',
    {
      ...expand,
      billing_cycle_anchor: when('now', 'unchanged').optional(),
      payment_behavior: z.enum(['resume_on_payment_attempt', 'resume_on_payment_success']).optional(),
      proration_behavior: prorationBehavior.optional(),
      proration_date: integer.optional(),
    },
    (call, { billing_cycle_anchor, payment_behavior }, id) => {
      const before = subscriptionFor(call, id);
      if (before.status !== 'paused') throw invalid(`You cannot resume a subscription that is ${before.status}.`);
      return ok(resume(call, before, billing_cycle_anchor?.type ?? 'now', payment_behavior));
    },
  ),
  route(
    'GET',
    '/v1/subscriptions',
    {
      ...pagination,
      collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
      created: created.optional(),
      customer: text.optional(),
      price: text.optional(),
      status: z.enum(statuses).optional(),
      test_clock: text.optional(),
    },
    (call, { collection_method, customer, price, status, test_clock, ...params }) =>
      page(call, 'subscription', '/v1/subscriptions', params, (row) => {
        if (customer !== undefined && row.customer !== customer) return false;
        if (collection_method !== undefined && row.collection_method !== collection_method) return false;
        if (price !== undefined && !itemsOf(row).some((item) => item.price.id === price)) return false;
        // As at Stripe, what is on a test clock is listed only by naming its clock or its customer.
        if (customer === undefined && (row.test_clock ?? undefined) !== test_clock) return false;
        return isListed(row, status) && within(row.created, params.created);
      }),
  ),
];

/** Without a status, all that aren't canceled. */
function isListed({ status: is }: Subscription, wanted: (typeof statuses)[number] | undefined): boolean {
  switch (wanted) {
    case undefined:
      return is !== 'canceled';
    case 'all':
      return true;
    case 'ended':
      return is === 'canceled' || is === 'incomplete_expired';
    default:
      return is === wanted;
  }
}

function giveBack(call: Call, before: Subscription, from: 'item_current_period_start' | 'none' | 'now'): void {
  if (from === 'none' || before.status !== 'active') return;
  const now = timeOf(call, before);
  for (const item of itemsOf(before)) {
    creditUnused(call, before, item, from === 'now' ? now : item.current_period_start);
  }
}

/** A period that is still paid for goes on; otherwise a new one begins, and is active when it is paid. */
function resume(
  call: Call,
  before: Subscription,
  anchor: 'now' | 'unchanged',
  behavior: 'resume_on_payment_attempt' | 'resume_on_payment_success' = 'resume_on_payment_success',
): Subscription {
  const at = timeOf(call, before);
  const starts = (item: Subscription['items']['data'][number]) => anchor === 'now' || item.current_period_end <= at;
  const billing_cycle_anchor = anchor === 'now' ? at : before.billing_cycle_anchor;
  const items = itemsOf(before).map((item) => {
    if (!starts(item)) return item;
    return withPeriod(item, { start: at, end: periodAround(billing_cycle_anchor, everyOf(item), at).end });
  });
  const lines = items
    .filter((_, index) => starts(itemsOf(before)[index]!))
    .map((item) => recurringLine(call, before, item, { start: at, end: item.current_period_end }));
  const going = keep(call, withItems({ ...before, billing_cycle_anchor }, items));
  if (lines.length === 0) return resumed(call, going);
  const draft = invoiceFor(call, going, 'subscription_update', lines, {});
  const billed = keep(call, { ...going, latest_invoice: draft.id });
  tellOnce(call, `resuming ${draft.id}`);
  const open = finalize(call, draft);
  if (open.status === 'open' && open.collection_method !== 'send_invoice') collect(call, open, { offSession: true });
  const after = subscriptionFor(call, before.id);
  return behavior === 'resume_on_payment_attempt' && after.status === 'paused' ? resumed(call, billed) : after;
}
