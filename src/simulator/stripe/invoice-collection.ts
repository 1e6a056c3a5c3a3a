/** An invoice from its draft to its money: finalized, tried, tried again, paid, or given up. */

import { DAY, HOUR } from './calendar.ts';
import type { Call } from './call.ts';
import { settle } from './customer-balance.ts';
import { type Decline, declineFor } from './declines.ts';
import { invalid } from './errors.ts';
import { meet } from './habits.ts';
import { change, keep, subscriptionOf, timeOf } from './invoice.ts';
import { addPayment, defaultPayment, endPayment, paymentBy } from './invoice-payments.ts';
import { overdueWord } from './invoice-times.ts';
import { leastCharge } from './money.ts';
import { openIntent, withdraw } from './payment-intents.ts';
import { confirm } from './payments.ts';
import { retryRules } from './retry-rules.ts';
import { type Answer, answer } from './route.ts';
import { tellOnce } from './told.ts';
import type { Invoice, PaymentIntent, PaymentMethod } from './wire.ts';

/** Its number is given, what is on account is settled, and its payment is opened. */
export function finalize(call: Call, draft: Invoice): Invoice {
  if (draft.status !== 'draft') throw notDraft(draft);
  const customer = call.store.get('customer', draft.customer!)!;
  const at = timeOf(call, draft);
  const sequence = customer.next_invoice_sequence ?? 1;
  call.store.put('customer', { ...customer, next_invoice_sequence: sequence + 1 });
  const { total, currency } = draft;
  const owed = Math.max(0, total + customer.balance);
  const amount_due = owed < leastCharge(currency) ? 0 : owed;
  const moved = amount_due - total; // what the account pays (below zero), or takes over
  if (moved !== 0) {
    const type = 'applied_to_invoice';
    settle(call, customer.id, { amount: -moved, currency, type, invoice: draft.id });
  }
  const url = call.world.url();
  const open = keep(call, {
    ...draft,
    amount_due,
    amount_remaining: amount_due,
    automatically_finalizes_at: null,
    effective_at: at,
    ending_balance: customer.balance - moved,
    hosted_invoice_url: `${url}/sim/invoice/${draft.id}`,
    invoice_pdf: `${url}/sim/invoice/${draft.id}`,
    next_payment_attempt: null,
    number: `${customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`,
    starting_balance: customer.balance,
    status: 'open',
    status_transitions: { ...draft.status_transitions, finalized_at: at },
  });
  call.emit('invoice.finalized', open, at);
  if (amount_due === 0) return paid(call, open);
  openPayment(call, open);
  return open;
}

const whatFor: Record<string, string> = {
  subscription_create: 'Subscription creation',
  subscription_update: 'Subscription update',
  subscription_cycle: 'Subscription update',
};

function openPayment(call: Call, invoice: Invoice): void {
  const intent = openIntent(call, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer!,
    description: whatFor[invoice.billing_reason ?? ''] ?? `Payment for Invoice ${invoice.number}`,
    setup_future_usage: subscriptionOf(invoice) === null ? null : 'off_session',
  });
  addPayment(call, invoice, intent.id, intent.created);
}

type Collecting = { offSession: boolean; method?: PaymentMethod };

/** Tries to get the money. What comes of it is told by the payment's own events, see `paymentMoved`. */
export function collect(call: Call, invoice: Invoice, { offSession, method }: Collecting): Answer | null {
  const chosen = method ?? methodOf(call, invoice);
  const intent = intentOf(call, invoice)!;
  if (chosen === undefined) {
    failed(call, invoice);
    return null;
  }
  const { behaviour } = meet(call, chosen, invoice.customer);
  const how = { offSession, returnUrl: null, errorOnAction: false, asksWhenAbsent: true };
  return confirm(call, intent, chosen, behaviour, how);
}

