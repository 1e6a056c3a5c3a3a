/**
 * Stripe's subscriptions and invoices in the words of billing. An event and an answer of the API are read by the same
 * functions, as two looks at one object have to say the same.
 */
import type { Currency } from '../domain/currency.ts';
import type { SeenInvoice, SeenLine, SeenPayment, SeenSubscription, SeenTax } from '../domain/followed.ts';
import type { PaymentMethodId, PriceBookId } from '../domain/ids.ts';
import { readAmount } from './stripe-amounts.ts';

/** A field by its path. What isn't there is null. */
export type Fields = (path: string) => unknown;

export const fieldsOf =
  (object: unknown): Fields =>
  (path) => {
    let value = object;
    for (const key of path.split('.')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
      value = (value as Record<string, unknown>)[key];
    }
    return value ?? null;
  };

/**
 * Stripe's objects have no version: their time is that of the event which tells them, in seconds. Within one the first
 * event of an object comes first, and its last one last.
 */
export const versionAt = (seconds: number, event: 'created' | 'told' | 'deleted' = 'told'): number =>
  seconds * 4 + { created: 0, told: 1, deleted: 3 }[event];

/** So many lines come with an event, and so many taxes and discounts of a line are taken from it. */
export const LINES = 10;
export const PARTS = 2;

const STATES: { [status: string]: SeenSubscription['state'] } = {
  ...{ incomplete: 'incomplete', incomplete_expired: 'canceled', trialing: 'trialing', active: 'active' },
  ...{ past_due: 'past_due', unpaid: 'unpaid', paused: 'paused', canceled: 'canceled' },
};
const REASONS: { [reason: string]: SeenSubscription['reason'] } = { payment_failed: 'dunning' };

/** Null where it isn't what we expect: such a thing is not ours. */
export function seenSubscription(at: Fields, version: number, asOf: number): SeenSubscription | null {
  const [id, status] = [at('id'), at('status')];
  const state = typeof status === 'string' ? STATES[status] : undefined;
  const [start, end] = [timeOf(at('items.data.0.current_period_start')), timeOf(at('items.data.0.current_period_end'))];
  if (typeof id !== 'string' || !state || start === null || end === null) return null;
  const [book, plan] = [
    at('items.data.0.price.metadata.hydra_price_book'),
    at('items.data.0.price.metadata.hydra_plan'),
  ];
  const isResting = at('pause_collection.behavior') !== null && state !== 'canceled' && state !== 'incomplete';
  const method = idOf(at('default_payment_method'));
  return {
    ...{ id, version, asOf, state: isResting ? 'paused' : state },
    plan: typeof book === 'string' && typeof plan === 'string' ? { book: book as PriceBookId, id: plan } : null,
    quantity: numberOf(at('items.data.0.quantity')) ?? 1,
    anchor: timeOf(at('billing_cycle_anchor')) ?? start,
    period: { start, end },
    cancelAt: timeOf(at('cancel_at')) ?? (at('cancel_at_period_end') === true ? end : null),
    resumeAt: timeOf(at('pause_collection.resumes_at')),
    endedAt: timeOf(at('ended_at')),
    reason:
      status === 'incomplete_expired'
        ? 'payment_incomplete'
        : (REASONS[`${at('cancellation_details.reason')}`] ?? 'requested'),
    paymentMethod: method as PaymentMethodId | null,
  };
}

/** `parts`: so many taxes and discounts of a line are there to be looked at; where there are more, its lines are not told. */
export function seenInvoice(at: Fields, version: number, parts = PARTS): SeenInvoice | null {
  const [id, state, currency, number] = [at('id'), at('status'), at('currency'), at('number')];
  if (typeof id !== 'string' || typeof currency !== 'string' || !isInvoiceState(state)) return null;
  const amount = (path: string) => amountOf(at(path), currency);
  const [total, amountDue, amountPaid] = [amount('total'), amount('amount_due'), amount('amount_paid')];
  if (total === null || amountDue === null || amountPaid === null) return null;
  return {
    ...{ id, version, state, currency, total, amountDue, amountPaid },
    number: typeof number === 'string' ? number : null,
    attempts: numberOf(at('attempt_count')) ?? 0,
    nextAttemptAt: timeOf(at('next_payment_attempt')),
    issuedAt: timeOf(at('status_transitions.finalized_at')),
    dueAt: timeOf(at('due_date')),
    voidedAt: timeOf(at('status_transitions.voided_at')),
    lostAt: timeOf(at('status_transitions.marked_uncollectible_at')),
    lines: linesOf(at, currency, parts),
  };
}

