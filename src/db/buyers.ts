/** Customers as invoices name them. A change is a new version; the older ones stay for the invoices that name them. */
import type { Selectable } from 'kysely';
import { isSame } from '../domain/canonical.ts';
import type { Country } from '../domain/country.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Address, Buyer } from '../domain/parties.ts';
import type { TaxIdState } from '../domain/tax-rules.ts';
import type { Instant } from '../domain/time.ts';
import { unwrapDataKey } from '../security/data-key.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { type Place, seal, unseal } from '../security/seal.ts';
import { type CustomerKeys, placeOf } from './customers.ts';
import type { CustomerAddressesTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type BuyerVersion = Buyer & { version: number };

const NOBODY: Buyer = {
  name: null,
  address: null,
  taxId: null,
  taxIdCountry: null,
  taxIdState: null,
  taxExempt: false,
};

/** The versions that hold. Who was never kept as a buyer is not among them. */
export async function buyersOf(
  trx: Trx,
  keys: CustomerKeys,
  customers: readonly CustomerId[],
): Promise<Map<CustomerId, BuyerVersion>> {
  if (customers.length === 0) return new Map();
  const rows = await trx
    .selectFrom('customer_addresses as kept')
    .innerJoin('customers', 'customers.id', 'kept.customer_id')
    .distinctOn('kept.customer_id')
    .selectAll('kept')
    .select('customers.data_key')
    .where('kept.customer_id', 'in', customers)
    .orderBy('kept.customer_id')
    .orderBy('kept.version', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.customer_id, buyerOf(keys, row)]));
}

/** As an invoice names it. */
export async function readBuyer(
  trx: Trx,
  keys: CustomerKeys,
  customer: CustomerId,
  version: number,
): Promise<BuyerVersion | null> {
  const row = await trx
    .selectFrom('customer_addresses as kept')
    .innerJoin('customers', 'customers.id', 'kept.customer_id')
    .selectAll('kept')
    .select('customers.data_key')
    .where('kept.customer_id', '=', customer)
    .where('kept.version', '=', version)
    .executeTakeFirst();
  return row ? buyerOf(keys, row) : null;
}

/**
 * What is not mentioned stays. A new version is made where something is another than before; whoever changes a customer
 * holds its row, so two don't make the same.
 */
export async function keepBuyer(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  customer: CustomerId,
  change: Partial<Buyer>,
  at: Instant,
): Promise<BuyerVersion> {
  const { data_key } = await trx
    .selectFrom('customers')
    .select('data_key')
    .where('id', '=', customer)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const before = (await buyersOf(trx, keys, [customer])).get(customer);
  const { version, ...known }: BuyerVersion = before ?? { ...NOBODY, version: 0 };
  const buyer: Buyer = { ...known, ...change };
  if (before && isSame(known, buyer)) return before;
  const fields = fieldKeys(keys, scope, customer, data_key);
  const next = version + 1;
  const write = (column: SealedColumn, value: string | null): string | null =>
    value === null ? null : seal(fields, value, placeOfVersion(scope, customer, next, column));
  await trx
    .insertInto('customer_addresses')
    .values({
      tenant_id: scope.tenant,
      mode: scope.mode,
      customer_id: customer,
      version: next,
      name_encrypted: write('name_encrypted', buyer.name),
      address_encrypted: write('address_encrypted', buyer.address && JSON.stringify(buyer.address)),
      country: buyer.address?.country ?? null,
      region: buyer.address?.region ?? null,
      tax_id_encrypted: write('tax_id_encrypted', buyer.taxId),
      tax_id_country: buyer.taxIdCountry,
      tax_id_state: buyer.taxIdState,
      tax_exempt: buyer.taxExempt,
      created_at: new Date(at),
    })
    .execute();
  return { ...buyer, version: next };
}

/** What a checker of tax ids said, and to what. */
export type TaxIdCheck = { checker: string; taxId: string; country: Country; state: TaxIdState; answer: object };

export async function recordTaxIdCheck(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  customer: CustomerId,
  { checker, taxId, country, state, answer }: TaxIdCheck,
  at: Instant,
): Promise<void> {
  const { data_key } = await trx
    .selectFrom('customers')
    .select('data_key')
    .where('id', '=', customer)
    .executeTakeFirstOrThrow();
  const fields = fieldKeys(keys, scope, customer, data_key);
  const place = (column: string): Place => placeOfCheck(scope, customer, column);
  await trx
    .insertInto('tax_id_checks')
    .values({
      tenant_id: scope.tenant,
      mode: scope.mode,
      customer_id: customer,
      country,
      tax_id_encrypted: seal(fields, taxId, place('tax_id_encrypted')),
      checker,
      state,
      answer_encrypted: seal(fields, JSON.stringify(answer), place('answer_encrypted')),
      checked_at: new Date(at),
    })
    .execute();
}

export type KeptTaxIdCheck = TaxIdCheck & { at: Instant };

/** The evidence, the newest first. */
export async function taxIdChecksOf(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  customer: CustomerId,
): Promise<KeptTaxIdCheck[]> {
  const rows = await trx
    .selectFrom('tax_id_checks as kept')
    .innerJoin('customers', 'customers.id', 'kept.customer_id')
    .selectAll('kept')
    .select('customers.data_key')
    .where('kept.customer_id', '=', customer)
    .orderBy('kept.checked_at', 'desc')
    .orderBy('kept.id', 'desc')
    .limit(100)
    .execute();
  return rows.map((row) => {
    const fields = fieldKeys(keys, scope, customer, row.data_key);
    const read = (column: 'tax_id_encrypted' | 'answer_encrypted') =>
      unseal(fields, row[column], placeOfCheck(scope, customer, column)).toString();
    return {
      checker: row.checker,
      taxId: read('tax_id_encrypted'),
      country: row.country,
      state: row.state,
      answer: JSON.parse(read('answer_encrypted')),
      at: row.checked_at.getTime(),
    };
  });
}

type SealedColumn = 'name_encrypted' | 'address_encrypted' | 'tax_id_encrypted';

function buyerOf(keys: CustomerKeys, row: Selectable<CustomerAddressesTable> & { data_key: string }): BuyerVersion {
  const scope = { tenant: row.tenant_id, mode: row.mode };
  const fields = fieldKeys(keys, scope, row.customer_id, row.data_key);
  const read = (column: SealedColumn): string | null => {
    const value = row[column];
    return value === null
      ? null
      : unseal(fields, value, placeOfVersion(scope, row.customer_id, row.version, column)).toString();
  };
  const address = read('address_encrypted');
  return {
    version: row.version,
    name: read('name_encrypted'),
    address: address === null ? null : (JSON.parse(address) as Address),
    taxId: read('tax_id_encrypted'),
    taxIdCountry: row.tax_id_country,
    taxIdState: row.tax_id_state,
    taxExempt: row.tax_exempt,
  };
}

const fieldKeys = (keys: CustomerKeys, scope: Scope, customer: CustomerId, wrapped: string): KeyRing =>
  unwrapDataKey(keys.ring, wrapped, placeOf(scope, customer, 'data_key'));

const placeOfVersion = (scope: Scope, customer: CustomerId, version: number, column: SealedColumn): Place => ({
  ...placeOf(scope, customer, column),
  ...{ table: 'customer_addresses', row: `${customer}/${version}` },
});

const placeOfCheck = (scope: Scope, customer: CustomerId, column: string): Place => ({
  ...placeOf(scope, customer, column),
  table: 'tax_id_checks',
});
