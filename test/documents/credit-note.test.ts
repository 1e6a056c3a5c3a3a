import { expect, test } from 'vitest';
import { creditNotePaper, type PrintedCreditNote } from '../../src/documents/credit-note-document.ts';
import { drawPaper } from '../../src/documents/paper.ts';
import { at } from '../domain/builders.ts';
import { ENGLISH, printed, printedLine } from './invoices.ts';
import { textOf } from './pdf-text.ts';

const note = (over: Partial<PrintedCreditNote> = {}): PrintedCreditNote => {
  const { seller, buyer } = printed();
  const vat = { name: 'VAT', percent: '19', amount: 285, inclusive: false };
  return {
    ...{ mode: 'live', number: 'CN-000007', invoice: 'INV-000042', reason: 'Two seats too many', currency: 'usd' },
    lines: [printedLine({ quantity: 1, amount: 1_500, taxes: [vat] })],
    ...{
      total: 1_785,
      lessOwed: 0,
      credited: 785,
      refunded: 1_000,
      issuedAt: at('2027-02-03'),
      notes: [],
      seller,
      buyer,
    },
    ...over,
  };
};
const sumsOf = (given: PrintedCreditNote, locale = 'en-US') =>
  creditNotePaper(given, { ...ENGLISH, locale }).sums.map(({ label, value }) => [
    label.replaceAll('\u00a0', ' '),
    value.replaceAll('\u00a0', ' '),
  ]);

test('says what of which invoice is given back, with its tax, and where it went', () => {
  const paper = creditNotePaper(note(), ENGLISH);
  expect(paper).toMatchObject({
    heading: 'Credit note',
    headline: '$17.85 credited',
    facts: [
      { value: 'CN-000007' },
      { label: 'Corrects invoice', value: 'INV-000042' },
      { value: 'February 3, 2027' },
      { label: 'Reason', value: 'Two seats too many' },
    ],
    rows: [{ amount: '$15.00', tax: '19%' }],
    stamp: null,
  });
  expect(sumsOf(note())).toEqual([
    ['Subtotal', '$15.00'],
    ['VAT 19% on $15.00', '$2.85'],
    ['Total', '$17.85'],
    ['Added to your credit', '$7.85'],
    ['Refunded', '$10.00'],
  ]);
});

test('off what is owed, in another language', () => {
  expect(sumsOf(note({ lessOwed: 1_785, credited: 0, refunded: 0 }), 'de-DE').slice(-2)).toEqual([
    ['Gesamtbetrag', '17,85 $'],
    ['Von der Forderung abgezogen', '17,85 $'],
  ]);
});

test('is the same file every time', async () => {
  const [one, two] = [
    await drawPaper(creditNotePaper(note(), ENGLISH)),
    await drawPaper(creditNotePaper(note(), ENGLISH)),
  ];
  expect(one.equals(two)).toBe(true);
  expect(textOf(one)[0]).toContain('CN-000007 · Page 1 of 1');
});
