/**
 * From lines to an invoice, always in this order: discount, then tax, then the customer's credit, which is a way of paying
 * and not a discount. What is left is collected.
 */
import { afterInvoice, discounted, discountsOn } from './discount.ts';
import type { Effect, Used } from './effect.ts';
import { invoiceId, type PaymentMethodId } from './ids.ts';
import {
  CHARGE,
  type Collect,
  type Collection,
  type DraftInvoice,
  type Invoice,
  type InvoiceLine,
  type OpenInvoice,
  sumsOf,
  totalOf,
  withTaxes,
} from './invoice.ts';
import { copyOf, having, stillOpen } from './next-state.ts';
import { after, type Moment, NOTHING_SHARED } from './shared.ts';
import type { Accepted } from './subscription.ts';
import { taxed, UNTAXED } from './tax.ts';
import { HOUR, type Instant, plusDays } from './time.ts';
import { type UsageSpan, usageLines, usageWish } from './usage.ts';

type Step<S> = { state: S; effects: Effect[] };

/**
 * Bills a period: at once, or as a draft that is finalised after its grace. A customer who waits for it gets it at once.
 * Writes into the state that it is given: its caller's own copy.
 */
export function bill<S extends Accepted>(
  state: S,
  lines: readonly InvoiceLine[],
  moment: Moment,
  onSession: boolean,
  usage: readonly UsageSpan[] | null = null,
): Step<S> {
  const hours = state.terms.graceHours ?? 0;
  if (hours === 0 || onSession) return issueOn(state, lines, moment, onSession, state.collect, usage);
  const id = invoiceId(state.id, state.invoiceCount + 1);
  const draft: DraftInvoice = {
    ...{ id, lines, finaliseAt: moment.at + hours * HOUR },
    ...(usage && { usage }),
    collect: state.collect ?? CHARGE,
    // Its period's own: what comes or ends before it is finalised is another period's affair.
    discounts: discountsOn(state.discounts, state.terms.planId),
  };
  const { invoice, used } = invoiceOf(state, draft, moment);
  const discounts = afterInvoice(state.discounts ?? [], invoice.lines);
  return {
    state: having(state, { invoiceCount: state.invoiceCount + 1, drafts: [...(state.drafts ?? []), draft], discounts }),
    effects: [{ type: 'draft_invoice', invoice, finaliseAt: draft.finaliseAt, ...(used && { usage: used }) }],
  };
}

/** Its grace is over: from here on it stands. */
export function finalise<S extends Accepted>(state: S, draft: DraftInvoice, moment: Moment): Step<S> {
  const drafts = (state.drafts ?? []).filter(({ id }) => id !== draft.id);
  return send(having(state, { drafts }), draft, moment, false);
}

/** Nothing waits for its grace once the subscription is over. */
export function finaliseAll<S extends Accepted>(state: S, moment: Moment): Step<S> {
  return (state.drafts ?? []).reduce<Step<S>>(
    (step, draft) => {
      const { state: next, effects } = finalise(step.state, draft, after(moment, step.effects));
      return { state: next, effects: [...step.effects, ...effects] };
    },
    { state, effects: [] },
  );
}

/** Issues an invoice over these lines and begins to collect it. */
export function issue<S extends Accepted>(
  state: S,
  lines: readonly InvoiceLine[],
  moment: Moment,
  onSession: boolean,
  collect?: Collect,
  usage: readonly UsageSpan[] | null = null,
): Step<S> {
  return issueOn(copyOf(state), lines, moment, onSession, collect, usage);
}

function issueOn<S extends Accepted>(
  state: S,
  lines: readonly InvoiceLine[],
  moment: Moment,
  onSession: boolean,
  collect: Collect = state.collect ?? CHARGE,
  usage: readonly UsageSpan[] | null = null,
): Step<S> {
  state.invoiceCount += 1;
  const content = { id: invoiceId(state.id, state.invoiceCount), lines, collect, ...(usage && { usage }) };
  return send(state, content, moment, onSession);
}

type Content = Pick<DraftInvoice, 'id' | 'lines' | 'collect' | 'discounts' | 'usage'>;

function send<S extends Accepted>(state: S, content: Content, moment: Moment, onSession: boolean): Step<S> {
  const { at } = moment;
  const { invoice, carried, used } = invoiceOf(state, content, moment);
  const { id, total, amountDue, dueAt, currency } = invoice;
  const effects: Effect[] = [
    { type: 'issue_invoice', invoice, ...(used && { usage: used }) },
    { type: 'announce', event: 'invoice.issued', data: { invoice: id, total, amountDue, currency }, at },
  ];
  if (amountDue > 0) {
    const collection: Collection = { step: 'stopped' };
    const waiting: OpenInvoice = {
      id,
      amount: amountDue,
      dueAt,
      attempts: 0,
      failedAt: null,
      lastDecline: null,
      collection,
    };
    if (content.collect.by === 'send') {
      state.invoices = [...state.invoices, stillOpen(waiting, { sent: true, collection: { step: 'sent' } })];
    } else {
      const { open, effect } = attempt(waiting, state.paymentMethod, onSession, at);
      state.invoices = [...state.invoices, open];
      effects.push(effect);
    }
  }
  if (carried !== 0) state.carried = [...state.carried, carriedLine(carried, 'in')];
  state.discounts = afterInvoice(state.discounts ?? [], invoice.lines);
  return { state, effects };
}