/** The processor's own tries: each says when the next one is before it begins. */
export function collectByItself(call: Call, invoice: Invoice, offSession = true): void {
  const { retryDays } = retryRules(call);
  const tries = call.store.get('sim.tries', invoice.id)?.count ?? 0;
  call.store.put('sim.tries', { id: invoice.id, count: tries + 1 });
  const pause = invoice.auto_advance === true ? retryDays[tries] : undefined;
  const next_payment_attempt = pause === undefined ? null : timeOf(call, invoice) + pause * DAY;
  collect(call, keep(call, { ...invoice, next_payment_attempt }), { offSession });
}

/** No more tries are left to the processor. */
export function isGivenUp(call: Call, { id, next_payment_attempt, auto_advance }: Invoice): boolean {
  const tries = call.store.get('sim.tries', id)?.count ?? 0;
  return auto_advance === true && next_payment_attempt === null && tries > retryRules(call).retryDays.length;
}

/** The card that an invoice is charged to: its own, its subscription's, or its customer's. */
export function methodOf(call: Call, invoice: Invoice): PaymentMethod | undefined {
  const customer = call.store.get('customer', invoice.customer!);
  const subscription = call.store.get('subscription', subscriptionOf(invoice) ?? '');
  const id =
    invoice.default_payment_method ??
    subscription?.default_payment_method ??
    customer?.invoice_settings.default_payment_method ??
    '';
  const method = call.store.get('payment_method', id);
  return method?.customer === invoice.customer ? method : undefined;
}

export function intentOf(call: Pick<Call, 'store'>, invoice: Pick<Invoice, 'id'>): PaymentIntent | undefined {
  return call.store.get('payment_intent', defaultPayment(call, invoice.id)?.payment.payment_intent ?? '');
}

/** A bank is at work on it: nothing else can be done about it meanwhile. */
export function assertAtRest(call: Call, invoice: Invoice): void {
  if (isProcessing(call, invoice)) throw invalid('This invoice has a payment that is processing.');
}

export const isProcessing = (call: Call, invoice: Invoice) => intentOf(call, invoice)?.status === 'processing';

/** A payment has come to an end, or waits for its customer: if it is an invoice's, the invoice follows. */
export function paymentMoved(call: Call, intent: PaymentIntent): void {
  const payment = paymentBy(call, intent.id);
  const invoice = payment && call.store.get('invoice', payment.invoice);
  if (payment === undefined || invoice === undefined) return;
  const isOpen = invoice.status === 'open' || invoice.status === 'uncollectible';
  if (!isOpen || payment.status !== 'open') return;
  switch (intent.status) {
    case 'succeeded': {
      const at = timeOf(call, invoice);
      call.emit('invoice_payment.paid', endPayment(call, payment, 'paid', at), at);
      paid(call, { ...invoice, attempt_count: invoice.attempt_count + 1, attempted: true }, invoice);
      return;
    }
    case 'requires_payment_method':
      failed(call, invoice);
      return;
    case 'requires_action':
      asked(call, invoice);
  }
}

export function paid(call: Call, invoice: Invoice, before = invoice, outOfBand = false): Invoice {
  const at = timeOf(call, invoice);
  const after = change(call, before, {
    ...invoice,
    amount_paid: invoice.amount_due,
    ...(outOfBand && { amount_paid_off_stripe: invoice.amount_due }),
    amount_remaining: 0,
    attempted: true,
    next_payment_attempt: null,
    status: 'paid',
    status_transitions: { ...invoice.status_transitions, paid_at: at },
  });
  call.emit('invoice.paid', after, at);
  call.emit('invoice.payment_succeeded', after, at);
  return call.store.get('invoice', after.id)!;
}

function failed(call: Call, before: Invoice): void {
  const after = keep(call, { ...before, attempt_count: before.attempt_count + 1, attempted: true });
  const at = timeOf(call, after);
  call.emit('invoice.updated', after, at, { attempt_count: before.attempt_count, attempted: before.attempted });
  call.emit('invoice.payment_failed', after, at);
}

/** The bank wants to see its customer. Who isn't there hasn't paid. */
function asked(call: Call, before: Invoice): void {
  const isFirst = before.billing_reason === 'subscription_create';
  const after = keep(call, { ...before, attempt_count: before.attempt_count + 1, attempted: true });
  const at = timeOf(call, after);
  call.emit('invoice.payment_action_required', after, at);
  if (!isFirst) call.emit('invoice.payment_failed', after, at);
}

