/** What a payment's news does to the invoices that wait for it, in every state alike. The states say what follows. */
import type { Because } from './decision.ts';
import { nextRetry, type Rules } from './dunning.ts';
import type { Effect } from './effect.ts';
import { fallbackFor } from './fallback.ts';
import type { PaymentId, PaymentMethodId } from './ids.ts';
import type { Fact, InputOf } from './input.ts';
import type { OpenInvoice } from './invoice.ts';
import { attempt } from './invoicing.ts';
import { copyOf, having, stillOpen } from './next-state.ts';
import { orderRefund } from './refund.ts';
import type { Refusal } from './refusal.ts';
import type { Accepted } from './subscription.ts';
import type { Instant } from './time.ts';

/** Bounded: the database's unique keys stand behind it. */
const REMEMBERED = 24;

export type Applied<S> = { rule: string; state: S; effects: Effect[]; because: Because };
type At = { at: Instant };

function withInvoices<S extends Accepted>(state: S, invoices: OpenInvoice[]): S {
  const next = copyOf(state);
  next.invoices = invoices;
  return next;
}

const replace = <S extends Accepted>(state: S, invoice: OpenInvoice): S =>
  withInvoices(
    state,
    state.invoices.map((open) => (open.id === invoice.id ? invoice : open)),
  );

const remember = ({ settled }: Accepted, { invoice, payment }: InputOf<'payment_succeeded'>): Accepted['settled'] =>
  [...settled, { invoice, payment }].slice(-REMEMBERED);

const settle = (
  { invoice, attempt, at }: { invoice: OpenInvoice['id']; attempt: number } & At,
  outcome: Extract<Effect, { type: 'settle_attempt' }>['outcome'],
  payment: string | null,
  { decline, code }: Pick<Extract<Effect, { type: 'settle_attempt' }>, 'decline' | 'code'> = {
    decline: null,
    code: null,
  },
): Effect => ({ type: 'settle_attempt', invoice, attempt, outcome, payment, decline, code, at });

/** Money has come. Null when it was told before. */
export function paymentSucceeded<S extends Accepted>(state: S, input: InputOf<'payment_succeeded'>): Applied<S> | null {
  const { invoice, payment, amount, at } = input;
  if (state.settled.some((known) => known.payment === payment)) return null;
  const open = state.invoices.find((candidate) => candidate.id === invoice);
  const because = { invoice, payment, amount, attempt: input.attempt };
  if (open) {
    const paid = applyPayment(state, open, { payment, amount, at });
    paid.state.settled = remember(state, input);
    return { ...paid, effects: [settle(input, 'succeeded', payment), ...paid.effects], because };
  }
  const second = state.settled.some((known) => known.invoice === invoice);
  const why = second ? 'paid_twice' : 'nothing_owed';
  const unapplied: Effect = { type: 'record_unapplied_payment', invoice, payment, amount, why, at };
  const effects = [settle(input, 'succeeded', payment), unapplied];
  const remembered = having(state, { settled: remember(state, input) });
  if (!second) return { rule: `payment.${why}`, state: remembered, effects, because };
  const order = { refund: `ref_${payment}`, from: 'unapplied_cash', note: null, invoice, payment, amount } as const;
  const ordered = orderRefund(state.refunds, order, at);
  return {
    rule: `payment.${why}`,
    state: having(remembered, { refunds: ordered.refunds }),
    effects: [...effects, ...ordered.effects],
    because,
  };
}

type Came = { payment: PaymentId; amount: number; at: Instant; outside?: { reference: string; receivedAt: Instant } };

