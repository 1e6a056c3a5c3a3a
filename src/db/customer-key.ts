/** What seals and opens a customer's own fields. */
import type { CustomerId } from '../domain/ids.ts';
import { unwrapDataKey } from '../security/data-key.ts';
import type { KeyRing } from '../security/key-ring.ts';
import type { CustomerKeys } from './customers.ts';
import type { Scope, Trx } from './tenant.ts';

export type CustomerFields = { ring: KeyRing; tenant: string };

/** The customer's key is sealed by the ring; without it what it sealed is noise. */
export async function customerFields(
  trx: Trx,
  { ring }: CustomerKeys,
  scope: Scope,
  customer: CustomerId,
): Promise<CustomerFields> {
  const tenant = `${scope.tenant}/${scope.mode}`;
  const { data_key } = await trx
    .selectFrom('customers')
    .select('data_key')
    .where('id', '=', customer)
    .executeTakeFirstOrThrow();
  const place = { tenant, table: 'customers', column: 'data_key', row: customer };
  return { ring: unwrapDataKey(ring, data_key, place), tenant };
}