export function voidInvoice(call: Call, before: Invoice): Invoice {
  if (before.status !== 'open' && before.status !== 'uncollectible') throw wrongStatus('void', before);
  assertAtRest(call, before);
  const at = timeOf(call, before);
  withdrawPayment(call, before, at);
  const after = keep(call, {
    ...before,
    amount_remaining: 0,
    next_payment_attempt: null,
    status: 'void',
    status_transitions: { ...before.status_transitions, voided_at: at },
  });
  giveBackCredit(call, before);
  call.emit('invoice.voided', after, at);
  return after;
}

/** What the customer's account paid for a voided invoice, it gets again. */
function giveBackCredit(call: Call, { id, customer, currency, starting_balance, ending_balance }: Invoice): void {
  const moved = (ending_balance ?? starting_balance) - starting_balance;
  if (moved === 0 || call.store.get('customer', customer!) === undefined) return;
  settle(call, customer!, { amount: -moved, currency, type: 'unapplied_from_invoice', invoice: id });
}

export function withdrawPayment(call: Call, invoice: Invoice, at: number): void {
  const payment = defaultPayment(call, invoice.id);
  if (payment === undefined || payment.status !== 'open') return;
  endPayment(call, payment, 'canceled', at);
  const intent = intentOf(call, invoice);
  if (intent !== undefined) withdraw(call, intent);
}

export function markUncollectible(call: Call, before: Invoice): Invoice {
  if (before.status !== 'open') throw wrongStatus('mark as uncollectible', before);
  const at = timeOf(call, before);
  const after = keep(call, {
    ...before,
    next_payment_attempt: null,
    status: 'uncollectible',
    status_transitions: { ...before.status_transitions, marked_uncollectible_at: at },
  });
  call.emit('invoice.marked_uncollectible', after, at);
  return after;
}

/** What time brings to an invoice. */
export function invoiceDue(call: Call, id: string): void {
  const invoice = call.store.get('invoice', id);
  if (invoice === undefined) return;
  const at = timeOf(call, invoice);
  if (invoice.status === 'draft' && at >= (invoice.automatically_finalizes_at ?? Infinity)) {
    finalizeAndCollect(call, invoice);
  } else if (invoice.status === 'open' && invoice.collection_method === 'send_invoice') {
    if (!tellOnce(call, overdueWord(invoice))) return;
    keep(call, invoice);
    call.emit('invoice.overdue', invoice, at);
  } else if (invoice.status === 'open' && at >= (invoice.next_payment_attempt ?? Infinity)) {
    // While a bank hasn't made up its mind about one try, there is no other.
    if (isProcessing(call, invoice)) keep(call, { ...invoice, next_payment_attempt: at + DAY });
    else collectByItself(call, invoice);
  }
}

export function finalizeAndCollect(call: Call, draft: Invoice): Invoice {
  const open = finalize(call, draft);
  if (open.status === 'open') {
    if (open.collection_method === 'send_invoice') call.emit('invoice.sent', open, timeOf(call, open));
    else collectByItself(call, open);
  }
  return call.store.get('invoice', open.id)!;
}

/** A payment that failed, as an answer: the card's refusal, in the words of the payment. */
export function refusalOf(call: Call, invoice: Invoice): Answer {
  const error = intentOf(call, invoice)?.last_payment_error;
  const decline: Decline = error ? (error as Decline) : declineFor('generic_decline');
  const { code, message, decline_code } = decline;
  return answer(402, { error: { type: 'card_error', code, message, ...(decline_code && { decline_code }) } });
}

export const FINALIZES_AFTER = HOUR;

export const notDraft = ({ status }: Invoice) =>
  invalid(`This invoice is already finalized: its status is ${status}.`, { code: 'invoice_not_editable' });
export const wrongStatus = (verb: string, { status }: Invoice) =>
  invalid(`You cannot ${verb} an invoice that is ${status}.`, { code: 'status_transition_invalid' });
