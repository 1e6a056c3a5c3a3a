/** Customers, their names and addresses sealed on the way in and opened on the way out. */
import type { Selectable } from 'kysely';
import type { Currency } from '../domain/currency.ts';
import type { ClockId, CustomerId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';
import { blindIndex } from '../security/blind-index.ts';
import { newDataKey, rewrapDataKey, unwrapDataKey } from '../security/data-key.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { type Place, seal, unseal } from '../security/seal.ts';
import type { CustomersTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type CustomerKeys = { ring: KeyRing; blindIndexKey: Buffer };

export type Customer = {
  id: CustomerId;
  externalId: string | null;
  name: string | null;
  email: string | null;
  locale: string;
  timeZone: string;
  currency: Currency;
  clockId: ClockId | null;
  /** The tenant's own word for what kind of customer it is. */
  segment?: string | null | undefined;
  createdAt: Instant;
  updatedAt: Instant;
};

export type NewCustomer = Omit<Customer, 'updatedAt'>;
export type CustomerChange = Partial<Omit<Customer, 'id' | 'createdAt' | 'updatedAt'>>;

export type Written<Refused extends string> =
  | { outcome: 'written'; customer: Customer }
  | { outcome: Refused; customer: null };

/** An external id belongs to one customer. Whoever brings it again is told, and nothing is written. */
export async function createCustomer(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  customer: NewCustomer,
): Promise<Written<'external_id_taken'>> {
  const { wrapped, fields } = newDataKey(keys.ring, placeOf(scope, customer.id, 'data_key'));
  const row = await trx
    .insertInto('customers')
    .values({
      tenant_id: scope.tenant,
      mode: scope.mode,
      id: customer.id,
      external_id: customer.externalId,
      ...sealed(keys, fields, scope, customer.id, customer),
      data_key: wrapped,
      locale: customer.locale,
      time_zone: customer.timeZone,
      currency: customer.currency,
      clock_id: customer.clockId,
      segment: customer.segment ?? null,
      created_at: new Date(customer.createdAt),
      updated_at: new Date(customer.createdAt),
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'mode', 'external_id']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row
    ? { outcome: 'written', customer: customerOf(keys, row) }
    : { outcome: 'external_id_taken', customer: null };
}

export async function readCustomer(trx: Trx, keys: CustomerKeys, id: CustomerId): Promise<Customer | null> {
  const row = await trx.selectFrom('customers').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? customerOf(keys, row) : null;
}

export async function findCustomerByExternalId(
  trx: Trx,
  keys: CustomerKeys,
  externalId: string,
): Promise<Customer | null> {
  const row = await trx.selectFrom('customers').selectAll().where('external_id', '=', externalId).executeTakeFirst();
  return row ? customerOf(keys, row) : null;
}

/** Several customers may share an address: a person may buy for two companies. */
export async function findCustomersByEmail(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  email: string,
): Promise<Customer[]> {
  const rows = await trx
    .selectFrom('customers')
    .selectAll()
    .where('email_index', '=', blindIndex(keys.blindIndexKey, scope, email))
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => customerOf(keys, row));
}

/** What is not mentioned stays; null takes away. */
export async function updateCustomer(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  id: CustomerId,
  change: CustomerChange,
  at: Instant,
): Promise<Written<'not_found' | 'external_id_taken'>> {
  const before = await trx.selectFrom('customers').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (!before) return { outcome: 'not_found', customer: null };
  if (change.externalId && change.externalId !== before.external_id) {
    const other = await findCustomerByExternalId(trx, keys, change.externalId);
    if (other) return { outcome: 'external_id_taken', customer: null };
  }
  const fields = unwrapDataKey(keys.ring, before.data_key, placeOf(scope, id, 'data_key'));
  const row = await trx
    .updateTable('customers')
    .set({
      ...('externalId' in change ? { external_id: change.externalId } : {}),
      ...sealed(keys, fields, scope, id, change),
      ...(change.locale === undefined ? {} : { locale: change.locale }),
      ...(change.timeZone === undefined ? {} : { time_zone: change.timeZone }),
      ...(change.currency === undefined ? {} : { currency: change.currency }),
      ...(change.clockId === undefined ? {} : { clock_id: change.clockId }),
      ...(change.segment === undefined ? {} : { segment: change.segment }),
      updated_at: new Date(at),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { outcome: 'written', customer: customerOf(keys, row) };
}

/** After the ring was rotated: wraps up to `limit` keys of this tenant anew and says how many there were. */
export async function rewrapDataKeys(trx: Trx, ring: KeyRing, scope: Scope, limit: number): Promise<number> {
  const rows = await trx
    .selectFrom('customers')
    .select(['id', 'data_key'])
    .where((where) => where.not(where('data_key', 'like', `v1.${likeLiteral(ring.current)}.%`)))
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .execute();
  for (const { id, data_key } of rows) {
    const rewrapped = rewrapDataKey(ring, data_key, placeOf(scope, id, 'data_key'));
    if (rewrapped !== null) {
      await trx.updateTable('customers').set({ data_key: rewrapped }).where('id', '=', id).execute();
    }
  }
  return rows.length;
}

/** A row as people read it; for queries of one's own. */
export function customerOf(keys: CustomerKeys, row: Selectable<CustomersTable>): Customer {
  const scope = { tenant: row.tenant_id, mode: row.mode };
  const fields = unwrapDataKey(keys.ring, row.data_key, placeOf(scope, row.id, 'data_key'));
  const read = (column: 'name_encrypted' | 'email_encrypted'): string | null => {
    const value = row[column];
    return value === null ? null : unseal(fields, value, placeOf(scope, row.id, column)).toString();
  };
  return {
    id: row.id,
    externalId: row.external_id,
    name: read('name_encrypted'),
    email: read('email_encrypted'),
    locale: row.locale,
    timeZone: row.time_zone,
    currency: row.currency,
    clockId: row.clock_id,
    segment: row.segment,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}

/** The columns for those fields that are mentioned. */
function sealed(
  keys: CustomerKeys,
  fields: KeyRing,
  scope: Scope,
  id: CustomerId,
  { name, email }: Pick<CustomerChange, 'name' | 'email'>,
): Partial<Pick<Selectable<CustomersTable>, 'name_encrypted' | 'email_encrypted' | 'email_index'>> {
  const write = (column: 'name_encrypted' | 'email_encrypted', value: string | null): string | null =>
    value === null ? null : seal(fields, value, placeOf(scope, id, column));
  return {
    ...(name === undefined ? {} : { name_encrypted: write('name_encrypted', name) }),
    ...(email === undefined
      ? {}
      : {
          email_encrypted: write('email_encrypted', email),
          email_index: email === null ? null : blindIndex(keys.blindIndexKey, scope, email),
        }),
  };
}

const likeLiteral = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');

/** Test and live are places apart, too. */
export const placeOf = ({ tenant, mode }: Scope, row: CustomerId, column: string): Place => ({
  tenant: `${tenant}/${mode}`,
  table: 'customers',
  column,
  row,
});
