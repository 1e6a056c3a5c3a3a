/**
 * Money on its way back. A refund is promised first, by a credit note or out of the customer's credit, and then asked for;
 * it may fail at once, or days after it succeeded. Then the promise stands, and a person decides what becomes of it.
 */
import type { Because } from './decision.ts';
import type { Effect, RefundSource } from './effect.ts';
import type { CreditNoteId, InvoiceId, PaymentId, RefundId } from './ids.ts';
import type { InputOf } from './input.ts';
import type { Instant } from './time.ts';

export type KnownRefund = {
  id: RefundId;
  invoice: InvoiceId | null;
  payment: PaymentId;
  amount: number;
  attempt: number;
  step: 'asked' | 'done' | 'failed' | 'credited';
};

/** Bounded: the database's unique keys stand behind it. What a person has to look at is never forgotten. */
const REMEMBERED = 24;

export function keep(held: readonly KnownRefund[] | undefined, refund: KnownRefund): KnownRefund[] {
  const others = (held ?? []).filter(({ id }) => id !== refund.id);
  const settled = others.filter(({ step }) => step === 'done' || step === 'credited');
  const forgotten = new Set(settled.slice(0, Math.max(settled.length + 1 - REMEMBERED, 0)));
  return [...others.filter((each) => !forgotten.has(each)), refund];
}

export type RefundOrder = {
  refund: RefundId;
  from: RefundSource;
  note: CreditNoteId | null;
  invoice: InvoiceId | null;
  payment: PaymentId;
  amount: number;
};

type Taken = { rule: string; refunds: KnownRefund[]; effects: Effect[]; because: Because };

/** Promises it, and asks for it. */
export function orderRefund(
  held: readonly KnownRefund[] | undefined,
  order: RefundOrder,
  at: Instant,
): { refunds: KnownRefund[]; effects: Effect[] } {
  const { refund, invoice, payment, amount } = order;
  const known: KnownRefund = { id: refund, invoice, payment, amount, attempt: 1, step: 'asked' };
  return {
    refunds: keep(held, known),
    effects: [
      { type: 'request_refund', ...order, attempt: 1, at },
      { type: 'refund', refund, attempt: 1, invoice, payment, amount, at },
    ],
  };
}

/** The name of a refund that was made at the processor. */
export const refundNamed = (name: string): RefundId => `ref_${name}`;

/** One that we asked for has succeeded. Null where it was told before, or is old news. */
export function refundSucceeded(
  held: readonly KnownRefund[] | undefined,
  { asked, refund: name, invoice, payment, amount, at }: InputOf<'payment_refunded'>,
): Taken | null {
  if (!asked) return null;
  const { refund, attempt } = asked;
  const known = held?.find(({ id }) => id === refund);
  if (known && (known.attempt !== attempt || known.step !== 'asked')) return null;
  return {
    rule: 'refund.succeeded',
    refunds: keep(held, { id: refund, invoice: known?.invoice ?? invoice, payment, amount, attempt, step: 'done' }),
    effects: [
      { type: 'settle_refund', refund, attempt, outcome: 'succeeded', name, code: null, at },
      { type: 'announce', event: 'refund.succeeded', data: { refund, payment, amount }, at },
    ],
    because: { refund, attempt, payment, amount },
  };
}

/** The money is with us again, or never left. Null where it was told before, or is old news. */
export function refundFailed(held: readonly KnownRefund[] | undefined, input: InputOf<'refund_failed'>): Taken | null {
  const { refund: name, payment, amount, code, at } = input;
  const asked = input.asked ?? (name === null ? null : { refund: refundNamed(name), attempt: 1 });
  if (!asked) return null;
  const { refund, attempt } = asked;
  const known = held?.find(({ id }) => id === refund);
  if (known && (known.attempt !== attempt || known.step === 'failed' || known.step === 'credited')) return null;
  return {
    rule: 'refund.failed',
    refunds: keep(held, { id: refund, invoice: known?.invoice ?? null, payment, amount, attempt, step: 'failed' }),
    effects: [
      { type: 'settle_refund', refund, attempt, outcome: 'failed', name, code, at },
      { type: 'announce', event: 'refund.failed', data: { refund, payment, amount, code }, at },
    ],
    because: { refund, attempt, payment, amount, code },
  };
}

export const failedRefund = (held: readonly KnownRefund[] | undefined, refund: RefundId): KnownRefund | null =>
  held?.find(({ id, step }) => id === refund && step === 'failed') ?? null;
