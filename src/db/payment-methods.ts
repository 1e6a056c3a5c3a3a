/** What is kept of a customer's payment methods. The first is the default until another one is chosen. */
import type { Selectable } from 'kysely';
import type { CustomerId, PaymentMethodId } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import type { PaymentMethodsTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type PaymentMethodRow = Selectable<PaymentMethodsTable>;

const attached = (trx: Trx, customer: CustomerId) =>
  trx.selectFrom('payment_methods').where('customer_id', '=', customer).where('detached_at', 'is', null);

export const listPaymentMethods = (trx: Trx, customer: CustomerId): Promise<PaymentMethodRow[]> =>
  attached(trx, customer)
    .selectAll()
    .orderBy('is_default', 'desc')
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();

export const readPaymentMethod = async (
  trx: Trx,
  customer: CustomerId,
  id: PaymentMethodId,
): Promise<PaymentMethodRow | null> =>
  (await attached(trx, customer).selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

const defaultPaymentMethod = async (trx: Trx, customer: CustomerId): Promise<PaymentMethodRow | null> =>
  (await attached(trx, customer).selectAll().where('is_default', '=', true).executeTakeFirst()) ?? null;

/** What a subscription with this processor is paid by, where nothing is said: the default, or the newest that it has there. */
export const methodFor = async (
  trx: Trx,
  customer: CustomerId,
  processor: Processor,
): Promise<PaymentMethodRow | null> =>
  (await attached(trx, customer)
    .selectAll()
    .where('processor', '=', processor)
    .orderBy('is_default', 'desc')
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .executeTakeFirst()) ?? null;

export type Method = Pick<PaymentMethodRow, 'id' | 'processor' | 'brand' | 'last4'> & {
  customer: CustomerId;
  sealedReference?: string | null;
  at: Date;
};
/** `gone`: it was detached, or is another customer's. */
export type Kept = { outcome: 'kept' | 'known'; row: PaymentMethodRow } | { outcome: 'gone' };

/**
 * Told twice, by our own answer and by the processor's webhook, it is one method. What was detached stays detached: a
 * processor never takes it back.
 */
export async function keepPaymentMethod(trx: Trx, { tenant, mode }: Scope, method: Method): Promise<Kept> {
  const { id, customer, processor, brand, last4, sealedReference = null, at } = method;
  await lockCustomer(trx, customer);
  const known = await readPaymentMethod(trx, customer, id);
  if (known && known.brand === brand && known.last4 === last4) return { outcome: 'known', row: known };
  const row = known
    ? await trx
        .updateTable('payment_methods')
        .set({ brand, last4 })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst()
    : await trx
        .insertInto('payment_methods')
        .values({
          ...{ tenant_id: tenant, mode, id, customer_id: customer, processor, brand, last4, created_at: at },
          sealed_reference: sealedReference,
          is_default: (await defaultPaymentMethod(trx, customer)) === null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
  return row ? { outcome: 'kept', row } : { outcome: 'gone' };
}

export async function makeDefault(
  trx: Trx,
  customer: CustomerId,
  id: PaymentMethodId,
): Promise<PaymentMethodRow | null> {
  await lockCustomer(trx, customer);
  if (!(await readPaymentMethod(trx, customer, id))) return null;
  await trx
    .updateTable('payment_methods')
    .set({ is_default: false })
    .where('customer_id', '=', customer)
    .where('is_default', '=', true)
    .where('id', '<>', id)
    .execute();
  return trx
    .updateTable('payment_methods')
    .set({ is_default: true })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/**
 * The newest of the others takes its place as the default. News of the end may come before that of the beginning: the row
 * that it leaves keeps the method from coming back.
 */
export async function forgetPaymentMethod(trx: Trx, { tenant, mode }: Scope, method: Method): Promise<boolean> {
  const { id, customer, processor, brand, last4, at } = method;
  await lockCustomer(trx, customer);
  const gone = await trx
    .insertInto('payment_methods')
    .values({
      ...{ tenant_id: tenant, mode, id, customer_id: customer, processor, brand, last4, created_at: at },
      ...{ is_default: false, detached_at: at },
    })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'mode', 'id'])
        .doUpdateSet({ detached_at: at, is_default: false })
        .where('payment_methods.detached_at', 'is', null)
        .where('payment_methods.customer_id', '=', customer),
    )
    .returning('id')
    .executeTakeFirst();
  if (!gone) return false;
  if (await defaultPaymentMethod(trx, customer)) return true;
  const [heir] = await listPaymentMethods(trx, customer);
  if (heir) await trx.updateTable('payment_methods').set({ is_default: true }).where('id', '=', heir.id).execute();
  return true;
}

/**
 * Whoever changes a customer's methods takes the customer first, and of several in the order of their ids: two changes of the
 * default at once would break the rule that there is one, and nobody waits for who waits for them.
 */
export async function lockCustomer(trx: Trx, customer: CustomerId): Promise<void> {
  await trx.selectFrom('customers').select('id').where('id', '=', customer).forNoKeyUpdate().execute();
}
