/** Invoices as they are printed: the row, and beside it who sells and who buys, as they were when it was issued. */
import { readBuyer } from '../db/buyers.ts';
import type { Db } from '../db/client.ts';
import { type CustomerKeys, readCustomer } from '../db/customers.ts';
import type { InvoiceRow } from '../db/invoices.ts';
import { readSeller } from '../db/sellers.ts';
import { inTenant, type Scope, type Trx } from '../db/tenant.ts';
import { readTenant } from '../db/tenants.ts';
import { addressLines } from '../documents/address.ts';
import type { PrintedInvoice, PrintedParty, Reader } from '../documents/invoice-document.ts';
import { invariant } from '../domain/invariant.ts';
import { taxNumbersOn } from '../domain/tax-numbers.ts';
import { wordingOf } from '../domain/tax-wording.ts';
import { dayOf } from '../domain/time.ts';

export type Printed = { invoice: PrintedInvoice; reader: Reader };

type Deps = { db: Db; keys: CustomerKeys };

/** In the customer's language and time zone: it is theirs, whoever asks. Null where it is not ours to print. */
export async function printedInvoice(deps: Deps, scope: Scope, row: InvoiceRow): Promise<Printed | null> {
  const { state, number, tax_note: note } = row;
  if (state === 'draft' || number === null || row.processor_invoice_id !== null) return null;
  const { reader, seller, buyer, footer } = await partiesOf(deps, scope, row);
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
    amountCredited: row.credited_open,
    issuedAt: row.issued_at.getTime(),
    dueAt: row.due_at.getTime(),
    paidAt: row.paid_at?.getTime() ?? null,
    voidedAt: row.voided_at?.getTime() ?? null,
    purchaseOrder: row.purchase_order,
    notes: [...(note === null ? [] : [wordingOf(note, reader.locale)]), ...(footer === null ? [] : [footer])],
    seller,
    buyer,
  };
  return { invoice, reader };
}

/** What names the versions of those who were there when it was issued. */
type MadeOut = Pick<InvoiceRow, 'customer_id' | 'seller_version' | 'buyer_version' | 'issued_at' | 'lines'>;
type Parties = { reader: Reader; seller: PrintedParty; buyer: PrintedParty; footer: string | null };

const taxedIn = ({ lines }: MadeOut): string[] => [
  ...new Set(lines.flatMap(({ taxes = [] }) => taxes.map(({ jurisdiction }) => jurisdiction))),
];

/** What was never kept of a party is left out; the tenant's own name stands in for a seller's. */
async function partiesOf({ db, keys }: Deps, scope: Scope, madeOut: MadeOut): Promise<Parties> {
  const { customer, buyer, seller } = await inTenant(db, scope, async (trx: Trx) => ({
    customer: await readCustomer(trx, keys, madeOut.customer_id),
    buyer:
      madeOut.buyer_version === null ? null : await readBuyer(trx, keys, madeOut.customer_id, madeOut.buyer_version),
    seller: madeOut.seller_version === null ? null : (await readSeller(trx, madeOut.seller_version))?.seller,
  }));
  invariant(customer, `${madeOut.customer_id} is there, since something was made out to them`);
  const { locale, timeZone, email } = customer;
  const tenant = seller ? null : await readTenant(db, scope);
  return {
    reader: { locale, timeZone },
    seller: {
      name: seller?.legalName ?? tenant?.name ?? null,
      address: seller ? addressLines(seller.address, locale) : [],
      email: null,
      taxIds: seller?.taxIds.map(({ number }) => number) ?? [],
      taxNumbers: seller
        ? taxNumbersOn(seller, taxedIn(madeOut), dayOf(madeOut.issued_at.getTime(), seller.timeZone))
        : [],
    },
    buyer: {
      name: buyer?.name ?? customer.name,
      address: buyer?.address ? addressLines(buyer.address, locale) : [],
      email,
      taxIds: buyer?.taxId ? [buyer.taxId] : [],
    },
    footer: seller?.invoiceFooter ?? null,
  };
}
