import { randomUUID } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { requestIdOf } from '../../src/api/once.ts';
import { newId } from '../../src/ids.ts';
import { isCardNumber } from '../../src/security/sensitive/card-number.ts';
import { isSensitive, type Kind, redacted, sensitiveIn } from '../../src/security/sensitive.ts';

/** The processors' published test numbers, and no others. */
const NUMBERS = [
  ...['4242424242424242', '4000056655665556', '4000000000000002', '5555555555554444', '2223003122003222'],
  ...['5200828282828210', '5105105105105100', '378282246310005', '371449635398431', '6011111111111117'],
  ...['6011000990139424', '3056930009020004', '36227206271667', '6555900000604105', '3566002020360505'],
  ...['6200000000000005', '6205500000000000004', '4222222222222', '30569309025904', '38520000023237'],
];

const IBANS = ['DE89370400440532013000', 'GB82WEST12345698765432', 'FR1420041010050500013M02606', 'NO9386011117947'];
const MALTESE = 'MT84MALT011000012345MTLCAST001S';

const kindsIn = (text: string): Kind[] => sensitiveIn(text).map(({ kind }) => kind);

test.each(NUMBERS)('%s is a card number', (number) => {
  expect(kindsIn(number)).toEqual(['card_number']);
  expect(kindsIn(`paid with ${number}, thanks`)).toEqual(['card_number']);
  expect(kindsIn(`Visa${number}`)).toEqual(['card_number']);
});

test.each([
  '4242 4242 4242 4242',
  '4242-4242-4242-4242',
  '4242.4242.4242.4242',
  '4242/4242/4242/4242',
  '4242_4242_4242_4242',
  '4242 4242-4242 4242',
  '4242 – 4242 – 4242 – 4242',
  '4242\u00a04242\u20094242\u202f4242',
  '4242\u200b4242\u200b4242\u200b4242',
  '4242\n4242\n4242\n4242',
  '4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2',
  '3782 822463 10005',
  '620550 0000000000004',
  '４２４２４２４２４２４２４２４２',
  '٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢',
  '𝟒𝟐𝟒𝟐 𝟒𝟐𝟒𝟐 𝟒𝟐𝟒𝟐 𝟒𝟐𝟒𝟐',
  '④②④②④②④②④②④②④②④②',
  '4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣',
  'room 12: 4242 4242 4242 4242 12/27',
  'PAN=4242424242424242&x=1',
  '{"card":"4242424242424242"}',
])('it is found in %j', (text) => {
  expect(kindsIn(text)).toContain('card_number');
  expect(redacted(text).replace(/\D/g, '').length).toBeLessThan(12);
});

test.each([
  ['IBAN DE89 3704 0044 0532 0130 00 for the rent', ['iban']],
  ['de89-3704-0044-0532-0130-00', ['iban']],
  [MALTESE, ['iban']],
  ...IBANS.map((iban) => [iban, ['iban']] as const),
  ['CVV: 123', ['card_code']],
  ['the cvc is 0000', ['card_code']],
  ['{"cvc":"314"}', ['card_code']],
  ['security code 987', ['card_code']],
  ['Prüfziffer 123', ['card_code']],
  ['%B4242424242424242^LOVELACE/ADA^27121010000000000?', ['track_data', 'card_number']],
  [';4242424242424242=27121010000012300000?', ['track_data', 'card_number']],
  ['4242424242424242D27121010000012300000F', ['track_data']],
  [`sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}`, ['processor_secret']],
  [`key=rk_test_${'4eC39HqLyjWDarjtT1zdp7dc'}.`, ['processor_secret']],
  [`whsec_${'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'}`, ['processor_secret']],
  ['pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH', ['processor_secret']],
  ['seti_1Mm8s8LkdIwHu7ix0OXBfTRG_secret_NXDICkPqPeiBTAFqWmkbff09lRmSVXe', ['processor_secret']],
  ['Bearer A21AAFEpH4PsADK7qSS7pSRsgzfENtu-Q1ysgEDVDESseMHBYXVJYE8', ['access_token']],
  ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl', ['access_token']],
] as const)('%j is %j', (text, kinds) => {
  expect(kindsIn(text)).toEqual(kinds);
  expect(isSensitive(redacted(text))).toBe(false);
});

test.each([
  ...['', 'Ada Lovelace', '4242424242424241', '1234567890123456', '9999999999999995', '00000000000000000000'],
  ...[
    'order 20261121170114123456',
    '1795280474123',
    '4000000000002',
    '2026-11-21 17:01:14.123',
    '+49 30 901820 123456',
  ],
  ...['23-01-2027 - 24-01-2027', '2027-01-23 2027-01-24', '23.01.2027–24.02.2027', 'DE123456789', 'ATU12345675'],
  ...[
    'DE89370400440532013001',
    'pm_1MtwBwLkdIwHu7ix28a3tqPa',
    'pm_card_visa',
    'seti_1Mm8s8LkdIwHu7ix0OXBfTRG',
    'pk_test_51Mm8s8LkdIw',
  ],
  ...[
    'incorrect_cvc',
    'cvc_check: pass',
    'verification code 123456',
    'sk_test_AbCd1234',
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  ],
  ...[
    '42424242-4242-4242-4242-424242424242',
    '3f2b4242424242424242a9c8d7e6f5a4',
    'total 4,200.00 and 1,300.00',
    'v1.k1.q8Zk',
  ],
])('%j holds nothing', (text) => {
  expect(sensitiveIn(text)).toEqual([]);
  expect(redacted(text)).toBe(text);
});

test('what is struck out is named, the rest stays', () => {
  expect(redacted('Ada 4242 4242 4242 4242, CVC 123, thanks')).toBe(
    'Ada [removed: card_number], CVC [removed: card_code], thanks',
  );
});

