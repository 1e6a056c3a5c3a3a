/** Who sells and who buys, kept version by version, and what taxes follow from it. */
import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { buyersOf, keepBuyer, readBuyer, recordTaxIdCheck, taxIdChecksOf } from '../../src/db/buyers.ts';
import { type CustomerKeys, createCustomer } from '../../src/db/customers.ts';
import { readSeller, writeSeller } from '../../src/db/sellers.ts';
import { taxFactsOf } from '../../src/db/tax-facts.ts';
import { inTenant, type Scope, type Trx } from '../../src/db/tenant.ts';
import type { CustomerId } from '../../src/domain/ids.ts';
import type { Address, Seller } from '../../src/domain/parties.ts';
import { DAY } from '../../src/domain/time.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { builtInCalculator } from '../../src/tax/calculator.ts';
import { START } from '../domain/builders.ts';
import { OTHER, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();
const keys: CustomerKeys = {
  ring: parseKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`),
  blindIndexKey: Buffer.alloc(32, 9),
};
const within = <T>(work: (trx: Trx) => Promise<T>, scope: Scope = SCOPE) => inTenant(database.db, scope, work);

const berlin: Address = {
  ...{ line1: 'Invalidenstraße 117', line2: null, city: 'Berlin', postalCode: '10115', region: null, country: 'DE' },
};
const paris: Address = { ...berlin, line1: '5 rue Daunou', city: 'Paris', postalCode: '75002', country: 'FR' };
const acme: Seller = {
  legalName: 'Acme GmbH',
  address: berlin,
  taxIds: [{ country: 'DE', number: 'DE136695976' }],
  registrations: [
    { country: 'DE', region: null, scheme: 'domestic', number: 'DE136695976', from: '2015-01-01', to: null },
  ],
  belowEuThreshold: true,
  unknownTaxIds: 'taxed',
  taxBehavior: 'exclusive',
  timeZone: 'Europe/Berlin',
  invoiceFooter: null,
};

const customer = async (id: CustomerId, scope: Scope = SCOPE): Promise<CustomerId> => {
  const named = { externalId: null, name: 'Lovelace', email: null, locale: 'en', timeZone: 'UTC', currency: 'eur' };
  await within((trx) => createCustomer(trx, keys, scope, { ...named, id, clockId: null, createdAt: START }), scope);
  return id;
};

const rulesOf = async (customer: CustomerId, at: number) => {
  const { facts } = await within((trx) => taxFactsOf(trx, { customer, at }));
  return facts && builtInCalculator.rulesFor(facts);
};

beforeAll(async () => {
  for (const scope of [SCOPE, OTHER]) await customer('cus_ada', scope);
});

it('taxes nothing while nobody said who sells', async () => {
  const known = await within((trx) => taxFactsOf(trx, { customer: 'cus_ada', at: START }));
  expect(known).toEqual({ facts: null, parties: { seller: null, buyer: null } });
});

it('keeps each version of the seller, numbered without a gap though several write at once', async () => {
  const written = await Promise.all(
    [1, 2, 3, 4].map((n) => within((trx) => writeSeller(trx, SCOPE, { ...acme, invoiceFooter: `${n}` }, START + n))),
  );
  expect(written.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4]);
  const last = await within((trx) => writeSeller(trx, SCOPE, acme, START + DAY));
  expect(await within((trx) => readSeller(trx))).toEqual(last);
  expect(last).toEqual({ version: 5, seller: acme, createdAt: START + DAY });
  const first = written.find(({ version }) => version === 1)!;
  expect(await within((trx) => readSeller(trx, 1))).toEqual(first);
  expect(await within((trx) => readSeller(trx), OTHER)).toBeNull();
});

it('keeps a buyer anew where something changes, and the older version as it was', async () => {
  const keep = (change: Parameters<typeof keepBuyer>[4]) =>
    within((trx) => keepBuyer(trx, keys, SCOPE, 'cus_ada', change, START));
  expect(await keep({ name: 'Lovelace', address: berlin })).toMatchObject({
    version: 1,
    taxExempt: false,
    taxId: null,
  });
  expect(await keep({ name: 'Lovelace', address: { ...berlin } })).toMatchObject({ version: 1 });
  const tax = { taxId: 'FR40303265045', taxIdCountry: 'FR', taxIdState: 'valid' } as const;
  expect(await keep({ address: paris, ...tax })).toEqual({
    ...{ version: 2, name: 'Lovelace', address: paris, ...tax, taxExempt: false },
  });
  expect((await within((trx) => readBuyer(trx, keys, 'cus_ada', 1)))?.address).toEqual(berlin);
  expect((await within((trx) => buyersOf(trx, keys, ['cus_ada']))).get('cus_ada')).toMatchObject({
    ...{ version: 2, address: paris, ...tax },
  });
  const { parties } = await within((trx) => taxFactsOf(trx, { customer: 'cus_ada', at: START }));
  expect(parties).toEqual({ seller: 5, buyer: 2 });
  expect(await within((trx) => buyersOf(trx, keys, ['cus_ada']), OTHER)).toEqual(new Map());
});

it('reads from it what taxes follow from, on the seller’s own day', async () => {
  const rules = (at: number) => rulesOf('cus_ada', at);
  expect(await rules(START)).toMatchObject({ treatment: 'reverse_charge', note: 'reverse_charge' });
  await within((trx) => keepBuyer(trx, keys, SCOPE, 'cus_ada', { taxIdState: 'invalid' }, START));
  expect((await rules(START))?.rates.standard).toEqual([{ jurisdiction: 'DE', name: 'VAT', percent: '19' }]);
  // The German rate went back to 19% while it was still 2020 in UTC.
  const newYear = Date.parse('2020-12-31T23:30:00Z');
  expect((await within((trx) => taxFactsOf(trx, { customer: 'cus_ada', at: newYear }))).facts?.day).toBe('2021-01-01');
  expect((await rules(newYear))?.rates.standard[0]?.percent).toBe('19');
  expect((await rules(newYear - 3_600_000))?.rates.standard[0]?.percent).toBe('16');
});

it('takes a customer of whom no address is known for one at home', async () => {
  const id = await customer('cus_new');
  const rules = await rulesOf(id, START);
  expect(rules?.rates.standard[0]?.percent).toBe('19');
});

it('keeps what a checker said of a tax id', async () => {
  const check = {
    checker: 'vies',
    taxId: 'FR40303265045',
    country: 'FR',
    state: 'valid',
    answer: { ref: 'WAPI1234' },
  } as const;
  await within((trx) => recordTaxIdCheck(trx, keys, SCOPE, 'cus_ada', check, START));
  await within((trx) => recordTaxIdCheck(trx, keys, SCOPE, 'cus_ada', { ...check, state: 'unknown' }, START + 1));
  expect(await within((trx) => taxIdChecksOf(trx, keys, SCOPE, 'cus_ada'))).toEqual([
    { ...check, state: 'unknown', at: START + 1 },
    { ...check, at: START },
  ]);
  expect(await within((trx) => taxIdChecksOf(trx, keys, OTHER, 'cus_ada'), OTHER)).toEqual([]);
});

it('stores nothing that is legible but what taxes follow from', async () => {
  for (const table of ['customer_addresses', 'tax_id_checks']) {
    const { rows } = await sql<{ row: string }>`select kept::text as row from ${sql.table(table)} as kept`.execute(
      database.db,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ row }) => row).join()).not.toMatch(/Lovelace|Daunou|Berlin|10115|40303265045|WAPI1234/);
  }
});

it('opens no version at the place of another', async () => {
  const moved = within(async (trx) => {
    await sql`insert into customer_addresses (tenant_id, mode, customer_id, version, address_encrypted, country, tax_exempt, created_at)
      select tenant_id, mode, customer_id, 99, address_encrypted, country, false, created_at from customer_addresses
      where customer_id = 'cus_ada' and version = 1`.execute(trx);
    return buyersOf(trx, keys, ['cus_ada']);
  });
  await expect(moved).rejects.toThrow('cannot open customer_addresses.address_encrypted of cus_ada/99');
});
