import type { Call } from './call.ts';
import type { Subscription } from './wire.ts';

/** Whether there is a card to charge: the subscription's own or the customer's. */
export function hasMethod(call: Call, { customer, default_payment_method }: Subscription): boolean {
  const fallback = call.store.get('customer', customer)?.invoice_settings.default_payment_method ?? null;
  const method = call.store.get('payment_method', default_payment_method ?? fallback ?? '');
  return method?.customer === customer;
}
