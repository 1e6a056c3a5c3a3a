/** Addresses, tax ids and the seller's profile over HTTP, with a service that checks VAT ids. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { taxFactsOf } from '../../src/db/tax-facts.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { CustomerId } from '../../src/domain/ids.ts';
import { builtInCalculator } from '../../src/tax/calculator.ts';
import { createTaxes } from '../../src/tax/taxes.ts';
import { type FakeService, startService } from '../tax/service.ts';
import { type Api, startApi, startApiAlone } from './support.ts';

const SELLER = '/api/admin/tenants/current/seller';
let db: Db;
let vies: FakeService;
let api: Api;
/** The same product without a service to ask. */
let alone: Api;
beforeAll(async () => {
  vies = await startService({ body: { valid: true, requestIdentifier: 'WAPI1', name: 'Danone' } });
  api = await startApiAlone({ taxes: createTaxes({ VAT_ID_CHECK_URL: vies.url }) });
  db = api.db;
  alone = await startApi({ db });
});
afterAll(async () => {
  await api?.stop();
  await alone?.stop();
  await vies?.stop();
});

const paris = { line1: '17 boulevard Haussmann', city: 'Paris', postalCode: '75009', country: 'FR' };
const acme = {
  legalName: 'Acme GmbH',
  address: { line1: 'Invalidenstraße 117', city: 'Berlin', postalCode: '10115', country: 'DE' },
  taxIds: [{ country: 'DE', number: 'DE136695976' }],
  registrations: [{ country: 'DE', scheme: 'domestic', number: 'DE136695976', from: '2020-01-01' }],
};

const taxOf = async (id: CustomerId): Promise<string> => {
  const scope = { tenant: api.tenant, mode: 'test' } as const;
  const at = Date.parse('2026-11-21');
  const { facts } = await inTenant(db, scope, (trx) => taxFactsOf(trx, { customer: id, at }));
  const rules = facts && (await builtInCalculator.rulesFor(facts));
  return rules?.treatment === 'taxed'
    ? rules.rates.standard.map(({ jurisdiction, percent }) => `${jurisdiction} ${percent}`).join()
    : String(rules?.treatment);
};

