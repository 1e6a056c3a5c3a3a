/** What is kept of a customer's payment methods. The first is the default until another one is chosen. */
import { type Selectable, sql } from 'kysely';
import type { CustomerId, PaymentMethodId } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import { texts } from './arrays.ts';
import { changeOne, type Method, type MethodChange, type MethodOutcome, type Methods } from './method-changes.ts';
import { recordset } from './recordset.ts';
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

/** `gone`: it was detached, or is another customer's. */
export type Kept = { outcome: 'kept' | 'known'; row: PaymentMethodRow } | { outcome: 'gone' };

export async function keepPaymentMethod(trx: Trx, scope: Scope, method: Method): Promise<Kept> {
  const { outcomes, methods } = await changeMethods(trx, scope, [{ does: 'keep', method }]);
  if (outcomes[0] === 'gone') return { outcome: 'gone' };
  return { outcome: outcomes[0] === 'known' ? 'known' : 'kept', row: methods.get(method.id)! };
}

/** News of the end may come before that of the beginning: the row that it leaves keeps the method from coming back. */
export async function forgetPaymentMethod(trx: Trx, scope: Scope, method: Method): Promise<boolean> {
  const { outcomes } = await changeMethods(trx, scope, [{ does: 'forget', method }]);
  return outcomes[0] === 'changed';
}

/** Of any customers of one tenant, in their order. */
export async function changeMethods(
  trx: Trx,
  scope: Scope,
  changes: readonly MethodChange[],
): Promise<{ outcomes: MethodOutcome[]; methods: Methods }> {
  const customers = [...new Set(changes.map(({ method }) => method.customer))];
  await lockCustomers(trx, customers);
  // Of who loses one all, since another may become the default; of the others only the default.
  const ids = changes.map(({ method }) => method.id);
  const losing = changes.flatMap(({ does, method }) => (does === 'forget' ? [method.customer] : []));
  const { rows: before } = await sql<PaymentMethodRow>`/* methods_of */
    select * from payment_methods
    where id = any(${texts(ids)}::text[])
      or (customer_id = any(${texts(customers)}::text[]) and is_default and detached_at is null)
      or (customer_id = any(${texts(losing)}::text[]) and detached_at is null)`.execute(trx);
  const methods: Methods = new Map(before.map((row) => [row.id, row]));
  const outcomes = changes.map((change) => changeOne(methods, scope, change));
  const changed = [...methods.values()].filter((row) => !before.includes(row));
  if (changed.length > 0) await writeMethods(trx, changed);
  return { outcomes, methods };
}

const asRows = recordset<PaymentMethodRow>('changed', {
  tenant_id: ['text', (row) => row.tenant_id],
  mode: ['text', (row) => row.mode],
  id: ['text', (row) => row.id],
  customer_id: ['text', (row) => row.customer_id],
  processor: ['text', (row) => row.processor],
  brand: ['text', (row) => row.brand],
  last4: ['text', (row) => row.last4],
  sealed_reference: ['text', (row) => row.sealed_reference],
  is_default: ['boolean', (row) => row.is_default],
  created_at: ['timestamptz', (row) => row.created_at.toISOString()],
  detached_at: ['timestamptz', (row) => row.detached_at?.toISOString() ?? null],
});

/** Who is the default no more is written before who becomes it: at no moment there are two. */
async function writeMethods(trx: Trx, rows: readonly PaymentMethodRow[]): Promise<void> {
  await sql`/* methods_write */
    insert into payment_methods as known (tenant_id, mode, id, customer_id, processor, brand, last4, sealed_reference,
      is_default, created_at, detached_at)
    select tenant_id, mode, id, customer_id, processor, brand, last4, sealed_reference, is_default, created_at, detached_at
    from ${asRows(rows)} order by is_default, id
    on conflict (tenant_id, mode, id) do update set brand = excluded.brand, last4 = excluded.last4,
      is_default = excluded.is_default, detached_at = excluded.detached_at
      where known.customer_id = excluded.customer_id`.execute(trx);
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
 * Whoever changes a customer's methods takes the customer first, and of several in the order of their ids: two changes of the
 * default at once would break the rule that there is one, and nobody waits for who waits for them.
 */
const lockCustomer = (trx: Trx, customer: CustomerId): Promise<void> => lockCustomers(trx, [customer]);

export async function lockCustomers(trx: Trx, customers: readonly CustomerId[]): Promise<void> {
  await sql`/* lock_customers */
    select id from customers where id = any(${texts(customers)}::text[]) order by id for no key update`.execute(trx);
}
