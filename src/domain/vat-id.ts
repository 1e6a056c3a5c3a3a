/**
 * VAT ids by form and check digits. That a number is well-formed says that nobody mistyped it, and not that it was given
 * to anyone: that the authorities know, and `TaxIdChecker` asks them.
 */
import type { Country } from './country.ts';

/** `number` is as it is written on invoices, with its prefix. */
export type WellFormed = { country: Country; prefix: string; number: string };
export type Malformed = { why: string; unknownPrefix?: true };

type Rule = { form: RegExp; said: string; holds: (number: string) => boolean };

export function parseVatId(text: string): WellFormed | Malformed {
  const bare = bareVatId(text);
  const prefix = prefixOf(bare);
  if (prefix === undefined) return { why: `begins with none of ${PREFIXES.join(', ')}`, unknownPrefix: true };
  const { form, said, holds } = RULES[prefix]!;
  const number = bare.slice(prefix.length);
  if (!form.test(number)) return { why: `is not of the form ${prefix} and ${said}` };
  if (!holds(number)) return { why: 'has a wrong check digit' };
  return { country: countryOfPrefix(prefix), prefix, number: bare };
}

/** Without the marks that people set between the digits. */
export const bareVatId = (text: string): string => text.toUpperCase().replaceAll(/[\s.\-/]/g, '');

/** Whether ids of that country can be told right from wrong. */
export const knowsVatIdsOf = (country: Country): boolean =>
  PREFIXES.some((prefix) => countryOfPrefix(prefix) === country);

const prefixOf = (bare: string): string | undefined => PREFIXES.find((prefix) => bare.startsWith(prefix));

/** Greece and Northern Ireland have prefixes of their own, and the Swiss one is of three letters. */
const countryOfPrefix = (prefix: string): Country => ({ EL: 'GR', XI: 'GB', CHE: 'CH' })[prefix] ?? prefix;

const digitsOf = (number: string): number[] => [...number].map(Number);

/** The sum of the digits, each times its weight; what is beyond the weights doesn't count. */
const weighted = (number: string, weights: readonly number[]): number =>
  digitsOf(number.slice(0, weights.length)).reduce((sum, digit, i) => sum + digit * weights[i]!, 0);

const digitAt = (number: string, position: number): number => Number(number[position]);

/** ISO 7064, Mod 11,10. */
const mod11_10 = (number: string): boolean =>
  digitsOf(number).reduce((check, digit) => ((((check || 10) * 2) % 11) + digit) % 10, 5) === 1;

