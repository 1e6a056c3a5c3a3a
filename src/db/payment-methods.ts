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

/** Told twice, by our own answer and by the processor's webhook, it is one method. */
export async function keepPaymentMethod(
  trx: Trx,
  { tenant, mode }: Scope,
  method: {
    id: PaymentMethodId;
    customer: CustomerId;
    processor: Processor;
    brand: string | null;
    last4: string | null;
    sealedReference?: string | null;
    at: Date;
  },
): Promise<PaymentMethodRow> {
  await lockCustomer(trx, method.customer);
  const hasDefault = (await defaultPaymentMethod(trx, method.customer)) !== null;
  const shown = { brand: method.brand, last4: method.last4 };
  return trx
    .insertInto('payment_methods')
    .values({
      tenant_id: tenant,
      mode,
      id: method.id,
      customer_id: method.customer,
      processor: method.processor,
      ...shown,
      sealed_reference: method.sealedReference ?? null,
      is_default: !hasDefault,
      created_at: method.at,
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'mode', 'id']).doUpdateSet({ ...shown, detached_at: null }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
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

/** The newest of the others takes its place as the default. */
export async function forgetPaymentMethod(
  trx: Trx,
  customer: CustomerId,
  id: PaymentMethodId,
  at: Date,
): Promise<void> {
  await lockCustomer(trx, customer);
  const gone = await trx
    .updateTable('payment_methods')
    .set({ detached_at: at, is_default: false })
    .where('customer_id', '=', customer)
    .where('id', '=', id)
    .where('detached_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!gone || (await defaultPaymentMethod(trx, customer))) return;
  const [heir] = await listPaymentMethods(trx, customer);
  if (heir) await trx.updateTable('payment_methods').set({ is_default: true }).where('id', '=', heir.id).execute();
}

/** Two changes of the default at once would break the rule that there is one; so they wait for each other. */
const lockCustomer = (trx: Trx, customer: CustomerId) =>
  trx.selectFrom('customers').select('id').where('id', '=', customer).forUpdate().execute();
