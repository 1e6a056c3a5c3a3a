/** What one event brings about within the processor. */
import type { Call } from './call.ts';
import { paymentMoved } from './invoice-collection.ts';
import {
  customerGone,
  invoiceFailed,
  invoiceForgiven,
  invoiceOverdue,
  invoicePaid,
  methodSetUp,
} from './subscription-reactions.ts';
import type { Customer, Invoice, PaymentIntent, SetupIntent } from './wire.ts';

export function react(call: Call, type: string, object: object): void {
  switch (type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed':
    case 'payment_intent.requires_action':
      paymentMoved(call, object as PaymentIntent);
      return;
    case 'invoice.payment_succeeded':
      invoicePaid(call, object as Invoice);
      return;
    case 'invoice.payment_failed':
      invoiceFailed(call, object as Invoice);
      return;
    case 'invoice.overdue':
      invoiceOverdue(call, object as Invoice);
      return;
    case 'invoice.voided':
    case 'invoice.marked_uncollectible':
      invoiceForgiven(call, object as Invoice);
      return;
    case 'setup_intent.succeeded':
      methodSetUp(call, object as SetupIntent);
      return;
    case 'customer.deleted':
      customerGone(call, (object as Customer).id);
      return;
  }
}
