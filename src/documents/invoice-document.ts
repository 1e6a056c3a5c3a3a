/** An invoice as it is read by the one who pays it: the same facts as over the wire, in the reader's words. */
import type { Currency } from '../domain/currency.ts';
import { addDays, type Day, type Instant, type TimeZone } from '../domain/time.ts';
import { type Formats, formatsFor } from './format.ts';
import { arithmeticIn, sentenceIn } from './line-words.ts';
import type { Paper, PaperParty, PaperRow, PaperSum } from './paper.ts';
import { type Language, type Words, wordsFor } from './words.ts';

/** Who sells or buys, as they were when it was issued. What is not known is left out. */
export type PrintedParty = {
  name: string | null;
  address: readonly string[];
  email: string | null;
  taxIds: readonly string[];
  /** Of the registrations that it charges taxes under. */
  taxNumbers?: readonly string[];
};

/** For whom it is written: their language, their customs, their clock. */
export type Reader = { locale: string; timeZone: TimeZone };

export type PrintedTax = { name: string; percent: string; amount: number; inclusive: boolean };

export type PrintedLine = {
  description: string;
  quantity: number;
  unitPrice: string | null;
  amount: number;
  period: { from: Day; to: Day } | null;
  proration: string | null;
  discount: number;
  taxes: readonly PrintedTax[];
};

export type PrintedInvoice = {
  mode: 'test' | 'live';
  number: string;
  state: 'open' | 'paid' | 'void' | 'uncollectible';
  currency: Currency;
  lines: readonly PrintedLine[];
  subtotal: number;
  discount: number;
  total: number;
  creditApplied: number;
  amountDue: number;
  amountPaid: number;
  /** By credit notes, of what was still open. */
  amountCredited: number;
  issuedAt: Instant;
  dueAt: Instant;
  paidAt: Instant | null;
  voidedAt: Instant | null;
  purchaseOrder: string | null;
  /** Sentences that the law asks for. */
  notes: readonly string[];
  seller: PrintedParty;
  buyer: PrintedParty;
};

/** What an invoice and a credit note share: words, formats, and the paper's frame. */
export type Pen = { words: Words; language: Language; formats: Formats; money: (amount: number) => string };

export function penFor({ locale, timeZone }: Reader, currency: Currency): Pen {
  const { language, words } = wordsFor(locale);
  const formats = formatsFor(locale, timeZone);
  // A minus is as wide as the figures beside it; Intl writes the hyphen of typewriters.
  return { words, language, formats, money: (amount) => formats.money(amount, currency).replace('-', '−') };
}

export function invoicePaper(invoice: PrintedInvoice, reader: Reader): Paper {
  const { number, currency, issuedAt, dueAt, paidAt, purchaseOrder, seller, buyer, mode, lines } = invoice;
  const pen = penFor(reader, currency);
  const { words, language, formats } = pen;
  return {
    language,
    title: `${words.invoice} ${number}`,
    heading: words.invoice,
    issuedAt,
    issuer: seller.name ?? '',
    facts: [
      { label: words.invoiceNumber, value: number },
      { label: words.issuedOn, value: formats.date(issuedAt) },
      paidAt === null
        ? { label: words.dueOn, value: formats.date(dueAt) }
        : { label: words.paidOn, value: formats.date(paidAt) },
      ...(purchaseOrder === null ? [] : [{ label: words.purchaseOrder, value: purchaseOrder }]),
    ],
    parties: [partyOf(words.from, seller, words), partyOf(words.billTo, buyer, words)],
    headline: headlineOf(invoice, pen),
    stamp: stampOf(invoice, words),
    warning: mode === 'test' ? words.test : null,
    columns: columnsOf(words, lines),
    rows: lines.map((line) => rowOf(line, currency, pen)),
    sums: sumsOf(invoice, pen),
    notes: [...invoice.notes, ...(mode === 'test' ? [words.testNote] : [])],
    foot: footOf(seller, words),
    pageOf: (page, pages) => `${number} · ${words.page(page, pages)}`,
  };
}

const left = ({ amountDue, amountPaid, amountCredited }: PrintedInvoice): number =>
  Math.max(amountDue - amountPaid - amountCredited, 0);

function headlineOf(invoice: PrintedInvoice, { words, formats, money }: Pen): string {
  const { state, paidAt, voidedAt, dueAt, amountDue, amountPaid } = invoice;
  if (state === 'void') return words.headlineVoid(formats.date(voidedAt ?? dueAt));
  if (amountDue === 0) return words.headlineNothing;
  if (state === 'paid' && paidAt !== null) return words.headlinePaid(money(amountPaid), formats.date(paidAt));
  return words.headlineDue(money(left(invoice)), formats.date(dueAt));
}