/** Uses what came for what is owed, in a state that is written anew. Less leaves the rest to be paid; what is more is the customer's. */
export function applyPayment<S extends Accepted>(
  state: S,
  open: OpenInvoice,
  { payment, amount, at, outside }: Came,
): Applied<S> {
  const { id: invoice } = open;
  const unapplied = Math.max(amount - open.amount, 0);
  const left = open.amount - (amount - unapplied);
  const { currency } = state;
  const record: Effect = {
    ...{ type: 'record_payment', invoice, payment, amount, at },
    ...(unapplied > 0 && { unapplied }),
    ...(open.writtenOff && { recovers: true as const }),
    ...(outside && { outside }),
  };
  const because = { invoice, payment, amount, left, unapplied };
  if (left > 0) {
    // What we had asked for is answered; what came from elsewhere stops nothing.
    const collection = outside ? open.collection : resting(open);
    return {
      rule: 'payment.applied_in_part',
      state: replace(state, stillOpen(open, { amount: left, collection })),
      effects: [
        record,
        { type: 'announce', event: 'invoice.partly_paid', data: { invoice, amount, left, currency }, at },
      ],
      because,
    };
  }
  return {
    rule: 'payment.applied',
    state: withInvoices(
      state,
      state.invoices.filter((candidate) => candidate !== open),
    ),
    effects: [
      record,
      { type: 'announce', event: 'invoice.paid', data: { invoice, amount: amount - unapplied, currency }, at },
    ],
    because,
  };
}

/** Nothing is owed on it any more: what waits for the customer at the processor is called off. */
export function callOff({ id, attempts, collection }: OpenInvoice, at: Instant): Effect[] {
  if (collection.step !== 'needs_action') return [];
  const { payment } = collection;
  return [
    settle({ invoice: id, attempt: attempts, at }, 'canceled', payment),
    { type: 'cancel_payment', invoice: id, attempt: attempts, payment, at },
  ];
}

type StepFact = Extract<
  Fact,
  { type: 'payment_failed' | 'payment_needs_action' | 'payment_processing' | 'payment_canceled' }
>;

/** The invoice whose latest attempt this is about, while that attempt's end is still open. Anything else is old news. */
export function awaited(state: Accepted, { invoice, attempt }: StepFact): OpenInvoice | null {
  const open = state.invoices.find((candidate) => candidate.id === invoice);
  if (!open || open.attempts !== attempt) return null;
  const { step } = open.collection;
  return step === 'charging' || step === 'needs_action' || step === 'processing' ? open : null;
}

/**
 * Declined. Another method of the customer's is tried at once, where the policy says so; else it is tried again along the
 * ladder, where that can help. Without a policy it is left to the customer.
 */
export function paymentFailed<S extends Accepted>(
  state: S,
  open: OpenInvoice,
  input: InputOf<'payment_failed'>,
  policy: Rules | null,
): Applied<S> {
  const { at, decline, code, payment, advice, notBefore } = input;
  const failedAt = open.sent || open.left ? open.failedAt : (open.failedAt ?? at);
  const isOurs = policy !== null && failedAt !== null && !open.sent;
  const fallback = isOurs && policy.fallbacks ? fallbackFor(state, input) : null;
  const retryAt = isOurs ? nextRetry({ decline, failedAt, at, notBefore }, state.timeZone, policy) : null;
  const collection: OpenInvoice['collection'] = retryAt === null ? resting(open) : { step: 'retrying', at: retryAt };
  const failed = stillOpen(open, { failedAt, lastDecline: code, lastClass: decline, collection });
  const settled = { ...settle(input, 'failed', payment, { decline, code }), ...(advice && { advice }) };
  if (fallback) {
    const next = attempt(failed, fallback, false, at);
    return {
      rule: 'payment.failed_over',
      state: replace(state, next.open),
      effects: [settled, next.effect],
      because: { invoice: open.id, attempt: open.attempts, decline, code, next: fallback },
    };
  }
  return {
    rule: 'payment.failed',
    state: replace(state, failed),
    effects: [
      settled,
      {
        type: 'announce',
        event: 'payment.failed',
        data: { invoice: open.id, attempt: open.attempts, code, decline, retryAt },
        at,
      },
    ],
    because: { invoice: open.id, attempt: open.attempts, decline, code, retryAt },
  };
}

