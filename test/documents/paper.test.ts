import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runsOf } from '../../src/documents/fonts.ts';
import { fileNameOf, invoicePaper, type PrintedInvoice, type Reader } from '../../src/documents/invoice-document.ts';
import { drawPaper } from '../../src/documents/paper.ts';
import { wordsFor } from '../../src/documents/words.ts';
import { at } from '../domain/builders.ts';
import { ENGLISH, printed, printedLine } from './invoices.ts';
import { textOf } from './pdf-text.ts';

const vat = { name: 'VAT', percent: '19', amount: 855, inclusive: false };
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ');
const paperOf = (over: Partial<PrintedInvoice> = {}, reader: Reader = ENGLISH) => {
  const paper = invoicePaper(printed(over), reader);
  return {
    ...paper,
    sums: paper.sums.map(({ label, value }) => [plain(label), plain(value)]),
    headline: plain(paper.headline),
  };
};

describe('what stands on it', () => {
  test('who sells is named with the number of its registration', () => {
    const { seller } = printed();
    const paper = paperOf({ seller: { ...seller, taxNumbers: ['27/123/45678'] } });
    expect(paper.parties[0]!.lines).toContain('Tax registration 27/123/45678');
    expect(paper.foot).toContain('VAT ID PL5260001246 · Tax registration 27/123/45678');
  });

  test('a plain invoice says its total once', () => {
    expect(paperOf()).toMatchObject({
      heading: 'Invoice',
      title: 'Invoice INV-000042',
      headline: '$45.00 due January 31, 2027',
      stamp: null,
      warning: null,
      sums: [
        ['Total', '$45.00'],
        ['Amount due', '$45.00'],
      ],
      columns: { tax: null },
      rows: [{ description: 'Team', quantity: '3', unitPrice: '$15.00', amount: '$45.00' }],
    });
    expect(plain(paperOf().rows[0]!.details.join())).toBe('Jan 1 – 31, 2027');
  });

  test('discount, then tax, then credit, then what was paid', () => {
    const { sums, rows } = paperOf({
      lines: [printedLine({ discount: 450, taxes: [{ ...vat, amount: 770 }] }), printedLine({ taxes: [vat] })],
      discount: 450,
      total: 10_175,
      creditApplied: 175,
      amountDue: 10_000,
      amountPaid: 4_000,
    });
    expect(sums).toEqual([
      ['Subtotal', '$90.00'],
      ['Discount', '−$4.50'],
      ['VAT 19% on $85.50', '$16.25'],
      ['Total', '$101.75'],
      ['Credit used', '−$1.75'],
      ['Amount paid', '−$40.00'],
      ['Amount due', '$60.00'],
    ]);
    expect(rows[0]).toMatchObject({ tax: '19%', details: [expect.anything(), 'Discount −$4.50'] });
  });

  test('a tax inside the price is named below the total, on what the seller keeps', () => {
    const { sums } = paperOf({
      lines: [printedLine({ amount: 11_900, taxes: [{ ...vat, amount: 1_900, inclusive: true }] })],
    });
    expect(sums).toEqual([
      ['Subtotal', '$119.00'],
      ['Total', '$119.00'],
      ['Includes VAT 19% on $100.00', '$19.00'],
      ['Amount due', '$119.00'],
    ]);
  });

  test('each rate has its sum, and what is taken back lessens it', () => {
    const reduced = { name: 'VAT', percent: '7', amount: 70, inclusive: false };
    const { sums } = paperOf({
      lines: [
        printedLine({ amount: 1_000, taxes: [{ ...vat, amount: 190 }] }),
        printedLine({ amount: 1_000, taxes: [reduced] }),
        printedLine({ amount: -500, taxes: [{ ...vat, amount: -95 }] }),
      ],
      total: 1_665,
    });
    expect(sums.slice(1, 3)).toEqual([
      ['VAT 19% on $5.00', '$0.95'],
      ['VAT 7% on $10.00', '$0.70'],
    ]);
  });

  test.each<[string, Partial<PrintedInvoice>, string, string | undefined]>([
    ['paid', { state: 'paid', amountPaid: 4_500, paidAt: at('2027-01-03') }, '$45.00 paid on January 3, 2027', 'PAID'],
    ['void', { state: 'void', voidedAt: at('2027-01-04') }, 'Void since January 4, 2027: nothing to pay', 'VOID'],
    ['over nothing', { state: 'paid', amountDue: 0, paidAt: at('2027-01-01') }, 'Nothing to pay', undefined],
    ['paid in part', { amountPaid: 1_000 }, '$35.00 due January 31, 2027', undefined],
    ['credited in part', { amountPaid: 1_000, amountCredited: 500 }, '$30.00 due January 31, 2027', undefined],
    ['given up', { state: 'uncollectible' }, '$45.00 due January 31, 2027', undefined],
  ])('one that is %s', (_what, over, headline, stamp) => {
    expect(paperOf(over).headline).toBe(headline);
    expect(paperOf(over).stamp?.text).toBe(stamp);
  });

  test('one of test mode says that it counts for nothing', () => {
    expect(paperOf({ mode: 'test' }).warning).toBe('TEST');
    expect(paperOf({ mode: 'test' }).notes).toHaveLength(1);
  });

  test.each([
    ['de-DE', 'Europe/Berlin', '45,00 € fällig am 31. Januar 2027', 'Rechnung'],
    ['fr', 'Europe/Paris', '45,00 € à payer avant le 31 janvier 2027', 'Facture'],
    ['es', 'Europe/Madrid', '45,00 €, vence el 31 de enero de 2027', 'Factura'],
    ['ja', 'Asia/Tokyo', '€45.00　支払期限 2027年1月31日', '請求書'],
    ['pt', 'UTC', '€ 45,00 due 31 de janeiro de 2027', 'Invoice'],
  ])('in %s', (locale, timeZone, headline, heading) => {
    const paper = paperOf({ currency: 'eur' }, { locale, timeZone });
    expect(paper).toMatchObject({ heading, headline });
  });

  test('dates are those of the reader’s clock', () => {
    const issuedAt = Date.parse('2027-01-01T02:00:00Z');
    const on = (timeZone: string) => paperOf({ issuedAt }, { locale: 'en-US', timeZone }).facts[1]!.value;
    expect([on('UTC'), on('America/New_York')]).toEqual(['January 1, 2027', 'December 31, 2026']);
  });

  test('every language has every word', () => {
    const names = Object.keys(wordsFor('en').words).sort();
    for (const locale of ['de', 'fr', 'es', 'ja']) {
      const { language, words } = wordsFor(locale);
      expect(language).toBe(locale);
      expect(Object.keys(words).sort()).toEqual(names);
      for (const word of Object.values(words)) if (typeof word === 'string') expect(word).not.toBe('');
    }
  });

  test('the file’s name is one that every system takes', () => {
    expect(fileNameOf('INV-000042', 'pdf')).toBe('INV-000042.pdf');
    expect(fileNameOf('../A/ü"\r\n1', 'pdf')).toBe('---A-----1.pdf');
  });
});

