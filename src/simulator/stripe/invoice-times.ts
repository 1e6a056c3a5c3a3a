/** When an invoice acts by itself: it finalizes, is tried again, or is overdue. */
import type { Call } from './call.ts';
import { isTold } from './told.ts';
import type { Invoice } from './wire.ts';

export const overdueWord = ({ id }: Pick<Invoice, 'id'>) => `overdue ${id}`;

export function nextTime(call: Pick<Call, 'store'>, invoice: Invoice): number | null {
  switch (invoice.status) {
    case 'draft':
      return invoice.automatically_finalizes_at;
    case 'open':
      if (invoice.collection_method === 'send_invoice') {
        return isTold(call, overdueWord(invoice)) ? null : invoice.due_date;
      }
      return invoice.auto_advance === true ? invoice.next_payment_attempt : null;
    default:
      return null;
  }
}

export function scheduleInvoice(call: Call, invoice: Invoice): void {
  const at = nextTime(call, invoice);
  call.schedule(`due_${invoice.id}`, at, invoice.test_clock, { kind: 'invoice', invoice: invoice.id });
}
