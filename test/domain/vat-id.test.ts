import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { EU_COUNTRIES } from '../../src/domain/country.ts';
import { knowsVatIdsOf, parseVatId } from '../../src/domain/vat-id.ts';

/** Published as examples, or of companies that print them on their pages. */
const REAL: [country: string, ids: string[]][] = [
  ['AT', ['ATU13585627', 'ATU36975500']],
  ['BE', ['BE0428759497', 'BE0203201340', 'BE0776091951']],
  ['BG', ['BG175074752', 'BG7552010005', 'BG7111042925']],
  ['CH', ['CHE100155212', 'CHE107787577IVA', 'CHE-107.787.577 MWST']],
  ['CY', ['CY10259033P']],
  ['CZ', ['CZ25123891', 'CZ7103192745', 'CZ640903926', 'CZ991231123']],
  ['DE', ['DE136695976', 'DE143454214']],
  ['DK', ['DK13585628']],
  ['EE', ['EE100931558', 'EE100594102']],
  ['ES', ['ES54362315K', 'ESX2482300W', 'ESJ99216582', 'ESB58378431', 'ESA28015865', 'ESQ2818002D']],
  ['FI', ['FI20774740']],
  ['FR', ['FR40303265045', 'FR23334175221', 'FR4Z123456782', 'FR83404833048']],
  ['GB', ['GB980780684', 'GB802311782', 'GBGD001', 'GBHA500', 'XI980780684']],
  ['GR', ['EL094259216', 'EL023456780']],
  ['HR', ['HR33392005961']],
  ['HU', ['HU12892312']],
  ['IE', ['IE6433435F', 'IE6433435OA', 'IE8D79739I', 'IE6388047V']],
  ['IT', ['IT00743110157', 'IT00905811006']],
  ['LT', ['LT119511515', 'LT100001919017']],
  ['LU', ['LU15027442', 'LU26375245']],
  ['LV', ['LV40003521600', 'LV16117519997']],
  ['MT', ['MT11679112']],
  ['NL', ['NL004495445B01', 'NL002455799B11', 'NL123456789B13']],
  ['NO', ['NO995525828MVA']],
  ['PL', ['PL8567346215']],
  ['PT', ['PT501964843']],
  ['RO', ['RO18547290']],
  ['SE', ['SE556188840401']],
  ['SI', ['SI50223054']],
  ['SK', ['SK2022749619']],
];
const ids = REAL.flatMap(([country, all]) => all.map((id) => [country, id] as const));

test.each(ids)('%s: %s is well-formed', (country, id) => {
  expect(parseVatId(id)).toMatchObject({ country });
});

test('every member state’s ids are known, and those of the United Kingdom, Switzerland and Norway', () => {
  expect([...EU_COUNTRIES, 'GB', 'CH', 'NO'].filter((country) => !knowsVatIdsOf(country))).toEqual([]);
  expect(['US', 'BR', 'EL', 'XI'].filter(knowsVatIdsOf)).toEqual([]);
});

test('marks between the digits are not part of it', () => {
  expect(parseVatId(' de 136.695-976 ')).toEqual({ country: 'DE', prefix: 'DE', number: 'DE136695976' });
});

test.each([
  ['DE136695977', 'has a wrong check digit'],
  ['DE13669597', 'is not of the form DE and 9 digits'],
  ['DE036695976', 'is not of the form DE and 9 digits'],
  ['GR094259216', /^begins with none of AT, BE, BG, CHE/],
  ['136695976', /^begins with none of/],
  ['', /^begins with none of/],
  ['ESA28015866', 'has a wrong check digit'],
  ['ESQ28180024', 'has a wrong check digit'], // a public body's check is a letter
  ['FR41303265045', 'has a wrong check digit'],
  ['FR4Z123456783', 'has a wrong check digit'],
  ['NL004495446B01', 'has a wrong check digit'],
  ['GB980780685', 'has a wrong check digit'],
  ['GBGD500', 'has a wrong check digit'],
  ['IE6433435E', 'has a wrong check digit'],
  ['BE2428759497', 'is not of the form BE and 10 digits, the first 0 or 1'],
])('%s %s', (id, why) => {
  const found = parseVatId(id);
  expect(found).toHaveProperty('why');
  if (typeof why === 'string') expect(found).toEqual({ why });
  else expect((found as { why: string }).why).toMatch(why);
});

/** Their check digits notice each digit that is mistyped. Others have two schemes side by side, or none for old numbers. */
const STRICT = 'AT BE CH DE DK EE ES FI HR HU IT LU MT PL SE'.split(' ');
const strictIds = ids.filter(([country, id]) => STRICT.includes(country) && !id.includes('.')).map(([, id]) => id);

property.prop([fc.constantFrom(...strictIds), fc.nat(20), fc.integer({ min: 1, max: 9 })], { numRuns: 10_000 })(
  'one mistyped digit is noticed',
  (id, at, by) => {
    const digits = [...id].flatMap((sign, i) => (/\d/.test(sign) ? [i] : []));
    const checked = id.startsWith('SE') ? digits.slice(0, 10) : digits; // the last two say which of the company's it is
    const i = checked[at % checked.length]!;
    const mistyped = `${id.slice(0, i)}${(Number(id[i]) + by) % 10}${id.slice(i + 1)}`;
    expect(parseVatId(mistyped)).toHaveProperty('why');
  },
);

property.prop([fc.string({ maxLength: 30 })], { numRuns: 10_000 })('whatever is typed is answered', (text) => {
  const found = parseVatId(text);
  expect('why' in found || found.number.startsWith(found.prefix)).toBe(true);
});