describe('the file', () => {
  const many = printed({ lines: Array.from({ length: 60 }, (_, i) => printedLine({ description: `Seat ${i + 1}` })) });

  test('is the same to the byte, in this process and in another', async () => {
    const [one, two] = [await drawPaper(invoicePaper(many, ENGLISH)), await drawPaper(invoicePaper(many, ENGLISH))];
    expect(one.equals(two)).toBe(true);
    const program = fileURLToPath(new URL('./print-one.ts', import.meta.url));
    const elsewhere = execFileSync(process.execPath, ['--import', 'tsx', program], {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8' },
    });
    expect(elsewhere).toBe(
      createHash('sha256')
        .update(await drawPaper(invoicePaper(printed(), ENGLISH)))
        .digest('hex'),
    );
  });

  test('has every line on some page, and the heading and the page’s number on each', async () => {
    const pages = textOf(await drawPaper(invoicePaper(many, ENGLISH)));
    expect(pages.length).toBeGreaterThan(2);
    for (let seat = 1; seat <= 60; seat++) {
      expect(pages.filter((page) => page.includes(`Seat ${seat}\n`))).toHaveLength(1);
    }
    pages.forEach((page, i) => {
      expect(page).toContain(`INV-000042 · Page ${i + 1} of ${pages.length}`);
    });
    for (const page of pages.slice(0, -1)) expect(page).toContain('Unit price');
    expect(pages.at(-1)).toContain('$2,700.00');
  });

  test('holds letters of every script that a name may have', async () => {
    const names = [
      'Zażółć gęślą jaźń',
      'Ελληνική Εταιρεία',
      'Общество Ромашка',
      'Công ty Việt',
      '株式会社東京ソフト',
      'Ærøskøbing Straße',
    ];
    const buyer = { name: names[0]!, address: names.slice(1), email: null, taxIds: [] };
    const [page] = textOf(await drawPaper(invoicePaper(printed({ buyer }), ENGLISH)));
    for (const name of names) expect(page).toContain(name);
  });

  test.each([
    ['a picture is left out', 'A \u{1F680}\u{1F468}\u200d\u{1F4BB} B', 'A B'],
    ['and what nobody sees', 'A\u0007\u202eB', 'AB'],
    ['a sign that the font has is printed', 'Hydra® ©2027', 'Hydra® ©2027'],
    ['words in other letters are marked, once', 'A \u0645\u062d\u0645\u062f \u0639\u0644\u064a B', 'A […] B'],
  ])('%s', (_what, given, wanted) => {
    const shown = runsOf(given, 'regular').map(({ text }) => text);
    expect(shown.join('')).toBe(wanted);
  });

  test('what is missing breaks no document', async () => {
    const buyer = { name: '\u0645\u062d\u0645\u062f', address: ['\u{1F680}'], email: null, taxIds: [] };
    expect(textOf(await drawPaper(invoicePaper(printed({ buyer }), ENGLISH)))[0]).toContain('[…]');
  });

  test('breaks what is longer than its column, and loses none of it', async () => {
    const long = 'x'.repeat(300);
    const pages = textOf(
      await drawPaper(invoicePaper(printed({ lines: [printedLine({ description: long })] }), ENGLISH)),
    );
    expect(pages.join('').replaceAll('\n', '')).toContain(long);
  });
});