const isInvoiceState = (state: unknown): state is SeenInvoice['state'] =>
  state === 'draft' || state === 'open' || state === 'paid' || state === 'void' || state === 'uncollectible';

/** Null where there are more than we look at, or one isn't told whole. */
export function linesOf(at: Fields, currency: Currency, parts: number): SeenLine[] | null {
  if (at('lines.has_more') !== false) return null;
  const metadata = 'parent.subscription_details.metadata';
  const product = at(`${metadata}.hydra_product`);
  const name = at(`${metadata}.hydra_name`);
  const about = {
    name: typeof name === 'string' && PLAN_NAME.test(name) ? name : null,
    product: typeof product === 'string' ? product : null,
  };
  const lines: SeenLine[] = [];
  for (let i = 0; ; i++) {
    const own: Fields = (path) => at(`lines.data.${i}.${path}`);
    if (own('amount') === null) break;
    const line = lineOf(own, currency, parts);
    if (!line) return null;
    lines.push({ ...about, ...line });
  }
  return lines;
}

/** Of what is sold, as the seller has named it. */
export const PLAN_NAME = /^[\p{L}\p{N}][\p{L}\p{N} .,&+()'’/-]{0,79}$/u;

function lineOf(at: Fields, currency: Currency, parts: number): Omit<SeenLine, 'name' | 'product'> | null {
  const amount = amountOf(at('amount'), currency);
  if (amount === null || at(`taxes.${parts}.amount`) !== null || at(`discount_amounts.${parts}.amount`) !== null)
    return null;
  const taxes: SeenTax[] = [];
  let discount = 0;
  for (let i = 0; i < parts; i++) {
    discount += amountOf(at(`discount_amounts.${i}.amount`), currency) ?? 0;
    const tax = amountOf(at(`taxes.${i}.amount`), currency);
    const rate = idOf(at(`taxes.${i}.tax_rate_details.tax_rate`)) ?? 'unknown';
    if (tax) taxes.push({ rate, amount: tax, inclusive: at(`taxes.${i}.tax_behavior`) === 'inclusive' });
  }
  const [start, end] = [timeOf(at('period.start')), timeOf(at('period.end'))];
  const price = at('pricing.unit_amount_decimal');
  const unitPrice = price === null || readAmount(1, currency) !== 1 ? null : String(price);
  return {
    quantity: numberOf(at('quantity')) ?? 1,
    unitPrice: unitPrice !== null && /^-?\d+(\.\d+)?$/.test(unitPrice) ? unitPrice : null,
    ...{ amount, discount, taxes },
    period: start === null || end === null ? null : { start, end },
    proration: at('parent.subscription_item_details.proration') === true,
  };
}

/** Money that was used for an invoice; null while it hasn't come. */
export function seenPayment(at: Fields): SeenPayment | null {
  const [invoice, currency, paidAt] = [idOf(at('invoice')), at('currency'), timeOf(at('status_transitions.paid_at'))];
  const payment = ['payment_intent', 'charge', 'payment_record']
    .map((kind) => idOf(at(`payment.${kind}`)))
    .find(Boolean);
  const amount = typeof currency === 'string' ? amountOf(at('amount_paid'), currency) : null;
  if (at('status') !== 'paid' || !invoice || !payment || !amount || paidAt === null) return null;
  return { invoice, payment, amount, at: paidAt };
}

const amountOf = (value: unknown, currency: Currency): number | null =>
  typeof value === 'number' ? readAmount(value, currency) : null;
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const timeOf = (value: unknown): number | null => (typeof value === 'number' ? value * 1000 : null);
const idOf = (value: unknown): string | null => {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : value;
  return typeof id === 'string' ? id : null;
};
