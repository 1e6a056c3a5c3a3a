/**
 * A processor's invoice in our books: under its own number and with its own taxes, as it was issued there. What it does to
 * them is a function of what is known of it and of its payments; what was done is remembered, so it is done once.
 */

import type { Effect } from './effect.ts';
import type { EventType } from './event-types.ts';
import { type FollowedInvoice, mirrorOf, type SeenInvoice, type SeenLine, type SeenPayment } from './followed.ts';
import { type Collection, type Invoice, type InvoiceLine, type OpenInvoice, sumsOf } from './invoice.ts';
import { dayOf, type Instant, type TimeZone } from './time.ts';

type Brought = {
  invoice: FollowedInvoice;
  effects: Effect[];
  /** Those that were taken up. */
  applied: SeenPayment[];
};

/** Does what is left to do for an invoice. `at` is when we tell of it; the books have the processor's own times. */
export function bringIn(
  held: FollowedInvoice,
  waiting: readonly SeenPayment[],
  { timeZone, at }: { timeZone: TimeZone; at: Instant },
): Brought {
  const effects: Effect[] = [];
  const tell = (event: EventType, data: Extract<Effect, { type: 'announce' }>['data']) =>
    effects.push({ type: 'announce', event, data, at });
  let invoice = held;
  const { id: theirs, currency, total, amountDue, lostAt, voidedAt } = held;
  const id = mirrorOf(theirs);
  if (isIssued(held) && !held.mirrored && held.lines) {
    effects.push({
      type: 'mirror_invoice',
      invoice: mirrored(held, held.lines, timeZone),
      number: held.number ?? theirs,
      theirs,
    });
    tell('invoice.issued', { invoice: id, total, amountDue, currency });
    // From here on the books have them.
    invoice = { ...invoice, mirrored: true, lines: null };
  }
  if (!invoice.mirrored) return { invoice, effects, applied: [] };
  if (lostAt !== null && !invoice.lost) {
    const amount = amountDue - invoice.paid;
    if (amount > 0) effects.push({ type: 'write_off_invoice', invoice: id, amount, reason: 'processor', at: lostAt });
    tell('invoice.written_off', { invoice: id, amount, currency });
    invoice = { ...invoice, lost: true };
  }
  if (voidedAt !== null && !invoice.voided) {
    effects.push({ type: 'void_invoice', invoice: id, amount: total, at: voidedAt });
    tell('invoice.voided', { invoice: id, total, currency });
    invoice = { ...invoice, voided: true };
  }
  const applied = waiting.filter((payment) => payment.invoice === theirs);
  for (const { payment, amount, at: paidAt } of applied) {
    const owed = invoice.voided ? 0 : amountDue - invoice.paid;
    const used = Math.min(amount, Math.max(owed, 0));
    if (used === 0) {
      const why = 'nothing_owed';
      effects.push({ type: 'record_unapplied_payment', invoice: id, payment, amount, why, at: paidAt });
      continue;
    }
    effects.push({
      ...{ type: 'record_payment', invoice: id, payment, amount, at: paidAt },
      ...(used < amount && { unapplied: amount - used }),
      ...(invoice.lost && { recovers: true as const }),
    });
    invoice = { ...invoice, paid: invoice.paid + used };
    const left = amountDue - invoice.paid;
    if (left === 0) tell('invoice.paid', { invoice: id, amount: used, currency });
    else tell('invoice.partly_paid', { invoice: id, amount: used, left, currency });
  }
  return { invoice, effects, applied };
}

/** It has its number, and somebody owes it, or owed it. */
const isIssued = ({ state, issuedAt }: SeenInvoice): boolean => state !== 'draft' && issuedAt !== null;

/** What its news have left out, and the object itself would tell. */
export const isToldByHalf = (invoice: FollowedInvoice): boolean =>
  !invoice.asked &&
  ((isIssued(invoice) && !invoice.mirrored && invoice.lines === null) ||
    (invoice.state === 'paid' && invoice.paid < invoice.amountPaid));

function mirrored(seen: SeenInvoice, lines: readonly SeenLine[], timeZone: TimeZone): Invoice {
  const own = lines.map((line) => lineOf(line, timeZone));
  const rest = seen.total - sumsOf(own).total;
  const kept = rest === 0 ? own : [...own, extra('Other', rest)];
  // What the processor has carried from or to another invoice of the customer.
  const carried = seen.amountDue - seen.total;
  const all = carried === 0 ? kept : [...kept, extra(CARRIED[carried > 0 ? 'out' : 'in'], carried, true)];
  const issuedAt = seen.issuedAt!;
  const sums = sumsOf(all);
  return {
    ...{ id: mirrorOf(seen.id), currency: seen.currency, lines: all, ...sums, creditApplied: 0 },
    ...{ amountDue: sums.total, issuedAt, dueAt: seen.dueAt ?? issuedAt, collect: 'charge' },
    ...{ purchaseOrder: null, taxNote: null },
  };
}

const CARRIED = { out: 'Credit carried to the next invoice', in: 'Credit from the last invoice' };

/** In our words: the processor's own are free text. */
export function lineOf(line: SeenLine, timeZone: TimeZone): InvoiceLine {
  const { name, product, quantity, unitPrice, amount, discount, period, proration } = line;
  const part = proration ? (amount < 0 ? 'Unused time on ' : 'Remaining time on ') : '';
  return {
    ...{ description: `${part}${name ?? 'Subscription'}`, quantity, unitPrice, amount, discount },
    period: period && { from: dayOf(period.start, timeZone), to: dayOf(period.end, timeZone) },
    proration: null,
    ...(product !== null && { product }),
    taxes: line.taxes.map(({ rate, ...tax }) => ({ jurisdiction: rate, name: rate, percent: '', ...tax })),
  };
}

export const extra = (description: string, amount: number, carried = false): InvoiceLine => ({
  ...{ description, quantity: 1, unitPrice: null, amount, period: null, proration: null },
  ...(carried && { carried: true as const }),
});

/** As something that is waited for; null where nothing is. */
export function openOf(invoice: FollowedInvoice): OpenInvoice | null {
  const { state, mirrored, amountDue, paid, issuedAt, dueAt, attempts, nextAttemptAt, lost } = invoice;
  const amount = amountDue - paid;
  const isOpen = mirrored && (state === 'open' || state === 'uncollectible') && amount > 0;
  if (!isOpen || issuedAt === null) return null;
  const collection: Collection = nextAttemptAt === null ? { step: 'stopped' } : { step: 'retrying', at: nextAttemptAt };
  return {
    ...{ id: mirrorOf(invoice.id), amount, dueAt: dueAt ?? issuedAt, attempts, lastDecline: null, collection },
    failedAt: attempts > 0 ? issuedAt : null,
    ...(lost && { writtenOff: true as const }),
  };
}