function stampOf({ state, amountDue }: PrintedInvoice, words: Words): Paper['stamp'] {
  if (state === 'void') return { text: words.void, tone: 'quiet' };
  return state === 'paid' && amountDue > 0 ? { text: words.paid, tone: 'good' } : null;
}

export const columnsOf = (words: Words, lines: readonly PrintedLine[]): Paper['columns'] => ({
  description: words.description,
  quantity: words.quantity,
  unitPrice: words.unitPrice,
  tax: lines.some(({ taxes }) => taxes.length > 0) ? words.tax : null,
  amount: words.amount,
});

export function rowOf(line: PrintedLine, currency: Currency, { words, language, formats, money }: Pen): PaperRow {
  const { description, quantity, unitPrice, amount, period, proration, discount, taxes } = line;
  const isEmpty = period === null || period.from >= period.to;
  return {
    description: sentenceIn(description, language),
    details: [
      // The last day that is paid for is the one before the period's end.
      ...(isEmpty ? [] : [formats.days(period.from, addDays(period.to, -1))]),
      ...(proration === null ? [] : [arithmeticIn(proration, language, formats)]),
      ...(discount === 0 ? [] : [words.discounted(money(-discount))]),
    ],
    quantity: formats.number(quantity),
    unitPrice: unitPrice === null ? '' : formats.price(unitPrice, currency).replace('-', '−'),
    tax: [...new Set(taxes.map(({ percent }) => formats.percent(percent)))].join(' + '),
    amount: money(amount),
  };
}

function sumsOf(invoice: PrintedInvoice, pen: Pen): PaperSum[] {
  const { subtotal, discount, total, creditApplied, amountPaid, amountCredited, state, lines } = invoice;
  const { words, money } = pen;
  const taxes = taxSums(lines, pen);
  const isPlain = discount === 0 && taxes.length === 0;
  return [
    ...(isPlain ? [] : [{ label: words.subtotal, value: money(subtotal) }]),
    ...(discount === 0 ? [] : [{ label: words.discount, value: money(-discount) }]),
    ...taxes.filter(({ inclusive }) => !inclusive),
    { label: words.total, value: money(total), strong: true },
    ...taxes.filter(({ inclusive }) => inclusive),
    ...(creditApplied === 0 ? [] : [{ label: words.creditUsed, value: money(-creditApplied) }]),
    ...(amountPaid === 0 ? [] : [{ label: words.amountPaid, value: money(-amountPaid) }]),
    ...(amountCredited === 0 ? [] : [{ label: words.amountCredited, value: money(-amountCredited) }]),
    ...(state === 'void' ? [] : [{ label: words.amountDue, value: money(left(invoice)), strong: true }]),
  ];
}

type TaxSum = PaperSum & { inclusive: boolean };

/** By rate: what it was taken on, and what it came to. */
export function taxSums(lines: readonly PrintedLine[], { words, formats, money }: Pen): TaxSum[] {
  const sums = new Map<string, PrintedTax & { base: number }>();
  for (const { amount, discount, taxes } of lines) {
    const inside = taxes.reduce((sum, tax) => (tax.inclusive ? sum + tax.amount : sum), 0);
    for (const tax of taxes) {
      const key = JSON.stringify([tax.name, tax.percent, tax.inclusive]);
      const sum = sums.get(key) ?? { ...tax, amount: 0, base: 0 };
      sums.set(key, { ...sum, amount: sum.amount + tax.amount, base: sum.base + amount - discount - inside });
    }
  }
  return [...sums.values()].map(({ name, percent, amount, base, inclusive }) => ({
    label: (inclusive ? words.includedTax : words.taxOn)(name, formats.percent(percent), money(base)),
    value: money(amount),
    inclusive,
  }));
}

export function partyOf(label: string, party: PrintedParty, words: Words): PaperParty {
  const { name, address, email } = party;
  return {
    label,
    name: name ?? '',
    lines: [...address, ...(email === null ? [] : [email]), ...taxLines(party, words)],
  };
}

export const footOf = (party: PrintedParty, words: Words): string =>
  [party.name, party.address.join(', '), ...taxLines(party, words)].filter(Boolean).join(' · ');

const taxLines = ({ taxIds, taxNumbers = [] }: PrintedParty, words: Words): string[] => [
  ...taxIds.map((taxId) => `${words.vatId} ${taxId}`),
  ...taxNumbers.map((number) => `${words.taxNumber} ${number}`),
];

/** A name for the file that no system refuses, and that tells nothing but the number. */
export const fileNameOf = (number: string, extension: 'pdf' | 'csv'): string =>
  `${number.replaceAll(/[^A-Za-z0-9-]/g, '-')}.${extension}`;