test('a seller says who he is, and each change is a version', async () => {
  expect(await api.owner('GET', SELLER)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const first = await api.owner('PUT', SELLER, acme);
  expect(first).toMatchObject({
    status: 200,
    body: {
      ...acme,
      version: 1,
      address: { ...acme.address, line2: null, region: null },
      registrations: [{ ...acme.registrations[0], region: null, to: null }],
      taxBehavior: 'exclusive',
      belowEuThreshold: true,
      unknownTaxIds: 'taxed',
      timeZone: 'UTC',
      invoiceFooter: null,
    },
  });
  expect((await api.owner('GET', SELLER)).body).toEqual(first.body);
  const second = await api.owner('PUT', SELLER, { ...acme, invoiceFooter: 'HRB 1234' });
  expect(second.body).toMatchObject({ version: 2, invoiceFooter: 'HRB 1234' });
  expect(await alone.owner('GET', SELLER)).toMatchObject({ status: 404 }); // another tenant's is not seen
  const finance = api.as(await api.token('finance'));
  expect((await finance('GET', SELLER)).status).toBe(200);
  expect((await finance('PUT', SELLER, acme)).status).toBe(403);
});

describe('a customer', () => {
  test('is kept with address and tax id, and taxed by them', async () => {
    const made = await api.owner('POST', '/api/customers', {
      ...{ name: 'Danone', address: paris, taxId: 'fr 40 303 265 045' },
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        address: { ...paris, line2: null, region: null },
        taxId: 'FR40303265045',
        taxIdState: 'valid',
        taxExempt: false,
      },
    });
    expect(vies.asked.at(-1)).toEqual({ countryCode: 'FR', vatNumber: '40303265045' });
    const { id } = made.body;
    expect((await api.owner('GET', `/api/customers/${id}`)).body).toEqual(made.body);
    expect(await taxOf(id)).toBe('reverse_charge');
    expect((await api.owner('GET', `/api/admin/customers/${id}/tax-id-checks`)).body.data).toEqual([
      {
        ...{ taxId: 'FR40303265045', country: 'FR', state: 'valid', checker: 'vies' },
        answer: { number: 'FR40303265045', valid: true, requestIdentifier: 'WAPI1', name: 'Danone' },
        checkedAt: expect.any(String),
      },
    ]);

    vies.answer = { body: { valid: false } };
    const again = await api.owner('PATCH', `/api/customers/${id}`, { taxId: 'FR40303265045' });
    expect(again.body).toMatchObject({ taxIdState: 'invalid', address: made.body.address, name: 'Danone' });
    expect(await taxOf(id)).toBe('DE 19');
    expect((await api.owner('GET', `/api/admin/customers/${id}/tax-id-checks`)).body.data).toHaveLength(2);

    const exempt = await api.owner('PATCH', `/api/customers/${id}`, { taxId: null, taxExempt: true });
    expect(exempt.body).toMatchObject({ taxId: null, taxIdState: null, taxExempt: true, address: made.body.address });
    expect(await taxOf(id)).toBe('exempt');
    expect((await api.owner('PATCH', `/api/customers/${id}`, { address: null })).body.address).toBeNull();
  });

  test('is kept though the service is away, and taxed until it is back', async () => {
    vies.answer = { status: 503 };
    const { body } = await api.owner('POST', '/api/customers', { address: paris, taxId: 'FR40303265045' });
    expect(body.taxIdState).toBe('unknown');
    expect(await taxOf(body.id)).toBe('DE 19');
    vies.answer = { body: { valid: true } };
    await api.owner('PATCH', `/api/customers/${body.id}`, { taxId: 'FR40303265045' });
    expect(await taxOf(body.id)).toBe('reverse_charge');
  });

  test('keeps an unknown id without a service', async () => {
    const { body } = await alone.owner('POST', '/api/customers', { address: paris, taxId: 'FR40303265045' });
    expect(body).toMatchObject({ taxId: 'FR40303265045', taxIdState: 'unknown' });
  });

  test('has whatever id its country gave, where ids are not known here', async () => {
    const address = { line1: '400 Broad St', city: 'Seattle', postalCode: '98109', region: 'WA', country: 'US' };
    const { body } = await api.owner('POST', '/api/customers', { address, taxId: '91-1144442' });
    expect(body).toMatchObject({ taxId: '91-1144442', taxIdState: 'unknown' });
    const later = await api.owner('PATCH', `/api/customers/${body.id}`, { taxId: '91-1144443' });
    expect(later.body).toMatchObject({ taxId: '91-1144443', address: { ...address, line2: null } });
  });

  test.each<[string, object, number, string, string, string]>([
    [
      'a mistyped id',
      { taxId: 'DE136695977' },
      400,
      'tax_id_malformed',
      'taxId',
      'DE136695977 has a wrong check digit',
    ],
    [
      'an id that is none',
      { taxId: 'DE13' },
      400,
      'tax_id_malformed',
      'taxId',
      'DE13 is not of the form DE and 9 digits',
    ],
    [
      'an id without a country',
      { taxId: '136695976' },
      400,
      'tax_id_malformed',
      'taxId',
      '136695976 begins with none of',
    ],
    [
      'no id of that country',
      { taxId: '136695976', address: paris },
      400,
      'tax_id_malformed',
      'taxId',
      'begins with none of',
    ],
    [
      'an unknown country',
      { address: { ...paris, country: 'XX' } },
      400,
      'invalid_request',
      'address.country',
      'XX is no ISO',
    ],
    [
      'a country’s name',
      { address: { ...paris, country: 'France' } },
      400,
      'invalid_request',
      'address.country',
      'France is no ISO',
    ],
    ['no country', { address: { line1: 'a' } }, 400, 'invalid_request', 'address.country', ''],
    ['no state in the US', { address: { country: 'US' } }, 400, 'invalid_request', 'address.region', 'is needed in US'],
    [
      'a state’s name',
      { address: { country: 'US', region: 'Texas' } },
      400,
      'invalid_request',
      'address.region',
      'Texas is no',
    ],
    ['a NUL', { address: { ...paris, line1: 'a\0' } }, 400, 'invalid_request', 'address.line1', 'not text'],
    [
      'a field of an address that is none',
      { address: { ...paris, street: 'a' } },
      400,
      'invalid_request',
      'address.street',
      'not known',
    ],
    ['an exemption in words', { taxExempt: 'yes' }, 400, 'invalid_request', 'taxExempt', ''],
  ])('is refused with %s', async (_what, body, status, code, path, message) => {
    const count = async () => (await db.selectFrom('customers').select('id').execute()).length;
    const before = await count();
    const answer = await api.owner('POST', '/api/customers', body);
    expect(answer).toMatchObject({
      status,
      body: { code, errors: [{ path, message: expect.stringContaining(message) }] },
    });
    expect(answer.body.detail).toContain(path);
    expect(await count()).toBe(before);
  });
});

