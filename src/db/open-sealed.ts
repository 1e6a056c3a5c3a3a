/** Opens whatever is sealed in a row: by the key of the customer whose it is, else by the ring itself. */
import { sql } from 'kysely';
import { unwrapDataKey } from '../security/data-key.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { unseal } from '../security/seal.ts';
import type { StoredRow } from './stored-rows.ts';
import type { Trx } from './tenant.ts';

type Whose = { customer?: string | null; subscription?: string | null; row: string | null };

/** Under which name a table's rows were sealed, where that is not their id. */
const NAMES: { readonly [table: string]: (row: StoredRow) => Whose } = {
  customers: ({ id = null }) => ({ customer: id, row: id }),
  customer_addresses: ({ customer_id = null, version }) => ({
    customer: customer_id,
    row: `${customer_id}/${version}`,
  }),
  tax_id_checks: ({ customer_id = null }) => ({ customer: customer_id, row: customer_id }),
  mails: ({ customer_id = null, id = null }) => ({ customer: customer_id, row: id }),
  credit_changes: ({ customer_id = null, key = null }) => ({ customer: customer_id, row: key }),
  license_seats: ({ customer_id = null, id = null }) => ({ customer: customer_id, row: id }),
  transaction_records: ({ transaction_id = null }) => ({ row: transaction_id }),
  audit_log: ({ subject = null }) => ({ subscription: subject, row: subject }),
};

const SEALED = /^v1\.[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]{38,}$/;
const KEYS_IN_MEMORY = 1_000;

export const isSealed = (text: string): boolean => SEALED.test(text);

export type Open = (
  trx: Trx,
  at: { table: string; column: string; row: StoredRow },
  sealed: string,
) => Promise<string | null>;

/** Null where no key opens it, or it stands elsewhere than where it was sealed. */
export function createOpener(ring: KeyRing): Open {
  const fields = new Map<string, KeyRing>();

  async function keyOf(trx: Trx, row: StoredRow, { customer, subscription }: Whose): Promise<KeyRing> {
    if (!customer && !subscription) return ring;
    const name = JSON.stringify([row.tenant_id, row.mode, customer, subscription]);
    const known = fields.get(name);
    if (known) return known;
    const { rows } = await sql<{ id: string; data_key: string }>`
      select id, data_key from customers where tenant_id = ${row.tenant_id} and mode = ${row.mode} and id = coalesce(${customer ?? null}::text,
        (select customer_id from subscriptions where tenant_id = ${row.tenant_id} and mode = ${row.mode} and id = ${subscription ?? null}))`.execute(
      trx,
    );
    const [found] = rows;
    if (!found) return ring;
    const place = { tenant: `${row.tenant_id}/${row.mode}`, table: 'customers', column: 'data_key', row: found.id };
    const key = unwrapDataKey(ring, found.data_key, place);
    if (fields.size >= KEYS_IN_MEMORY) fields.clear();
    fields.set(name, key);
    return key;
  }

  return async (trx, { table, column, row }, sealed) => {
    const whose = NAMES[table]?.(row) ?? { row: row.id ?? null };
    const place = { tenant: `${row.tenant_id}/${row.mode}`, table, column, row: whose.row ?? '' };
    try {
      const key = table === 'customers' && column === 'data_key' ? ring : await keyOf(trx, row, whose);
      return unseal(key, sealed, place).toString();
    } catch (error) {
      // Which is what the caller wants to know; that the database is away is not.
      if (error instanceof Error && error.name === 'SealError') return null;
      throw error;
    }
  };
}
