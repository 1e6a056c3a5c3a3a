/**
 * Which of the events that a subscription tells is written to its customer, and under which cause. Pure: a cause names the
 * business fact, so that an event told twice, or told by two events, is one mail.
 */
import type { InvoiceId, PaymentMethodId, SubscriptionId } from '../domain/ids.ts';
import type { DeclineClass } from '../domain/input.ts';
import type { Instant } from '../domain/time.ts';
import type { Message } from './messages.ts';

/** A row of the outbox, as much of it as a mail is made of. */
export type Told = {
  subscription: SubscriptionId;
  version: number;
  type: string;
  payload: Readonly<Record<string, string | number | null>>;
  at: Instant;
};

export type Occasion = {
  message: Message;
  cause: string;
  /** The day that it speaks of; null where there is none. */
  date: Instant | null;
  invoice?: InvoiceId;
  attempt?: number;
  /** In minor units of the subscription's currency. */
  amount?: number;
  oldAmount?: number;
  decline?: DeclineClass;
  retryAt?: Instant | null;
  method?: PaymentMethodId | null;
  plan?: string;
  newPlan?: string;
};

/** The events that may be an occasion. */
export const OCCASIONS: ReadonlySet<string> = new Set([
  ...['subscription.trial_will_end', 'subscription.renewal_ahead', 'invoice.paid', 'payment.failed'],
  ...['payment.needs_action', 'payment.action_reminder', 'access.grace_ending', 'access.changed'],
  ...['subscription.unpaid', 'subscription.cancel_planned', 'subscription.cancel_undone', 'subscription.resumed'],
  ...['subscription.paused', 'subscription.canceled', 'subscription.changed', 'subscription.payment_method_changed'],
  ...['card.expiring', 'refund.succeeded'],
]);

export function occasionOf({ subscription, version, type, payload, at }: Told): Occasion | null {
  const number = (name: string): number | null => (typeof payload[name] === 'number' ? payload[name] : null);
  const text = <T extends string>(name: string): T | null =>
    typeof payload[name] === 'string' ? (payload[name] as T) : null;
  /** What happens to a subscription again and again happens once a version. */
  const once = (message: Message): { message: Message; cause: string } => ({
    message,
    cause: `${message}/${subscription}/${version}`,
  });
  const ofInvoice = () => ({ invoice: text<InvoiceId>('invoice')!, attempt: number('attempt') ?? 0 });
  switch (type) {
    case 'subscription.trial_will_end':
      return {
        message: 'trial_ending',
        cause: `trial_ending/${subscription}/${number('until')}`,
        date: number('until'),
      };
    case 'subscription.renewal_ahead': {
      const message = text('why') === 'price' ? 'price_changing' : 'renewal_ahead';
      const prices = { amount: number('to') ?? 0, oldAmount: number('from') ?? 0 };
      const cause = `${message}/${subscription}/${number('at')}`;
      return { message, cause, date: number('at'), ...(message === 'price_changing' && prices) };
    }
    case 'invoice.paid': {
      const { invoice } = ofInvoice();
      return { message: 'receipt', cause: `receipt/${invoice}`, date: at, invoice };
    }
    case 'payment.failed': {
      const { invoice, attempt } = ofInvoice();
      const decline = text<DeclineClass>('decline') ?? 'soft';
      const message = decline === 'authentication_required' ? 'action_needed' : 'payment_failed';
      const cause = `${message}/${invoice}/${attempt}`;
      return { message, cause, date: null, invoice, attempt, decline, retryAt: number('retryAt') };
    }
    case 'payment.needs_action': {
      const { invoice, attempt } = ofInvoice();
      return { message: 'action_needed', cause: `action_needed/${invoice}/${attempt}`, date: null, invoice, attempt };
    }
    case 'payment.action_reminder': {
      const { invoice, attempt } = ofInvoice();
      const cause = `action_needed/${invoice}/${attempt}/${number('reminder')}`;
      return { message: 'action_needed', cause, date: null, invoice };
    }
    case 'access.grace_ending':
      return { ...once('grace_ending'), date: number('until') };
    case 'access.changed':
      return text('level') === 'restricted' ? { ...once('restricted'), date: number('until') } : null;
    case 'subscription.unpaid':
      return { ...once('unpaid'), date: null };
    case 'subscription.cancel_planned':
      return { ...once('cancellation_planned'), date: number('cancelAt') };
    case 'subscription.cancel_undone':
    case 'subscription.resumed':
      return { ...once('resumed'), date: null };
    case 'subscription.paused':
      return { ...once('paused'), date: number('resumeAt') };
    case 'subscription.canceled': {
      const isKnown = ['requested', 'dunning', 'trial_ended', 'term_ended'].includes(text('reason') ?? '');
      return isKnown ? { message: 'canceled', cause: `canceled/${subscription}`, date: at } : null;
    }
    case 'subscription.changed': {
      const [plan, newPlan, amount] = [text('from'), text('to'), number('price')];
      if (plan === null || newPlan === null || amount === null) return null;
      return { ...once('plan_changed'), date: number('since') ?? at, plan, newPlan, amount };
    }
    case 'subscription.payment_method_changed':
      return { ...once('card_changed'), date: null, method: text<PaymentMethodId>('paymentMethod') };
    case 'card.expiring': {
      const method = text<PaymentMethodId>('paymentMethod');
      return { message: 'card_expiring', cause: `card_expiring/${method}`, date: number('next'), method };
    }
    case 'refund.succeeded': {
      const invoice = text<InvoiceId>('invoice');
      const cause = `refund/${text('refund')}`;
      return { message: 'refund', cause, date: at, amount: number('amount') ?? 0, ...(invoice && { invoice }) };
    }
    default:
      return null;
  }
}
