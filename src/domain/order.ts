/** What a processor that collects by itself is told to do. Nothing has changed before it has answered. */
import type { PaymentMethodId } from './ids.ts';
import type { Terms } from './price-book.ts';
import type { Instant } from './time.ts';

export type OrderToDo =
  | { what: 'create'; terms: Terms; quantity: number; paymentMethod: PaymentMethodId | null; trialDays: number }
  | {
      what: 'change';
      terms: Terms;
      quantity: number;
      proration: 'invoice_now' | 'next_invoice' | 'none';
    }
  | { what: 'cancel'; when: 'now' | 'period_end' | Instant }
  | { what: 'uncancel' }
  | { what: 'pause'; resumeAt: Instant | null }
  | { what: 'resume' }
  | { what: 'use_payment_method'; paymentMethod: PaymentMethodId };

/** The n-th of its subscription. */
export type Order = OrderToDo & { n: number };
