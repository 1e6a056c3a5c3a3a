import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import {
  type CustomerKeys,
  createCustomer,
  findCustomerByExternalId,
  findCustomersByEmail,
  type NewCustomer,
  readCustomer,
  rewrapDataKeys,
  updateCustomer,
} from '../../src/db/customers.ts';
import { inTenant, type Trx } from '../../src/db/tenant.ts';
import { DAY } from '../../src/domain/time.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { START } from '../domain/builders.ts';
import { OTHER, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();
const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const keys: CustomerKeys = { ring: parseKeyRing(`k1:${key(1)}`), blindIndexKey: Buffer.alloc(32, 9) };

const ada: NewCustomer = {
  id: 'cus_ada',
  externalId: 'user-1',
  name: 'Ada Lovelace',
  email: 'Ada@Example.com',
  locale: 'en',
  timeZone: 'Europe/London',
  currency: 'gbp',
  clockId: null,
  segment: null,
  createdAt: START,
};
const grace: NewCustomer = {
  ...ada,
  id: 'cus_grace',
  externalId: null,
  name: 'Grace Hopper',
  email: 'grace@example.com',
};
const within = <T>(work: (trx: Trx) => Promise<T>) => inTenant(database.db, SCOPE, work);

beforeAll(async () => {
  // The customer that every test's tenants have was made without keys, and can't be read.
  await database.db.deleteFrom('customers').execute();
  await within((trx) => createCustomer(trx, keys, SCOPE, ada));
  await within((trx) => createCustomer(trx, keys, SCOPE, grace));
});

it('gives back what was written', async () => {
  expect(await within((trx) => readCustomer(trx, keys, 'cus_ada'))).toEqual({ ...ada, updatedAt: START });
  expect(await within((trx) => readCustomer(trx, keys, 'cus_none'))).toBeNull();
});

it('is found by the external id and by the address, however it is written', async () => {
  const found = await within((trx) => findCustomerByExternalId(trx, keys, 'user-1'));
  expect(found?.id).toBe('cus_ada');
  const [byEmail, ...others] = await within((trx) => findCustomersByEmail(trx, keys, SCOPE, ' ADA@example.com'));
  expect(byEmail?.id).toBe('cus_ada');
  expect(others).toEqual([]);
});

it('does not exist for another tenant', async () => {
  const found = await inTenant(database.db, OTHER, (trx) => findCustomerByExternalId(trx, keys, 'user-1'));
  expect(found).toBeNull();
  const made = await inTenant(database.db, OTHER, (trx) => createCustomer(trx, keys, OTHER, ada));
  expect(made.outcome).toBe('written');
});

it('refuses an external id that another customer has', async () => {
  const again = await within((trx) =>
    createCustomer(trx, keys, SCOPE, { ...grace, id: 'cus_x', externalId: 'user-1' }),
  );
  expect(again.outcome).toBe('external_id_taken');
  const changed = await within((trx) => updateCustomer(trx, keys, SCOPE, 'cus_grace', { externalId: 'user-1' }, START));
  expect(changed.outcome).toBe('external_id_taken');
});

it('changes what is mentioned, and its index with it', async () => {
  const change = { email: 'countess@example.com', locale: 'de' };
  const { customer } = await within((trx) => updateCustomer(trx, keys, SCOPE, 'cus_ada', change, START + DAY));
  expect(customer).toEqual({ ...ada, ...change, updatedAt: START + DAY });
  expect(await within((trx) => findCustomersByEmail(trx, keys, SCOPE, 'ada@example.com'))).toEqual([]);
  expect(await within((trx) => findCustomersByEmail(trx, keys, SCOPE, 'countess@example.com'))).toHaveLength(1);
  const gone = await within((trx) => updateCustomer(trx, keys, SCOPE, 'cus_ada', { email: null }, START + DAY));
  expect(gone.customer?.email).toBeNull();
  const none = await within((trx) => updateCustomer(trx, keys, SCOPE, 'cus_none', change, START));
  expect(none.outcome).toBe('not_found');
});

it('stores neither name nor address as it is', async () => {
  const { rows } = await sql<{ row: string }>`select customers::text as row from customers`.execute(database.db);
  expect(rows.map(({ row }) => row).join()).not.toMatch(/Lovelace|Hopper|@/i);
});

it("does not open another row's name, though both rows are the tenant's own", async () => {
  const swapped = within(async (trx) => {
    await sql`update customers set name_encrypted = other.name_encrypted, data_key = other.data_key
      from customers as other where customers.id = 'cus_ada' and other.id = 'cus_grace'`.execute(trx);
    return readCustomer(trx, keys, 'cus_ada');
  });
  await expect(swapped).rejects.toThrow('cannot open customers.data_key of cus_ada');
});

it('wraps keys anew after a rotation, until the old key is not needed any more', async () => {
  const turned = parseKeyRing(`k_2:${key(2)},k1:${key(1)}`);
  expect(await within((trx) => rewrapDataKeys(trx, turned, SCOPE, 1))).toBe(1);
  expect(await within((trx) => rewrapDataKeys(trx, turned, SCOPE, 100))).toBe(1);
  expect(await within((trx) => rewrapDataKeys(trx, turned, SCOPE, 100))).toBe(0);
  const without = { ...keys, ring: parseKeyRing(`k_2:${key(2)}`) };
  expect((await within((trx) => readCustomer(trx, without, 'cus_grace')))?.name).toBe('Grace Hopper');
});
