/** A subscription's changes, planned in phases. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import { boundary } from './calendar.ts';
import type { Call } from './call.ts';
import { given, merged, previous } from './changes.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { page, within } from './list.ts';
import { created, expand, flag, integer, list, metadata, pagination, text } from './params.ts';
import { interval, priceFor } from './prices.ts';
import { ok, type Route, route } from './route.ts';
import { change as changeSubscription, isOver, itemsOf, periodEnd, subscriptionFor, timeOf } from './subscription.ts';
import { end } from './subscription-end.ts';
import { prorationBehavior } from './subscription-params.ts';
import { update as updateSubscription } from './subscription-update.ts';
import type { Subscription, SubscriptionSchedule } from './wire.ts';

type Phase = SubscriptionSchedule['phases'][number];

const phase = z.strictObject({
  duration: z.strictObject({ interval, interval_count: integer.optional() }).optional(),
  end_date: integer.optional(),
  items: list(z.strictObject({ price: text, quantity: integer.optional() })),
  metadata: metadata.optional(),
  proration_behavior: prorationBehavior.optional(),
  start_date: z.union([z.literal('now'), integer]).optional(),
});
type PhaseGiven = z.output<typeof phase>;
const endBehavior = z.enum(['cancel', 'release']);

export const scheduleRoutes: Route[] = [
  route(
    'POST',
    '/v1/subscription_schedules',
    { ...expand, from_subscription: text, metadata: metadata.optional() },
    (call, { from_subscription: id, metadata }) => {
      const subscription = call.store.get('subscription', id);
      if (subscription === undefined) throw missingReference('subscription', id, 'from_subscription');
      if (subscription.schedule !== null || isOver(subscription)) {
        throw invalid('This subscription cannot be given a schedule.', { param: 'from_subscription' });
      }
      const schedule = keep(call, {
        ...blank(subscription, timeOf(call, subscription)),
        metadata: merged({}, metadata),
      });
      changeSubscription(call, subscription, { ...subscription, schedule: schedule.id });
      call.emit('subscription_schedule.created', schedule, schedule.created);
      return ok(schedule);
    },
  ),
  route('GET', '/v1/subscription_schedules/:id', expand, (call, _, id) => ok(scheduleFor(call, id))),
  route(
    'POST',
    '/v1/subscription_schedules/:id',
    {
      ...expand,
      end_behavior: endBehavior.optional(),
      metadata: metadata.optional(),
      phases: list(phase)
        .refine((phases) => phases.length > 0)
        .optional(),
      proration_behavior: prorationBehavior.optional(),
    },
    (call, { end_behavior, metadata, phases, proration_behavior }, id) => {
      const before = running(call, id);
      const planned = phases === undefined ? before.phases : phasesOf(call, before, phases);
      const after = change(call, before, {
        ...before,
        ...given({ end_behavior }),
        current_phase: currentOf(planned, timeOf(call, before)),
        metadata: merged(before.metadata ?? {}, metadata),
        phases: planned,
      });
      const now = planned.find(({ start_date }) => start_date === after.current_phase?.start_date);
      if (phases !== undefined && now !== undefined) {
        enter(call, after, { ...now, ...given({ proration_behavior }) });
      }
      return ok(after);
    },
  ),
  route(
    'POST',
    '/v1/subscription_schedules/:id/release',
    { ...expand, preserve_cancel_date: flag.optional() },
    (call, _, id) => ok(release(call, running(call, id))),
  ),
  route(
    'POST',
    '/v1/subscription_schedules/:id/cancel',
    { ...expand, invoice_now: flag.optional(), prorate: flag.optional() },
    (call, { prorate = true }, id) => {
      const before = running(call, id);
      const subscription = subscriptionFor(call, before.subscription!);
      end(call, subscription, { prorate, reason: 'cancellation_requested' });
      return ok(scheduleFor(call, id));
    },
  ),
  route(
    'GET',
    '/v1/subscription_schedules',
    { ...pagination, created: created.optional(), customer: text.optional() },
    (call, { customer, ...params }) =>
      page(call, 'subscription_schedule', '/v1/subscription_schedules', params, (schedule) => {
        if (customer !== undefined && schedule.customer !== customer) return false;
        return within(schedule.created, params.created);
      }),
  ),
];

function scheduleFor(call: Call, id: string): SubscriptionSchedule {
  const schedule = call.store.get('subscription_schedule', id);
  if (schedule === undefined) throw missing('subscription_schedule', id);
  return schedule;
}

function running(call: Call, id: string): SubscriptionSchedule {
  const schedule = scheduleFor(call, id);
  if (schedule.status === 'active') return schedule;
  throw invalid(`This subscription schedule is ${schedule.status}.`, { code: 'status_transition_invalid' });
}

/** It acts when its current phase ends. */
function keep(call: Call, schedule: SubscriptionSchedule): SubscriptionSchedule {
  call.store.put('subscription_schedule', schedule);
  const at = schedule.status === 'active' ? (schedule.current_phase?.end_date ?? null) : null;
  call.schedule(`due_${schedule.id}`, at, schedule.test_clock, { kind: 'schedule', schedule: schedule.id });
  return schedule;
}

function change(call: Call, before: SubscriptionSchedule, after: SubscriptionSchedule): SubscriptionSchedule {
  const old = previous(before, after);
  keep(call, after);
  if (Object.keys(old).length > 0) call.emit('subscription_schedule.updated', after, timeOf(call, after), old);
  return after;
}