test('in the records of a request and in the tables nothing of it is legible', async () => {
  await api.owner('POST', '/api/customers', { address: paris, taxId: 'FR40303265045' }, { 'idempotency-key': 'k' });
  for (const table of ['requests', 'customers', 'customer_addresses', 'tax_id_checks', 'audit_log'] as const) {
    expect(JSON.stringify(await db.selectFrom(table).selectAll().execute())).not.toMatch(/Haussmann|75009|40303265045/);
  }
});

test('the example of the documentation is one', async () => {
  const page = readFileSync(new URL('../../docs/taxes.md', import.meta.url), 'utf8');
  const example = JSON.parse(/```json\n([^`]*)```/.exec(page)![1]!);
  const seattle = { line1: '400 Broad St', city: 'Seattle', postalCode: '98109', region: 'WA', country: 'US' };
  const american = { legalName: 'Acme Inc.', address: seattle, registrations: [example] };
  expect(await alone.owner('PUT', SELLER, american)).toMatchObject({ status: 200 });
  const { body } = await alone.owner('POST', '/api/customers', { address: seattle });
  const scope = { tenant: alone.tenant, mode: 'test' } as const;
  const at = Date.parse('2026-11-21');
  const { facts } = await inTenant(db, scope, (trx) => taxFactsOf(trx, { customer: body.id, at }));
  const { rates } = await builtInCalculator.rulesFor(facts!);
  expect(rates.standard.map(({ jurisdiction, percent }) => [jurisdiction, percent])).toEqual([
    ['US-WA', '6.5'],
    ['US-WA-KING', '3.85'],
  ]);
});

describe('a seller is refused', () => {
  const german = acme.registrations[0]!;
  const norwegian = { ...german, country: 'NO', number: '1' };
  test.each<[string, object, number, string, string]>([
    ['with no name', { legalName: undefined }, 400, 'legalName', ''],
    ['with an unknown country', { address: { country: 'UK' } }, 400, 'address.country', 'UK is no ISO'],
    [
      'with a mistyped tax id',
      { taxIds: [{ country: 'DE', number: 'DE136695977' }] },
      422,
      'taxIds.0.number',
      'DE136695977 has a wrong check digit',
    ],
    [
      'with a tax id of another country',
      { taxIds: [{ country: 'FR', number: 'DE136695976' }] },
      422,
      'taxIds.0.number',
      'DE136695976 is of DE, not of FR',
    ],
    [
      'registered backwards',
      { registrations: [{ ...german, to: '2019-01-01' }] },
      422,
      'registrations.0.to',
      '2019-01-01 is not after 2020-01-01',
    ],
    [
      'registered twice',
      { registrations: [german, { ...german, from: '2021-01-01' }] },
      422,
      'registrations.1',
      'same place and days as registrations.0',
    ],
    [
      'where no rate is known',
      { registrations: [norwegian] },
      422,
      'registrations.0.rates',
      'no tax rate is known for NO on 2020-01-01',
    ],
    [
      'in the US as a whole',
      { registrations: [{ ...german, country: 'US' }] },
      422,
      'registrations.0.rates',
      'no tax rate is known for US on',
    ],
    [
      'with a One-Stop-Shop outside of the EU',
      { registrations: [{ ...german, country: 'GB', scheme: 'oss' }] },
      422,
      'registrations.0.country',
      'GB is no member state',
    ],
    [
      'with a rate that is none',
      {
        registrations: [
          { ...norwegian, rates: [{ category: 'standard', name: 'MVA', percent: '25 %', from: '2020-01-01' }] },
        ],
      },
      400,
      'registrations.0.rates.0.percent',
      'a percentage',
    ],
    [
      'by a day that is none',
      { registrations: [{ ...german, from: '2020-02-30' }] },
      400,
      'registrations.0.from',
      'a day is',
    ],
  ])('%s', async (_what, over, status, path, message) => {
    const answer = await api.owner('PUT', SELLER, { ...acme, ...over });
    expect(answer.status).toBe(status);
    expect(answer.body.errors[0]).toEqual({ path, message: expect.stringContaining(message) });
    expect((await api.owner('GET', SELLER)).body.version).toBe(2);
  });

  test('but not where a service knows the rates', async () => {
    const outside = await startApi({ db, taxes: createTaxes({ TAX_CALCULATOR_URL: vies.url }) });
    expect((await outside.owner('PUT', SELLER, { ...acme, registrations: [norwegian] })).status).toBe(200);
    await outside.stop();
  });
});
