/** A subscription that rests: it makes no invoices, and its periods stand still until it is resumed. */
import type { Call } from './call.ts';
import { change, keep, timeOf } from './subscription.ts';
import type { Subscription } from './wire.ts';

export function pause(call: Call, before: Subscription, type: 'pause_requested' | 'trial_end_without_payment_method') {
  const transitioned_at = timeOf(call, before);
  const status_details = { paused: { subscription: { type }, transitioned_at, type: 'subscription' as const } };
  const paused = change(call, before, { ...before, status: 'paused', status_details });
  call.emit('customer.subscription.paused', paused, transitioned_at);
  return paused;
}

export const pauseForMethod = (call: Call, before: Subscription) =>
  pause(call, before, 'trial_end_without_payment_method');

export function resumed(call: Call, before: Subscription): Subscription {
  const { status_details: _, ...rest } = before;
  const active = change(call, before, { ...rest, status: 'active' });
  call.emit('customer.subscription.resumed', active, timeOf(call, active));
  return keep(call, active);
}
