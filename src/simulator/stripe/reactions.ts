/** What one event brings about within the processor. */
import type { Call } from './call.ts';
import { intentDone, subscriptionMoved } from './checkout-session.ts';
import { paymentMoved } from './invoice-collection.ts';
import { scheduleOver } from './schedules.ts';
import {
  customerGone,
  invoiceFailed,
  invoiceForgiven,
  invoiceOverdue,
  invoicePaid,
  methodSetUp,
} from './subscription-reactions.ts';
import type { Customer, Invoice, PaymentIntent, SetupIntent, Subscription } from './wire.ts';

export function react(call: Call, type: string, object: object): void {
  switch (type) {
    case 'payment_intent.succeeded':
      paymentMoved(call, object as PaymentIntent);
      intentDone(call, (object as PaymentIntent).id);
      return;
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
      intentDone(call, (object as SetupIntent).id);
      return;
    case 'customer.subscription.updated':
      subscriptionMoved(call, object as Subscription);
      return;
    case 'customer.subscription.deleted':
      scheduleOver(call, object as Subscription);
      return;
    case 'customer.deleted':
      customerGone(call, (object as Customer).id);
      return;
  }
}
