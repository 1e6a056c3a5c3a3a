import { expect, test } from 'vitest';
import { addressLines } from '../../src/documents/address.ts';
import type { Address } from '../../src/domain/parties.ts';

const address = (over: Partial<Address> & Pick<Address, 'country'>): Address => ({
  line1: null,
  line2: null,
  city: null,
  postalCode: null,
  region: null,
  ...over,
});

test.each<[string, Address, string, string[]]>([
  [
    'Poland',
    address({ line1: 'ul. Piotrkowska 12', postalCode: '90-001', city: 'Łódź', country: 'PL' }),
    'de-DE',
    ['ul. Piotrkowska 12', '90-001 Łódź', 'Polen'],
  ],
  [
    'the United States',
    address({
      line1: '1 Main St',
      line2: 'Suite 5',
      city: 'Portland',
      region: 'OR',
      postalCode: '97204',
      country: 'US',
    }),
    'en',
    ['1 Main St', 'Suite 5', 'Portland, OR 97204', 'United States'],
  ],
  [
    'the United Kingdom',
    address({ line1: '10 Downing Street', city: 'London', postalCode: 'SW1A 2AA', country: 'GB' }),
    'fr',
    ['10 Downing Street', 'London', 'SW1A 2AA', 'Royaume-Uni'],
  ],
  [
    'Japan',
    address({ line1: '丸の内1-1-1', city: '千代田区', region: '東京都', postalCode: '100-0005', country: 'JP' }),
    'ja',
    ['〒100-0005', '東京都千代田区丸の内1-1-1', '日本'],
  ],
  ['nothing but the country', address({ country: 'DE' }), 'en', ['Germany']],
  ['a place without its code', address({ city: 'Dublin', country: 'IE' }), 'en', ['Dublin', 'Ireland']],
  ['a region without its place', address({ region: 'CA', country: 'US' }), 'en', ['CA', 'United States']],
])('%s', (_where, given, locale, wanted) => {
  expect(addressLines(given, locale)).toEqual(wanted);
});
