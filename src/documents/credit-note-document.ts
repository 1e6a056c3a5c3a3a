/** A credit note as it is read by the one who gets something back: which invoice it corrects, what of it, and where it went. */
import type { Currency } from '../domain/currency.ts';
import type { Instant } from '../domain/time.ts';
import {
  columnsOf,
  footOf,
  type PrintedLine,
  type PrintedParty,
  partyOf,
  penFor,
  type Reader,
  rowOf,
  taxSums,
} from './invoice-document.ts';
import type { Paper } from './paper.ts';

/** Amounts are what is given back, and positive. */
export type PrintedCreditNote = {
  mode: 'test' | 'live';
  number: string;
  /** The number of the invoice that it corrects. */
  invoice: string;
  reason: string | null;
  currency: Currency;
  lines: readonly PrintedLine[];
  total: number;
  /** Taken off what was still owed, added to the customer's credit, sent back to where it came from: they come to the total. */
  lessOwed: number;
  credited: number;
  refunded: number;
  issuedAt: Instant;
  notes: readonly string[];
  seller: PrintedParty;
  buyer: PrintedParty;
};

export function creditNotePaper(note: PrintedCreditNote, reader: Reader): Paper {
  const { number, invoice, currency, lines, total, issuedAt, reason, seller, buyer, mode } = note;
  const pen = penFor(reader, currency);
  const { words, language, formats, money } = pen;
  const taxes = taxSums(lines, pen);
  const net = lines.reduce((sum, { amount, discount }) => sum + amount - discount, 0);
  const parts = [
    { label: words.lessOwed, amount: note.lessOwed },
    { label: words.credited, amount: note.credited },
    { label: words.refunded, amount: note.refunded },
  ];
  return {
    language,
    title: `${words.creditNote} ${number}`,
    heading: words.creditNote,
    issuedAt,
    issuer: seller.name ?? '',
    facts: [
      { label: words.creditNoteNumber, value: number },
      { label: words.correctedInvoice, value: invoice },
      { label: words.issuedOn, value: formats.date(issuedAt) },
      ...(reason === null ? [] : [{ label: words.reason, value: reason }]),
    ],
    parties: [partyOf(words.from, seller, words), partyOf(words.billTo, buyer, words)],
    headline: words.headlineCredit(money(total)),
    stamp: null,
    warning: mode === 'test' ? words.test : null,
    columns: columnsOf(words, lines),
    rows: lines.map((line) => rowOf(line, currency, pen)),
    sums: [
      ...(taxes.length === 0 ? [] : [{ label: words.subtotal, value: money(net) }]),
      ...taxes.filter(({ inclusive }) => !inclusive),
      { label: words.total, value: money(total), strong: true },
      ...taxes.filter(({ inclusive }) => inclusive),
      ...parts.flatMap(({ label, amount }) => (amount === 0 ? [] : [{ label, value: money(amount) }])),
    ],
    notes: [...note.notes, ...(mode === 'test' ? [words.testNote] : [])],
    foot: footOf(seller, words),
    pageOf: (page, pages) => `${number} · ${words.page(page, pages)}`,
  };
}
