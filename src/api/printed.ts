/** Invoices as they are printed: the row, and beside it who sells and who buys. */
import { readCustomer } from '../db/customers.ts';
import type { InvoiceRow } from '../db/invoices.ts';
import { inTenant } from '../db/tenant.ts';
import { readTenant } from '../db/tenants.ts';
import type { PrintedInvoice, PrintedParty, Reader } from '../documents/invoice-document.ts';
import { invariant } from '../domain/invariant.ts';
import { Problem } from './problem.ts';
import type { Call } from './route.ts';

const UNKNOWN: PrintedParty = { name: null, address: [], email: null, taxId: null, registration: null };

export type Printed = { invoice: PrintedInvoice; reader: Reader };

/** In the customer's language and time zone: it is theirs, whoever asks. */
export async function printedInvoice({ parts, scope }: Call, row: InvoiceRow): Promise<Printed> {
  const { state, number } = row;
  if (state === 'draft' || number === null)
    throw new Problem(409, 'invoice_is_draft', 'a draft has no number yet, and is not printed');
  const customer = await inTenant(parts.db, scope, (trx) => readCustomer(trx, parts.keys, row.customer_id));
  invariant(customer, `${row.customer_id} is there, since ${row.id} is theirs`);
  const tenant = await readTenant(parts.db, scope);
  const invoice: PrintedInvoice = {
    mode: row.mode,
    number,
    state,
    currency: row.currency,
    lines: row.lines.map((line) => ({ ...line, discount: line.discount ?? 0, taxes: line.taxes ?? [] })),
    subtotal: row.subtotal,
    discount: row.discount,
    total: row.total,
    creditApplied: row.credit_applied,
    amountDue: row.amount_due,
    amountPaid: row.amount_paid,
    issuedAt: row.issued_at.getTime(),
    dueAt: row.due_at.getTime(),
    paidAt: row.paid_at?.getTime() ?? null,
    voidedAt: row.voided_at?.getTime() ?? null,
    purchaseOrder: row.purchase_order,
    notes: [],
    seller: { ...UNKNOWN, name: tenant?.name ?? null },
    buyer: { ...UNKNOWN, name: customer.name, email: customer.email },
  };
  return { invoice, reader: { locale: customer.locale, timeZone: customer.timeZone } };
}
