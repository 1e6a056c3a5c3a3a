/** What waits for a customer's next invoice: extras, and what a change gives back or costs. */
import { newId } from '../ids.ts';
import type { Index } from '../lookup.ts';
import type { Call } from './call.ts';
import { itemLine } from './invoice-lines.ts';
import type { InvoiceItem, InvoiceLine } from './wire.ts';

type Waiting = Pick<InvoiceItem, 'amount' | 'currency' | 'description' | 'period'> & Partial<InvoiceItem>;

export function addWaiting(call: Call, customer: string, fields: Waiting): InvoiceItem {
  const at = call.now(customer);
  const item = call.store.put('invoiceitem', {
    id: newId('ii'),
    object: 'invoiceitem',
    customer,
    customer_account: null,
    date: at,
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    parent: null,
    pricing: null,
    proration: false,
    quantity: 1,
    quantity_decimal: '1',
    tax_rates: [],
    test_clock: call.store.get('customer', customer)?.test_clock ?? null,
    ...fields,
  });
  call.emit('invoiceitem.created', item, at);
  return item;
}

const waiting: Index<InvoiceItem> = { key: ({ customer, invoice }) => (invoice === null ? customer : null) };

/** What a customer's next invoice takes along: their own waiting items, and those of the subscription. */
export function waitingLines(
  call: Call,
  customer: string,
  subscription: string | null,
  currency: string,
): InvoiceLine[] {
  return call.store
    .find('invoiceitem', waiting, customer)
    .filter((item) => {
      const owner = item.parent?.subscription_details?.subscription ?? null;
      return item.currency === currency && (owner === null || owner === subscription);
    })
    .map(itemLine);
}