const withCheckDigit = (digits: string): string =>
  [...'0123456789'].map((last) => digits + last).find((number) => luhn(number)) as string;
const luhn = (number: string): boolean =>
  [...number]
    .reverse()
    .reduce(
      (sum, sign, i) => sum + [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][Number(sign)]! * (i % 2) + Number(sign) * ((i + 1) % 2),
      0,
    ) %
    10 ===
  0;

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
const cardNumber = fc
  .constantFrom(
    ['4', 16],
    ['4', 19],
    ['52', 16],
    ['2340', 16],
    ['34', 15],
    ['37', 15],
    ['36', 14],
    ['6011', 16],
    ['62', 19],
    ['3530', 16],
    ['6759', 18],
  )
  .chain(([prefix, length]) =>
    digits(Number(length) - String(prefix).length - 1).map((rest) => withCheckDigit(prefix + rest)),
  );
const split = (number: string, size: number, gaps: readonly string[]): string =>
  (number.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).reduce(
    (text, group, i) => text + (gaps[(i - 1) % gaps.length] ?? '') + group,
  );
/** One that stays the same, or spaces and dashes as they come. */
const gaps = fc.oneof(
  fc.constantFrom('', '.', '/', '_', ':', '|', '·', ' . ', '*', ', ', '\u200d', '\u2060').map((gap) => [gap]),
  fc.array(fc.constantFrom(' ', '-', '\u00a0', '\u2011', '–', ' - ', '  ', '\t', '\u3000'), {
    minLength: 1,
    maxLength: 5,
  }),
);
const script = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (text) => text.replace(/\d/g, (digit) => String.fromCodePoint(0x0966 + Number(digit))),
  (text) => text.replace(/\d/g, (digit) => String.fromCodePoint(0x1d7d8 + Number(digit))),
);
const words = fc.constantFrom('', 'card ', 'No. ', '“', 'für ', 'my_', '(', '=');

describe('for whatever comes', () => {
  property.prop([cardNumber, fc.constantFrom(1, 2, 3, 4, 5, 6), gaps, script, words, words], { numRuns: 10_000 })(
    'a card number is found under any separators and in any script',
    (number, size, between, write, before, after) => {
      const text = before + write(split(number, size, between)) + (after === '' ? '' : ` ${after}`);
      expect(kindsIn(text)).toContain('card_number');
      expect(isSensitive(redacted(text))).toBe(false);
    },
  );

  property.prop([fc.integer({ min: 946_684_800_000, max: 4_102_444_800_000 - 1 })], { numRuns: 20_000 })(
    'no millisecond of this century is one',
    (at) => {
      expect(sensitiveIn(String(at))).toEqual([]);
      expect(sensitiveIn(`{"at":${at},"version":3}`)).toEqual([]);
    },
  );

  property.prop(
    [fc.integer({ min: 946_684_800_000, max: 4_102_444_800_000 }), fc.constantFrom('sub', 'cus', 'req', 'pm')],
    {
      numRuns: 10_000,
    },
  )('no id of ours is, nor a UUID', (at, prefix) => {
    const id = newId(prefix, at);
    const request = requestIdOf({ tenant: 'ten_1', mode: 'test' }, id, 'POST /', id);
    for (const text of [id, `inv_${id.slice(4)}_12`, request, randomUUID()]) {
      expect(sensitiveIn(text)).toEqual([]);
    }
  });

  property.prop([digits(26).map((rest) => `sub_0${rest.slice(1)}`), fc.uuid(), digits(32)], { numRuns: 10_000 })(
    'even where chance made it of digits alone',
    (id, uuid, many) => {
      const long = many.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      for (const text of [id, `inv_${id.slice(4)}_3`, uuid, uuid.toUpperCase(), long])
        expect(sensitiveIn(text)).toEqual([]);
    },
  );

  property.prop([digits(20), fc.integer({ min: 0, max: 40 })])('more digits than a card has are none', (few, more) => {
    expect(sensitiveIn(few + '7'.repeat(more))).toEqual([]);
  });

  property.prop(
    [
      fc.array(
        fc.oneof(
          cardNumber,
          fc.constantFrom(...IBANS, MALTESE, 'CVC 123', 'cvv', '%B', '^A/B^2712', '=2712101', 'eyJ'),
          fc.string({ unit: 'binary' }),
          digits(3),
          fc.constantFrom(' ', '-', '.', 'D', '_secret_'),
        ),
        {
          maxLength: 12,
        },
      ),
    ],
    { numRuns: 10_000 },
  )('nothing is found in what was redacted, and redacting it again changes nothing', (parts) => {
    const once = redacted(parts.join(''));
    expect(sensitiveIn(once)).toEqual([]);
    expect(redacted(once)).toBe(once);
  });

  property.prop([digits(16)], { numRuns: 10_000 })('a number without a right check digit is none', (number) => {
    if (!luhn(number)) expect(isCardNumber(number)).toBe(false);
  });
});

test('ordinary text is next to free', () => {
  const texts = [
    'Ada Lovelace',
    'ada@example.com',
    'Pro plan, monthly',
    'sub_01k8x3v7q2m4n6p8r0s2t4v6w8',
    'Österreich',
    '2027-01-31',
  ];
  for (let i = 0; i < 20_000; i++) sensitiveIn(texts[i % texts.length]!);
  const rounds = Array.from({ length: 5 }, () => {
    const began = process.cpuUsage();
    for (let i = 0; i < 60_000; i++) sensitiveIn(texts[i % texts.length]!);
    return process.cpuUsage(began).user / 60_000;
  });
  // Microseconds of this process's own.
  expect(Math.min(...rounds)).toBeLessThan(1);
});
