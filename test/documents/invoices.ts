/** Invoices as they are printed, with the boring parts in place. */
import type { PrintedInvoice, PrintedLine, Reader } from '../../src/documents/invoice-document.ts';
import { at } from '../domain/builders.ts';

export const ENGLISH: Reader = { locale: 'en-US', timeZone: 'UTC' };

export const printedLine = (over: Partial<PrintedLine> = {}): PrintedLine => ({
  description: 'Team',
  quantity: 3,
  unitPrice: '1500',
  amount: 4_500,
  period: { from: '2027-01-01', to: '2027-02-01' },
  proration: null,
  discount: 0,
  taxes: [],
  ...over,
});

export const printed = (over: Partial<PrintedInvoice> = {}): PrintedInvoice => {
  const lines = over.lines ?? [printedLine()];
  const subtotal = lines.reduce((sum, { amount }) => sum + amount, 0);
  return {
    mode: 'live',
    number: 'INV-000042',
    state: 'open',
    currency: 'usd',
    lines,
    subtotal,
    discount: 0,
    total: subtotal,
    creditApplied: 0,
    amountDue: subtotal,
    amountPaid: 0,
    amountCredited: 0,
    issuedAt: at('2027-01-01'),
    dueAt: at('2027-01-31'),
    paidAt: null,
    voidedAt: null,
    purchaseOrder: null,
    notes: [],
    seller: {
      name: 'Hydra Software Sp. z o.o.',
      address: ['ul. Piotrkowska 12', '90-001 Łódź', 'Polska'],
      email: null,
      taxIds: ['PL5260001246'],
    },
    buyer: { name: 'Ada Lovelace', address: [], email: 'ada@example.com', taxIds: [] },
    ...over,
  };
};
