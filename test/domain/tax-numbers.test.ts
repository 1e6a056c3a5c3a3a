import { expect, test } from 'vitest';
import type { Seller } from '../../src/domain/parties.ts';
import { taxNumbersOn } from '../../src/domain/tax-numbers.ts';
import type { Registration } from '../../src/domain/tax-rules.ts';

const held = (country: string, number: string, over: Partial<Registration> = {}): Registration => ({
  ...{ country, region: null, scheme: 'domestic', number, from: '2026-01-01', to: null, ...over },
});
const seller: Seller = {
  ...{ legalName: 'Hydra GmbH', taxBehavior: 'exclusive', timeZone: 'UTC', invoiceFooter: null },
  ...{ belowEuThreshold: false, unknownTaxIds: 'taxed' },
  address: { line1: null, line2: null, city: null, postalCode: null, region: null, country: 'DE' },
  taxIds: [{ country: 'FR', number: 'FR40303265045' }],
  registrations: [
    held('DE', '27/123/45678', { to: '2027-06-01' }),
    held('DE', '27/999/00000', { from: '2027-06-01' }),
    held('DE', 'EU-OSS-1', { scheme: 'oss' }),
    held('FR', 'FR40303265045'),
    held('US', '601-123-456', { region: 'WA' }),
  ],
};

test.each([
  ['at home', ['DE'], '2027-01-01', ['27/123/45678']],
  ['since another one holds', ['DE'], '2027-06-01', ['27/999/00000']],
  ['by the One-Stop-Shop', ['ES'], '2027-01-01', ['EU-OSS-1']],
  ['in a county of its state', ['US-WA', 'US-WA-KING'], '2027-01-01', ['601-123-456']],
  ['where the tax id is printed anyway', ['FR'], '2027-01-01', []],
  ['nowhere: the one at home', [], '2027-01-01', ['27/123/45678']],
] as const)('taxed %s', (_where, taxed, day, numbers) => {
  expect(taxNumbersOn(seller, taxed, day)).toEqual(numbers);
});