/** The next phase begins, or the last one has ended. */
export function scheduleDue(call: Call, id: string): void {
  const before = scheduleFor(call, id);
  const next = before.phases.find(({ start_date }) => start_date === before.current_phase!.end_date);
  if (next !== undefined) {
    const { start_date, end_date } = next;
    enter(call, change(call, before, { ...before, current_phase: { start_date, end_date } }), next);
    return;
  }
  if (before.end_behavior === 'cancel') {
    end(call, subscriptionFor(call, before.subscription!), { reason: 'cancellation_requested' });
    return;
  }
  const completed = over(call, before, { status: 'completed', completed_at: timeOf(call, before) });
  letGo(call, before.subscription!);
  call.emit('subscription_schedule.completed', completed, timeOf(call, completed));
}

/** The subscription gets the items of a phase; prices that stay keep their item. */
function enter(
  call: Call,
  { subscription }: SubscriptionSchedule,
  { items, metadata, proration_behavior }: Phase,
): void {
  const before = subscriptionFor(call, subscription!);
  const old = itemsOf(before);
  const paired = items.map(({ price, quantity = 1 }, index) => ({
    ...(old[index] && { id: old[index].id }),
    price: price as string,
    quantity,
  }));
  const isSame = paired.every(
    ({ price, quantity }, index) => old[index]?.price.id === price && old[index]?.quantity === quantity,
  );
  const gone = old.slice(items.length).map(({ id }) => ({ id, deleted: true }));
  if (isSame && gone.length === 0) return;
  updateSubscription(call, before, {
    items: [...paired, ...gone],
    proration_behavior: proration_behavior as z.output<typeof prorationBehavior>,
    ...(metadata && { metadata }),
  });
}

function release(call: Call, before: SubscriptionSchedule): SubscriptionSchedule {
  const released_at = timeOf(call, before);
  const { subscription } = before;
  const released = over(call, before, {
    status: 'released',
    released_at,
    released_subscription: subscription,
    subscription: null,
  });
  letGo(call, subscription!);
  call.emit('subscription_schedule.released', released, released_at);
  return released;
}

const over = (call: Call, before: SubscriptionSchedule, how: Partial<SubscriptionSchedule>) =>
  keep(call, { ...before, ...how, current_phase: null });

function letGo(call: Call, id: string): void {
  const before = subscriptionFor(call, id);
  changeSubscription(call, before, { ...before, schedule: null });
}

/** A canceled subscription's schedule goes with it. */
export function scheduleOver(call: Call, { schedule: id }: Subscription): void {
  const before = call.store.get('subscription_schedule', id ?? '');
  if (before?.status !== 'active') return;
  const canceled = over(call, before, { status: 'canceled', canceled_at: timeOf(call, before) });
  call.emit('subscription_schedule.canceled', canceled, timeOf(call, canceled));
}

function phasesOf(call: Call, schedule: SubscriptionSchedule, wanted: readonly PhaseGiven[]): Phase[] {
  const { currency, default_payment_method } = subscriptionFor(call, schedule.subscription!);
  let start = schedule.phases[0]!.start_date;
  return wanted.map(
    ({ duration, end_date, items, metadata, proration_behavior = 'create_prorations', start_date }, index) => {
      if (start_date !== undefined) start = start_date === 'now' ? timeOf(call, schedule) : start_date;
      const every = duration && { interval: duration.interval, interval_count: duration.interval_count ?? 1 };
      const ends = end_date ?? (every && boundary(start, every, 1));
      if (ends === undefined || ends <= start) {
        throw invalid('Each phase needs an end after its start.', { param: `phases[${index}][end_date]` });
      }
      const made: Phase = {
        ...emptyPhase(currency, start, ends),
        default_payment_method,
        items: items.map(({ price, quantity = 1 }, nth) =>
          phaseItem(priceFor(call, price, `phases[${index}][items][${nth}][price]`).id, quantity),
        ),
        metadata: merged({}, metadata),
        proration_behavior,
      };
      start = ends;
      return made;
    },
  );
}

function currentOf(phases: readonly Phase[], at: number): SubscriptionSchedule['current_phase'] {
  const now = phases.find(({ start_date, end_date }) => start_date <= at && at < end_date);
  return now === undefined ? null : { start_date: now.start_date, end_date: now.end_date };
}

const phaseItem = (price: string, quantity: number): Phase['items'][number] => ({
  billing_thresholds: null,
  discounts: [],
  metadata: {},
  plan: price,
  price,
  quantity,
  tax_rates: [],
});

function emptyPhase(currency: string, start_date: number, end_date: number): Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date,
    invoice_settings: null,
    items: [],
    metadata: {},
    on_behalf_of: null,
    proration_behavior: 'create_prorations',
    start_date,
    transfer_data: null,
    trial_end: null,
  };
}

/** Its first phase is what the subscription is today, until its period ends. */
function blank(subscription: Subscription, at: number): SubscriptionSchedule {
  const start = Math.min(...itemsOf(subscription).map(({ current_period_start }) => current_period_start));
  const until = periodEnd(subscription);
  const items = itemsOf(subscription).map(({ price, quantity = 1 }) => phaseItem(price.id, quantity));
  return {
    id: newId('sub_sched'),
    object: 'subscription_schedule',
    application: null,
    billing_mode: subscription.billing_mode,
    canceled_at: null,
    completed_at: null,
    created: at,
    current_phase: { start_date: start, end_date: until },
    customer: subscription.customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: subscription.collection_method,
      default_payment_method: subscription.default_payment_method,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: 'release',
    livemode: false,
    metadata: {},
    pause_schedules: [],
    phases: [{ ...emptyPhase(subscription.currency, start, until), items }],
    released_at: null,
    released_subscription: null,
    status: 'active',
    subscription: subscription.id,
    test_clock: subscription.test_clock,
  };
}
