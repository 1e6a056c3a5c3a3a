/**
 * The demo tenant, made once: what it sells, two customers with a card each, and fresh tokens to try it with. Prints
 * one JSON object on standard output; `hydra up` puts it into .hydra/demo.json.
 */

import { hashOfKey, newServiceKey, prefixOf } from '../auth/service-keys.ts';
import { mintToken } from '../auth/tokens.ts';
import { loadConfigOrExit } from '../config.ts';
import { ourMethod } from '../customers/method-reference.ts';
import { processorCustomerOf } from '../customers/processor-customer.ts';
import { createKey, findKeyByPrefix } from '../db/api-keys.ts';
import { keepBuyer } from '../db/buyers.ts';
import { createDatabase } from '../db/client.ts';
import { createCustomer, type NewCustomer } from '../db/customers.ts';
import { createMeter, meterKeys, publishMeter } from '../db/meters.ts';
import { keepPaymentMethod } from '../db/payment-methods.ts';
import { createPriceBook, priceBookAt, publishPriceBook } from '../db/price-books.ts';
import { readSeller, writeSeller } from '../db/sellers.ts';
import { mapSubjects } from '../db/subjects.ts';
import { inTenant } from '../db/tenant.ts';
import { createTenant } from '../db/tenants.ts';
import type { Country } from '../domain/country.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { MeterDocument } from '../domain/meter.ts';
import type { Address, Seller } from '../domain/parties.ts';
import { newId } from '../ids.ts';
import { processorsOf } from '../processors/processors.ts';
import { demoPriceBook } from './price-book.ts';

const TENANT: TenantId = 'ten_demo';
const SCOPE = { tenant: TENANT, mode: 'test' } as const;
const ADA: CustomerId = 'cus_demoada';
const GRACE: CustomerId = 'cus_demograce';
const TOKENS_LIVE_SECONDS = 30 * 24 * 3_600;

const config = loadConfigOrExit();
const db = createDatabase(config.DATABASE_URL, { applicationName: 'hydra-seed', max: 2 });
const processors = processorsOf(config);
const keys = { ring: config.ENCRYPTION_KEYS, blindIndexKey: config.BLIND_INDEX_KEY };
const at = new Date();

const address = (line1: string, city: string, postalCode: string, country: Country, region?: string): Address => ({
  ...{ line1, line2: null, city, postalCode, region: region ?? null, country },
});

/** Registered nowhere, so nothing that is tried out is taxed before somebody says so. */
const seller: Seller = {
  legalName: 'Demo Software Inc.',
  address: address('1209 Orange Street', 'Wilmington', '19801', 'US', 'DE'),
  taxIds: [],
  registrations: [],
  taxBehavior: 'exclusive',
  belowEuThreshold: true,
  unknownTaxIds: 'taxed',
  timeZone: 'America/New_York',
  invoiceFooter: null,
};

async function customer(
  given: Pick<NewCustomer, 'id' | 'externalId' | 'name' | 'email' | 'locale' | 'timeZone' | 'currency'>,
  address: Address,
): Promise<void> {
  const made = await inTenant(db, SCOPE, async (trx) => {
    const exists = await trx.selectFrom('customers').select('id').where('id', '=', given.id).executeTakeFirst();
    if (exists) return false;
    await createCustomer(trx, keys, SCOPE, { ...given, clockId: null, createdAt: at.getTime() });
    await keepBuyer(trx, keys, SCOPE, given.id, { name: given.name, address }, at.getTime());
    await mapSubjects(trx, SCOPE, given.id, [given.externalId!], at);
    return true;
  });
  if (made) await card(given.id);
}

/** Only the simulator takes this card without a browser; against Stripe itself the customer adds one. */
async function card(id: CustomerId): Promise<void> {
  if (!config.STRIPE_API_BASE) return;
  const { account, customer } = await processorCustomerOf(
    { db, processors },
    { ...SCOPE, customer: id, processor: 'stripe' },
  );
  const method = await account.processor.attach({ customer, paymentMethod: 'pm_card_visa', key: `seed/${id}` });
  if ('refused' in method) throw new Error(`the demo's card was refused: ${method.refused}`);
  const { brand, last4 } = method;
  const ours = ourMethod(keys, SCOPE, account, method.id);
  await inTenant(db, SCOPE, (trx) =>
    keepPaymentMethod(trx, SCOPE, { ...ours, customer: id, processor: 'stripe', brand, last4, at }),
  );
}

async function serviceKey(): Promise<string> {
  const secret = process.env.HYDRA_DEMO_SERVICE_KEY || newServiceKey('test').secret;
  const prefix = prefixOf(secret);
  if (!prefix) throw new Error('HYDRA_DEMO_SERVICE_KEY is not of the form of a service key');
  if (!(await findKeyByPrefix(db, prefix))) {
    const key = { id: newId('key'), name: 'demo', prefix, hash: hashOfKey(secret), scopes: ['*'], expiresAt: null, at };
    await inTenant(db, SCOPE, (trx) => createKey(trx, SCOPE, key));
  }
  return secret;
}

const token = (sub: string, role: 'owner' | 'customer') =>
  mintToken(config, { sub, role, ...SCOPE }, TOKENS_LIVE_SECONDS);

await createTenant(db, { id: TENANT, name: 'Demo', timeZone: 'UTC', createdAt: at });
await inTenant(db, SCOPE, async (trx) => {
  if (await priceBookAt(trx, at)) return;
  const by = 'seed';
  const { id } = await createPriceBook(trx, SCOPE, { id: newId('pb'), document: demoPriceBook, at, by });
  await publishPriceBook(trx, SCOPE, { id, effectiveAt: at, at, by });
});
await inTenant(db, SCOPE, async (trx) => {
  if (!(await readSeller(trx))) await writeSeller(trx, SCOPE, seller, at.getTime());
});
const apiCalls: MeterDocument = {
  ...{ name: 'API calls', eventType: 'api_call', aggregation: 'count', groupBy: ['endpoint'], unit: 'call' },
};
await inTenant(db, SCOPE, async (trx) => {
  if ((await meterKeys(trx)).has('api_calls')) return;
  const { id } = await createMeter(trx, SCOPE, { id: newId('mtr'), key: 'api_calls', document: apiCalls, at });
  await publishMeter(trx, SCOPE, id, at);
});
const person = { locale: 'en', timeZone: 'America/New_York', currency: 'usd' };
await customer(
  { ...person, id: ADA, externalId: 'ada', name: 'Ada Example', email: 'ada@example.com' },
  address('350 Fifth Avenue', 'New York', '10118', 'US', 'NY'),
);
await customer(
  {
    id: GRACE,
    externalId: 'grace',
    name: 'Grace Example',
    email: 'grace@example.com',
    locale: 'de',
    timeZone: 'Europe/Berlin',
    currency: 'eur',
  },
  address('Invalidenstraße 117', 'Berlin', '10115', 'DE'),
);

const seeded = {
  tenant: TENANT,
  adminToken: await token('operator', 'owner'),
  customerToken: await token('ada', 'customer'),
  otherCustomerToken: await token('grace', 'customer'),
  serviceKey: await serviceKey(),
  customerId: ADA,
};
await db.destroy();
console.log(JSON.stringify(seeded));
