/** A subscription as it is kept: its changes are told, and what time brings next is written down. */

import type { Index } from '../lookup.ts';
import { DAY, type Every, HOUR } from './calendar.ts';
import type { Call } from './call.ts';
import { previous } from './changes.ts';
import { missing } from './errors.ts';
import { isTold } from './told.ts';
import type { Subscription, SubscriptionItem } from './wire.ts';

/** A first payment has so long; so has one that a change waits for. */
export const PATIENCE = 23 * HOUR;
const TRIAL_TOLD_BEFORE = 3 * DAY;
const RENEWAL_TOLD_BEFORE = 7 * DAY;

export const trialWord = ({ id, trial_end }: Subscription) => `trial ${id} ${trial_end}`;
export const renewalWord = (subscription: Subscription) => `renewal ${subscription.id} ${periodEnd(subscription)}`;

export const itemsOf = ({ items }: Subscription): SubscriptionItem[] => items.data;
export const periodEnd = (subscription: Subscription) =>
  Math.min(...itemsOf(subscription).map(({ current_period_end }) => current_period_end));
export const everyOf = ({ price }: SubscriptionItem): Every => price.recurring!;
export const isOver = ({ status }: Subscription) => status === 'canceled' || status === 'incomplete_expired';

export function withItems(subscription: Subscription, data: SubscriptionItem[]): Subscription {
  return { ...subscription, items: { ...subscription.items, data } };
}

export function subscriptionFor(call: Call, id: string): Subscription {
  const subscription = call.store.get('subscription', id);
  if (subscription === undefined) throw missing('subscription', id);
  return subscription;
}

const byCustomer: Index<Subscription> = { key: ({ customer }) => customer };
export const subscriptionsOf = (call: Call, customer: string) => call.store.find('subscription', byCustomer, customer);

export const timeOf = (call: Call, { test_clock }: Pick<Subscription, 'test_clock'>) => call.nowOn(test_clock);

export function keep(call: Call, subscription: Subscription): Subscription {
  call.store.put('subscription', subscription);
  const [next] = comingTo(call, subscription);
  const work = { kind: 'subscription', subscription: subscription.id } as const;
  call.schedule(`due_${subscription.id}`, next?.at ?? null, subscription.test_clock, work);
  return subscription;
}

export function change(call: Call, before: Subscription, after: Subscription): Subscription {
  const old = previous(before, after);
  keep(call, after);
  if (Object.keys(old).length > 0) call.emit('customer.subscription.updated', after, timeOf(call, after), old);
  return after;
}

export type Coming = {
  at: number;
  what: 'expire' | 'give_up_change' | 'resume_collection' | 'tell_trial_end' | 'tell_renewal' | 'cancel' | 'turn';
};

/** What time will bring, the earliest first. */
export function comingTo(call: Pick<Call, 'store'>, subscription: Subscription): Coming[] {
  const { status, created, trial_end, cancel_at, pause_collection, pending_update } = subscription;
  if (isOver(subscription) || status === 'paused') return [];
  if (status === 'incomplete') return [{ at: created + PATIENCE, what: 'expire' }];
  const end = periodEnd(subscription);
  const endsFirst = cancel_at !== null && cancel_at <= end;
  const tellsAt = end - RENEWAL_TOLD_BEFORE;
  const started = Math.max(...itemsOf(subscription).map(({ current_period_start }) => current_period_start));
  const coming: (Coming | false)[] = [
    pending_update !== null && { at: pending_update.expires_at, what: 'give_up_change' },
    (pause_collection?.resumes_at ?? null) !== null && { at: pause_collection!.resumes_at!, what: 'resume_collection' },
    status === 'trialing' &&
      !isTold(call, trialWord(subscription)) && { at: trial_end! - TRIAL_TOLD_BEFORE, what: 'tell_trial_end' },
    !endsFirst &&
      tellsAt > started &&
      !isTold(call, renewalWord(subscription)) && { at: tellsAt, what: 'tell_renewal' },
    cancel_at !== null && { at: cancel_at, what: 'cancel' },
    { at: end, what: 'turn' },
  ];
  return coming.filter((each) => each !== false).sort((a, b) => a.at - b.at);
}