/**
 * What an invoice over these lines comes to. One that comes to less than nothing is not paid out behind the customer's
 * back, and one below what the processor takes is not charged: either is carried to the next.
 */
export function invoiceOf(
  state: Pick<Accepted, 'currency' | 'timeZone' | 'discounts' | 'terms'>,
  { id, lines: given, collect, discounts, usage }: Content,
  { at, shared = NOTHING_SHARED }: Moment,
): { invoice: Invoice; carried: number; used: Used | null } {
  const metered = usage && usageLines(usage, shared.usage, state);
  const lines = metered ? [...given, ...metered.lines] : given;
  const held = discounts ?? discountsOn(state.discounts, state.terms.planId);
  const priced = taxed(discounted(lines, held, state.currency), shared.tax ?? UNTAXED, withTaxes);
  const before = sumsOf(priced);
  const isSent = collect.by === 'send';
  const least = isSent ? 1 : Math.max(shared.minimumCharge, state.terms.minimumCharge ?? 0, 1);
  const step = isSent ? 1 : (shared.chargeStep ?? 1);
  const { carried, used: creditApplied } = sharedOut(before.total, shared.credit, least, step);
  const all = carried === 0 ? priced : [...priced, carriedLine(-carried, 'out')];
  const sums = carried === 0 ? before : sumsOf(all);
  const { subtotal, discount, tax, taxIncluded, total } = sums;
  // Written out: this is what a decision spends most of its time on.
  const invoice: Invoice = {
    id,
    currency: state.currency,
    lines: all,
    subtotal,
    discount,
    tax,
    taxIncluded,
    total,
    creditApplied,
    amountDue: total - creditApplied,
    issuedAt: at,
    dueAt: collect.by === 'send' ? plusDays(at, collect.netDays, state.timeZone) : at,
    collect: collect.by,
    purchaseOrder: collect.by === 'send' ? collect.purchaseOrder : null,
    taxNote: shared.tax?.note ?? null,
  };
  const used = metered && {
    wish: usageWish(usage),
    billed: metered.billed.map((each) => ({
      ...each,
      ordinal: each.ordinal === null ? null : given.length + each.ordinal,
    })),
  };
  return { invoice, carried, used: used ?? null };
}

/**
 * What of a total is left to the next invoice, and what credit pays. Credit is used as far as it leaves nothing, or what the
 * processor takes; a total that is negative or too small for that is carried whole, of another what no charge can be made of.
 */
function sharedOut(total: number, credit: number, least: number, step: number): { carried: number; used: number } {
  if (total < 0) return { carried: total, used: 0 };
  const left = total - credit;
  if (left <= 0) return { carried: 0, used: total };
  const odd = left % step;
  if (left === odd || left - odd >= least) return { carried: odd, used: credit };
  const smallest = Math.ceil(least / step) * step;
  return total < smallest ? { carried: total, used: 0 } : { carried: 0, used: total - smallest };
}

/** After the end nothing is carried any further. */
export function settleCarried<S extends Accepted>(
  state: S,
  of: Extract<Effect, { type: 'settle_carried' }>['of'],
  at: Instant,
): Step<S> {
  const amount = totalOf(state.carried);
  return {
    state: having(state, { carried: [] }),
    effects: amount === 0 ? [] : [{ type: 'settle_carried', of, amount, at }],
  };
}

const WORDS = {
  credit: { out: 'Credit carried to the next invoice', in: 'Credit from the last invoice' },
  debt: { out: 'Below the smallest charge: carried to the next invoice', in: 'Carried from the last invoice' },
};

/** Tax and discount have been dealt with where it comes from. */
function carriedLine(amount: number, way: 'in' | 'out'): InvoiceLine {
  const kind = amount < 0 === (way === 'in') ? 'credit' : 'debt';
  return {
    ...{ description: WORDS[kind][way], quantity: 1, unitPrice: null, amount, period: null, proration: null },
    ...{ taxCategory: 'exempt', discountable: false, carried: true },
  };
}

/** One more try. There is never more than one on its way, since only this sets `charging`. */
export function attempt(
  invoice: OpenInvoice,
  paymentMethod: PaymentMethodId | null,
  onSession: boolean,
  at: Instant,
): { open: OpenInvoice; effect: Effect } {
  const number = invoice.attempts + 1;
  return {
    open: stillOpen(invoice, { attempts: number, collection: { step: 'charging' } }),
    effect: {
      type: 'charge',
      invoice: invoice.id,
      attempt: number,
      amount: invoice.amount,
      paymentMethod,
      onSession,
      at,
    },
  };
}