/** Every second digit counts twice, from the last but one on. */
const luhnSum = (number: string): number =>
  digitsOf(number)
    .reverse()
    .reduce((sum, digit, i) => sum + (i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
const luhn = (number: string): boolean => luhnSum(number) % 10 === 0;

const mod97 = (digits: string): number => [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0);

function bulgarian(number: string): boolean {
  if (number.length === 9) {
    const first = weighted(number, [1, 2, 3, 4, 5, 6, 7, 8]) % 11;
    const check = first === 10 ? weighted(number, [3, 4, 5, 6, 7, 8, 9, 10]) % 11 : first;
    return check % 10 === digitAt(number, 8);
  }
  // Of a person: born here, or from abroad, or anyone else.
  const last = digitAt(number, 9);
  const other = (11 - (weighted(number, [4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return (
    (weighted(number, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === last ||
    weighted(number, [21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 === last ||
    other === last
  );
}

function cypriot(number: string): boolean {
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
  const sum = digitsOf(number.slice(0, 8)).reduce((total, digit, i) => total + (i % 2 === 0 ? odd[digit]! : digit), 0);
  return number[8] === String.fromCharCode(65 + (sum % 26));
}

function czech(number: string): boolean {
  const weights = [8, 7, 6, 5, 4, 3, 2];
  if (number.length === 8) {
    const check = (11 - (weighted(number, weights) % 11)) % 11;
    return (check === 0 ? 1 : check % 10) === digitAt(number, 7);
  }
  if (number.length === 10)
    return Number(number) % 11 === 0 || (Number(number.slice(0, 9)) % 11 === 10 && number[9] === '0');
  if (!number.startsWith('6')) return true; // a birth number from before 1954 has no check digit
  const rest = weighted(number.slice(1), weights) % 11;
  return (8 + rest) % 10 === digitAt(number, 8);
}

const SPANISH_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

function spanish(number: string): boolean {
  const letter = number[8]!;
  const byLetter = (digits: string) => SPANISH_LETTERS[Number(digits) % 23] === letter;
  if (/^\d{8}[A-Z]$/.test(number)) return byLetter(number.slice(0, 8));
  if (/^[XYZ]/.test(number)) return byLetter('XYZ'.indexOf(number[0]!) + number.slice(1, 8));
  if (/^[KLM]/.test(number)) return byLetter(number.slice(1, 8));
  const sum = luhnSum(`${number.slice(1, 8)}0`);
  const check = (10 - (sum % 10)) % 10;
  const isLetter = 'JABCDEFGHI'[check] === letter;
  if (/^[NPQRSW]/.test(number)) return isLetter;
  return String(check) === letter || (!/^[ABEH]/.test(number) && isLetter);
}

const FRENCH = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';

function french(number: string): boolean {
  const [first, second] = [FRENCH.indexOf(number[0]!), FRENCH.indexOf(number[1]!)];
  const siren = number.slice(2);
  // Those of Monaco begin with three zeros and have no check digit of their own.
  if (!siren.startsWith('000') && !luhn(siren)) return false;
  if (first < 10 && second < 10) return (12 + 3 * (Number(siren) % 97)) % 97 === first * 10 + second;
  const key = first < 10 ? first * 24 + second - 10 : first * 34 + second - 100;
  return (Number(siren) + 1 + Math.floor(key / 11)) % 11 === key % 11;
}

const IRISH = 'WABCDEFGHIJKLMNOPQRSTUV';

function irish(number: string): boolean {
  const isOld = !/^\d{7}/.test(number);
  const digits = isOld ? `0${number.slice(2, 7)}${number[0]}` : number.slice(0, 7);
  const suffix = isOld ? 0 : Math.max(0, IRISH.indexOf(number[8] ?? 'W'));
  return IRISH[(weighted(digits, [8, 7, 6, 5, 4, 3, 2]) + 9 * suffix) % 23] === number[7];
}

function lithuanian(number: string): boolean {
  const body = number.slice(0, -1);
  const sum = (shift: number) =>
    weighted(
      body,
      [...body].map((_, i) => 1 + ((i + shift) % 9)),
    ) % 11;
  return (sum(0) === 10 ? sum(2) : sum(0)) % 10 === digitAt(number, number.length - 1);
}

function latvian(number: string): boolean {
  if (digitAt(number, 0) > 3) return weighted(number, [9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 === 3;
  if (number.startsWith('32')) return true; // a person's code since 2017 has no check digit
  return ((1 + weighted(number, [10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11) % 10 === digitAt(number, 10);
}

function dutch(number: string): boolean {
  // A sole trader's, since 2020, is checked like an IBAN: letters count from 10.
  const asDigits = `2321${number.replace('B', '11')}`;
  return weighted(number, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 || mod97(asDigits) === 1;
}

function british(number: string): boolean {
  if (number.startsWith('GD')) return Number(number.slice(2)) < 500;
  if (number.startsWith('HA')) return Number(number.slice(2)) >= 500;
  const sum = weighted(number, [8, 7, 6, 5, 4, 3, 2]) + Number(number.slice(7, 9));
  return sum % 97 === 0 || (sum + 55) % 97 === 0;
}

const swiss = (number: string): boolean =>
  (11 - (weighted(number, [5, 4, 3, 2, 7, 6, 5, 4]) % 11)) % 11 === digitAt(number, 8);

const portuguese = (number: string): boolean =>
  ((11 - (weighted(number, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 === digitAt(number, 8);

function slovenian(number: string): boolean {
  const check = 11 - (weighted(number, [8, 7, 6, 5, 4, 3, 2]) % 11);
  return check !== 11 && check % 10 === digitAt(number, 7);
}

const romanian = (number: string): boolean => {
  const whole = number.padStart(10, '0');
  return ((weighted(whole, [7, 5, 3, 2, 1, 7, 5, 3, 2]) * 10) % 11) % 10 === digitAt(whole, 9);
};

const austrian = (number: string): boolean => (luhnSum(number.slice(1, 8)) + digitAt(number, 8) + 4) % 10 === 0;

const sumIs = (weights: readonly number[], modulus: number) => (number: string) =>
  weighted(number, weights) % modulus === 0;

const RULES: Record<string, Rule> = {
  AT: { form: /^U\d{8}$/, said: 'U with 8 digits', holds: austrian },
  BE: {
    form: /^[01]\d{9}$/,
    said: '10 digits, the first 0 or 1',
    holds: (number) => 97 - (Number(number.slice(0, 8)) % 97) === Number(number.slice(8)),
  },
  BG: { form: /^\d{9,10}$/, said: '9 or 10 digits', holds: bulgarian },
  CHE: { form: /^\d{9}(MWST|TVA|IVA)?$/, said: '9 digits, and MWST, TVA or IVA', holds: swiss },
  CY: { form: /^\d{8}[A-Z]$/, said: '8 digits with a letter', holds: cypriot },
  CZ: { form: /^\d{8,10}$/, said: '8 to 10 digits', holds: czech },
  DE: { form: /^[1-9]\d{8}$/, said: '9 digits', holds: mod11_10 },
  DK: { form: /^[1-9]\d{7}$/, said: '8 digits', holds: sumIs([2, 7, 6, 5, 4, 3, 2, 1], 11) },
  EE: { form: /^\d{9}$/, said: '9 digits', holds: sumIs([3, 7, 1, 3, 7, 1, 3, 7, 1], 10) },
  EL: {
    form: /^\d{9}$/,
    said: '9 digits',
    holds: (number) => (weighted(number, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === digitAt(number, 8),
  },
  ES: {
    form: /^(\d{8}[A-Z]|[A-HJNP-SUVW]\d{7}[0-9A-J]|[KLMXYZ]\d{7}[A-Z])$/,
    said: '9 signs: a letter or digit, 7 digits, a letter or digit',
    holds: spanish,
  },
  FI: { form: /^\d{8}$/, said: '8 digits', holds: sumIs([7, 9, 10, 5, 8, 4, 2, 1], 11) },
  FR: { form: /^[0-9A-HJ-NP-Z]{2}\d{9}$/, said: '2 signs with 9 digits', holds: french },
  GB: { form: /^(\d{9}|\d{12}|GD\d{3}|HA\d{3})$/, said: '9 or 12 digits, or GD or HA with 3', holds: british },
  HR: { form: /^\d{11}$/, said: '11 digits', holds: mod11_10 },
  HU: { form: /^\d{8}$/, said: '8 digits', holds: sumIs([9, 7, 3, 1, 9, 7, 3, 1], 10) },
  IE: { form: /^(\d{7}[A-W][A-IW]?|\d[A-Z+*]\d{5}[A-W])$/, said: '7 digits with 1 or 2 letters', holds: irish },
  IT: { form: /^\d{11}$/, said: '11 digits', holds: luhn },
  LT: { form: /^(\d{7}1\d|\d{10}1\d)$/, said: '9 or 12 digits, the last but one 1', holds: lithuanian },
  LU: {
    form: /^\d{8}$/,
    said: '8 digits',
    holds: (number) => Number(number.slice(0, 6)) % 89 === Number(number.slice(6)),
  },
  LV: { form: /^\d{11}$/, said: '11 digits', holds: latvian },
  MT: { form: /^[1-9]\d{7}$/, said: '8 digits', holds: sumIs([3, 4, 6, 7, 8, 9, 10, 1], 37) },
  NL: { form: /^\d{9}B\d{2}$/, said: '9 digits, B, 2 digits', holds: dutch },
  NO: {
    form: /^\d{9}(MVA)?$/,
    said: '9 digits, and MVA',
    holds: sumIs([3, 2, 7, 6, 5, 4, 3, 2, 1], 11),
  },
  PL: { form: /^\d{10}$/, said: '10 digits', holds: sumIs([6, 5, 7, 2, 3, 4, 5, 6, 7, -1], 11) },
  PT: { form: /^[1-9]\d{8}$/, said: '9 digits', holds: portuguese },
  RO: { form: /^[1-9]\d{1,9}$/, said: '2 to 10 digits', holds: romanian },
  SE: { form: /^\d{12}$/, said: '12 digits', holds: (number) => luhn(number.slice(0, 10)) },
  SI: { form: /^[1-9]\d{7}$/, said: '8 digits', holds: slovenian },
  SK: { form: /^[1-9]\d[2-47-9]\d{7}$/, said: '10 digits', holds: (number) => Number(number) % 11 === 0 },
  XI: { form: /^(\d{9}|\d{12}|GD\d{3}|HA\d{3})$/, said: '9 or 12 digits, or GD or HA with 3', holds: british },
};

const PREFIXES = Object.keys(RULES);
