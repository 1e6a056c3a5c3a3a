/** Whatever somebody has at hand: an id of ours or of a processor's, an invoice's number, a customer's e-mail. */
import { sql } from 'kysely';
import type { CustomerId, SubscriptionId } from '../domain/ids.ts';
import { type CustomerKeys, findCustomersByEmail } from './customers.ts';
import type { Scope, Trx } from './tenant.ts';

export type Found = {
  kind: 'customer' | 'subscription' | 'invoice' | 'event' | 'discrepancy' | 'coupon' | 'price_book' | 'clock';
  id: string;
  /** By which of its names it was found. */
  by: 'id' | 'e-mail' | 'external id' | 'number' | 'processor’s id' | 'name';
  label: string | null;
  customer_id: CustomerId | null;
  subscription_id: SubscriptionId | null;
};

export async function search(trx: Trx, keys: CustomerKeys, scope: Scope, asked: string): Promise<Found[]> {
  if (asked.includes('@')) {
    return (await findCustomersByEmail(trx, keys, scope, asked)).map(({ id }) => ({
      ...{ kind: 'customer', id, by: 'e-mail', label: null, customer_id: id, subscription_id: null },
    }));
  }
  // Each of them by its own index; an id says by its prefix what it is of, so most find nothing at once.
  const { rows } = await sql<Found>`
    select 'customer' as kind, id, case when id = ${asked} then 'id' else 'external id' end as by,
      external_id as label, id as customer_id, null as subscription_id
    from customers where id = ${asked} or external_id = ${asked}
    union all
    select 'subscription', id, 'id', plan_id, customer_id, id from subscriptions where id = ${asked}
    union all
    select 'invoice', id, case when id = ${asked} then 'id' else 'number' end, number, customer_id, subscription_id
    from invoices where id = ${asked} or number = upper(${asked})
    union all
    select 'event', id, case when id = ${asked} then 'id' else 'processor’s id' end, type, null, subscription_id
    from inbox where id = ${asked} or event_id = ${asked}
    union all
    select 'customer', customer_id, 'processor’s id', processor_customer_id, customer_id, null
    from processor_customers where processor_customer_id = ${asked}
    union all
    select 'subscription', there.subscription_id, 'processor’s id', there.processor_subscription_id, null,
      there.subscription_id
    from processor_subscriptions as there where there.processor_subscription_id = ${asked}
    union all
    select 'invoice', invoice_id, 'processor’s id', id, customer_id, subscription_id
    from payments where id = ${asked} and invoice_id is not null
    union all
    select 'invoice', attempts.invoice_id, 'processor’s id', attempts.processor_payment_id, null,
      attempts.subscription_id
    from payment_attempts as attempts where attempts.processor_payment_id = ${asked}
      and not exists (select from payments where payments.id = ${asked})
    union all
    select 'invoice', invoice_id, 'processor’s id', coalesce(name, id), null, subscription_id
    from refunds where (id = ${asked} or name = ${asked}) and invoice_id is not null
    union all
    select 'invoice', invoice_id, 'number', number, customer_id, subscription_id
    from credit_notes where id = ${asked} or number = upper(${asked})
    union all
    select 'invoice', invoice_id, 'processor’s id', id, customer_id, subscription_id
    from disputes where id = ${asked} and invoice_id is not null
    union all
    select 'customer', customer_id, 'processor’s id', id, customer_id, null from payment_methods where id = ${asked}
    union all
    select 'discrepancy', id, 'id', kind, null, subscription_id from discrepancies where id = ${asked}
    union all
    select 'coupon', id, case when id = ${asked} then 'id' else 'name' end, name, null, null
    from coupons where id = ${asked} or lower(name) = lower(${asked})
    union all
    select 'coupon', coupon_id, 'name', code, null, null from promotion_codes where lower(code) = lower(${asked})
    union all
    select 'price_book', id, 'id', 'version ' || version, null, null from price_books where id = ${asked}
    union all
    select 'clock', id, 'id', name, null, null from clocks where id = ${asked}
    limit 50`.execute(trx);
  return rows;
}