export function paymentNeedsAction<S extends Accepted>(
  state: S,
  open: OpenInvoice,
  input: InputOf<'payment_needs_action'>,
): Applied<S> {
  const { at, payment } = input;
  const failedAt = open.sent ? open.failedAt : (open.failedAt ?? at);
  return {
    rule: 'payment.needs_action',
    state: replace(state, stillOpen(open, { failedAt, collection: { step: 'needs_action', payment, next: null } })),
    effects: [
      settle(input, 'needs_action', payment),
      { type: 'announce', event: 'payment.needs_action', data: { invoice: open.id, attempt: open.attempts }, at },
    ],
    because: { invoice: open.id, attempt: open.attempts, payment },
  };
}

export function paymentProcessing<S extends Accepted>(
  state: S,
  open: OpenInvoice,
  input: InputOf<'payment_processing'>,
): Applied<S> {
  const { payment } = input;
  return {
    rule: 'payment.processing',
    state: replace(state, stillOpen(open, { collection: { step: 'processing', payment } })),
    effects: [settle(input, 'processing', payment)],
    because: { invoice: open.id, attempt: open.attempts, payment },
  };
}

/** The payment was called off at the processor: no money comes from it. Another method may have been waiting for that. */
export function paymentCanceled<S extends Accepted>(
  state: S,
  open: OpenInvoice,
  input: InputOf<'payment_canceled'>,
): Applied<S> {
  const settled = settle(input, 'canceled', input.payment);
  const replacement = open.collection.step === 'needs_action' ? open.collection.next : null;
  const because = { invoice: open.id, attempt: open.attempts, payment: input.payment };
  if (!replacement) {
    const stopped = replace(state, stillOpen(open, { collection: resting(open) }));
    return { rule: 'payment.canceled', state: stopped, effects: [settled], because };
  }
  const next = attempt(open, replacement.paymentMethod, replacement.onSession, input.at);
  return {
    rule: 'payment.replaced',
    state: replace(state, next.open),
    effects: [settled, next.effect],
    because,
  };
}

/** Tries an open invoice once more. Refused as a sentence where an attempt is on its way. */
export function payNow<S extends Accepted>(
  state: S,
  invoice: OpenInvoice['id'],
  paymentMethod: PaymentMethodId | null,
  onSession: boolean,
  at: Instant,
): { state: S; effects: Effect[] } | Refusal {
  const open = state.invoices.find((candidate) => candidate.id === invoice);
  if (!open) return { code: 'invoice_not_open', detail: `cannot pay: invoice ${invoice} is not open`, path: 'id' };
  const { collection } = open;
  switch (collection.step) {
    case 'charging':
    case 'processing':
      return { code: 'payment_in_flight', detail: `cannot pay: an attempt on ${invoice} is still on its way` };
    case 'needs_action':
      return {
        state: replace(state, stillOpen(open, { collection: { ...collection, next: { paymentMethod, onSession } } })),
        effects: [{ type: 'cancel_payment', invoice, attempt: open.attempts, payment: collection.payment, at }],
      };
    case 'retrying':
    case 'sent':
    case 'stopped': {
      const next = attempt(open, paymentMethod, onSession, at);
      return { state: replace(state, next.open), effects: [next.effect] };
    }
  }
}

/** Where nothing is on its way: one that was sent is the customer's affair, the others are ours. */
const resting = ({ sent }: OpenInvoice): OpenInvoice['collection'] => ({ step: sent ? 'sent' : 'stopped' });

/** Invoices that were tried and not paid, or sent and overdue; they are what makes a subscription past due. */
export const overdue = (state: Accepted): OpenInvoice[] => state.invoices.filter(({ failedAt }) => failedAt !== null);

/** No more tries by themselves. What is on its way at the processor stands. */
export const stopRetries = (invoices: readonly OpenInvoice[]): OpenInvoice[] =>
  invoices.map((open) =>
    open.collection.step === 'retrying' ? stillOpen(open, { collection: { step: 'stopped' } }) : open,
  );
