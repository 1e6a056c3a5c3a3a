/** An invoice as a table: a row for each line, each with what it belongs to, so that files can be put below each other. */
import { dayOf } from '../domain/time.ts';
import { type Column, decimal } from './csv.ts';
import type { PrintedInvoice, PrintedLine, Reader } from './invoice-document.ts';

type Row = { invoice: PrintedInvoice; line: PrintedLine; position: number };

export const invoiceRows = (invoice: PrintedInvoice): Row[] =>
  invoice.lines.map((line, i) => ({ invoice, line, position: i + 1 }));

export function invoiceColumns({ timeZone }: Pick<Reader, 'timeZone'>): Column<Row>[] {
  const day = (at: number | null) => (at === null ? null : dayOf(at, timeZone));
  const tax = ({ line }: Row) => line.taxes.reduce((sum, { amount }) => sum + amount, 0);
  return [
    { name: 'number', value: ({ invoice }) => invoice.number },
    { name: 'state', value: ({ invoice }) => invoice.state },
    { name: 'issuedOn', value: ({ invoice }) => day(invoice.issuedAt) },
    { name: 'dueOn', value: ({ invoice }) => day(invoice.dueAt) },
    { name: 'paidOn', value: ({ invoice }) => day(invoice.paidAt) },
    { name: 'purchaseOrder', value: ({ invoice }) => invoice.purchaseOrder },
    { name: 'currency', value: ({ invoice }) => invoice.currency },
    { name: 'line', value: ({ position }) => position },
    { name: 'description', value: ({ line }) => line.description },
    { name: 'from', value: ({ line }) => line.period?.from ?? null },
    { name: 'to', value: ({ line }) => line.period?.to ?? null },
    { name: 'quantity', value: ({ line }) => line.quantity },
    { name: 'amount', value: ({ invoice, line }) => decimal(line.amount, invoice.currency) },
    { name: 'discount', value: ({ invoice, line }) => decimal(line.discount, invoice.currency) },
    { name: 'tax', value: (row) => decimal(tax(row), row.invoice.currency) },
    { name: 'taxRates', value: ({ line }) => line.taxes.map(({ name, percent }) => `${name} ${percent}%`).join(' + ') },
    { name: 'proration', value: ({ line }) => line.proration },
  ];
}
