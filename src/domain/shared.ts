/**
 * What subscriptions share: a customer's credit, who taxes them. A decision believes what was last known of it, which
 * goes along with the input, so that a stored input says all that its decision knew. `commit` looks whether it is still
 * so, and otherwise answers what is: then it is decided again.
 */
import { isSame } from './canonical.ts';
import { afterNote, type Creditable, type CreditablePayment, creditableOf } from './credit-note.ts';
import type { Decided } from './decide-all.ts';
import type { HeldPolicy } from './dunning.ts';
import type { Effect, Used } from './effect.ts';
import type { MethodFact } from './fallback.ts';
import type { CouponId, InvoiceId, PaymentId, PromotionCodeId } from './ids.ts';
import type { Input } from './input.ts';
import type { Refusal } from './refusal.ts';
import type { TaxRules } from './tax.ts';
import { addDays, type Day, dayOf, type Instant } from './time.ts';
import type { UsageFacts, UsageWish } from './usage.ts';

export type Shared = {
  /** What the customer may still use up, in the subscription's currency. */
  credit: number;
  /** Below it the processor takes nothing. */
  minimumCharge: number;
  /** And nothing but multiples of this. */
  chargeStep?: number;
  /** Null where the tenant has said nothing of taxes. */
  tax: TaxRules | null;
  /** Coupons of which this redemption would be one too many, and why. */
  usedUp?: Record<CouponId, Refusal> | undefined;
  /** When the customer's first trial of the product began. */
  trialUsedAt?: Instant | null;
  /** What a debt that begins now is dunned by; null where the tenant has no policy for it. */
  dunning?: HeldPolicy | null;
  /** The customer's methods that could be tried, in their order. */
  methods?: readonly MethodFact[];
  /** Only for decisions that ask for them. */
  books?: Books | undefined;
  usage?: UsageFacts | undefined;
};

/** What the books hold of the subscription's own invoices, which it forgets when they are paid. */
export type Books = {
  of: BookWish;
  /** Those that were asked for, and those that have billed the same days. */
  invoices: { [id: string]: Creditable };
  /** What of its payments could go back without an invoice. */
  refundable: readonly CreditablePayment[];
};

/** Which of them are to be read. */
export type BookWish = {
  invoices: InvoiceId[];
  /** The invoices that these have paid. */
  payments: PaymentId[];
  /** Those with a line whose days go beyond this one. */
  unusedAfter: Day | null;
  refundable: boolean;
};

const NO_BOOKS: BookWish = { invoices: [], payments: [], unusedAfter: null, refundable: false };

export const NOTHING_SHARED: Shared = { credit: 0, minimumCharge: 0, tax: null };

/** When something happens, and what was known then of what others share. */
export type Moment = { at: number; shared?: Shared | undefined };

/** Which facts are to be read. */
export type Wanted = {
  redemptions?: Redemption[];
  trialOf?: string;
  books?: BookWish;
  /** Of the plan, in that currency. */
  dunning?: { plan: string };
  methods?: true;
  usage?: UsageWish;
};

export type Redemption = { coupon: CouponId; promotionCode: PromotionCodeId | null };

/** What these decisions have to know of what others share, and of the books; null where nothing. */
export function sharedWanted(decided: readonly Decided[]): Wanted | null {
  const effects = decided.flatMap(({ decision }) => (decision.outcome === 'applied' ? decision.effects : []));
  const redemptions = effects
    .filter((effect) => effect.type === 'redeem')
    .map(({ coupon, promotionCode }) => ({ coupon, promotionCode }));
  const books = booksWanted(decided);
  const usage = effects.flatMap(usageIn);
  const trialOf = trialIn(decided);
  const dunning = dunningWanted(decided);
  const methods = methodsWanted(decided);
  if (redemptions.length === 0 && trialOf === null && !books && !dunning && !methods && !effects.some(needsShared)) {
    return null;
  }
  return {
    ...(redemptions.length > 0 && { redemptions }),
    ...(trialOf !== null && { trialOf }),
    ...(books && { books }),
    ...(dunning && { dunning }),
    ...(methods && { methods }),
    ...(usage.length > 0 && { usage: { spans: usage.flatMap(({ spans }) => spans) } }),
  };
}

const usageIn = (effect: Effect): UsageWish[] =>
  (effect.type === 'issue_invoice' || effect.type === 'draft_invoice') && effect.usage ? [effect.usage.wish] : [];

/** A trial is begun only by who has had none. */
function trialIn(decided: readonly Decided[]): string | null {
  for (const { input } of decided) {
    if (input.type === 'subscribe' && input.trial && input.trialDays > 0) return input.terms.product;
  }
  return null;
}

/** The policy is read when a debt begins, and held from then on. */
function dunningWanted(decided: readonly Decided[]): Wanted['dunning'] | null {
  for (const { before, after } of decided) {
    if (before.state === 'active' && after.state === 'past_due') return { plan: before.terms.planId };
  }
  return null;
}

/** Where one method fails and the policy goes on to another, all of them are looked at. */
const methodsWanted = (decided: readonly Decided[]): boolean =>
  decided.some(
    ({ input, decision, after }) =>
      decision.outcome === 'applied' &&
      (input.type === 'payment_failed' || input.type === 'retry_due') &&
      after.state === 'past_due' &&
      after.dunning?.policy?.fallbacks === true,
  );

function booksWanted(decided: readonly Decided[]): BookWish | null {
  const wishes = decided.flatMap(({ asked, before }) => wishOf(asked, before.timeZone) ?? []);
  if (wishes.length === 0) return null;
  return {
    invoices: wishes.flatMap(({ invoices = [] }) => invoices),
    payments: wishes.flatMap(({ payments = [] }) => payments),
    unusedAfter: wishes.find(({ unusedAfter }) => unusedAfter)?.unusedAfter ?? null,
    refundable: wishes.some(({ refundable }) => refundable),
  };
}

/** What has to be read of the books before this can be decided. */
function wishOf(input: Input, timeZone: string): Partial<BookWish> | null {
  switch (input.type) {
    case 'credit_note':
    case 'void':
      return { invoices: [input.invoice] };
    case 'payment_refunded':
      return input.asked ? null : { payments: [input.payment] };
    case 'withdraw_credit':
      return { refundable: true };
    case 'cancel':
      // On a period's last day nothing is unused; what waits is held against the invoices of that day all the same.
      return input.creditTo && input.when === 'now' ? { unusedAfter: addDays(dayOf(input.at, timeZone), -1) } : null;
    default:
      return null;
  }
}

export const booksOfPayment = (payment: PaymentId): BookWish => ({ ...NO_BOOKS, payments: [payment] });

/** Nothing can be decided before they have been read. */
export const lacksBooks = (known: Shared | null, { books, usage }: Wanted): boolean =>
  (books !== undefined && !isSame(books, known?.books?.of ?? null)) ||
  (usage !== undefined && !isSame(usage, known?.usage?.of ?? null));

/** They are read anew for each decision, since nobody else looks at a refusal. */
export function withoutBooks({ books: _, usage: _usage, ...shared }: Shared): Shared {
  return shared;
}

const needsShared = ({ type }: Effect): boolean => type === 'issue_invoice' || type === 'draft_invoice';

/** What was used up for one redemption may be there for the next; a policy and the methods are read when they are asked for. */
export const withoutLimits = ({ usedUp: _, dunning: __, methods: ___, ...shared }: Shared): Shared => shared;

/** The same moment for what comes after these effects: nothing is spent twice. */
export const after = <M extends Moment>(moment: M, effects: readonly Effect[]): M =>
  moment.shared ? { ...moment, shared: afterSpending(moment.shared, effects) } : moment;

/** Of two inputs in one step the second finds what the first has left. */
export const afterSpending = (shared: Shared, effects: readonly Effect[]): Shared =>
  effects.reduce(afterEffect, shared);

function afterEffect(shared: Shared, effect: Effect): Shared {
  switch (effect.type) {
    case 'draft_invoice':
      return withoutLate(shared, effect);
    case 'issue_invoice': {
      const { invoice } = effect;
      const known = withNew(withoutLate(shared, effect), creditableOf(invoice));
      return invoice.creditApplied === 0 ? known : withCredit(known, -invoice.creditApplied);
    }
    case 'issue_credit_note': {
      const { note } = effect;
      const held = note.to === 'credit' ? withCredit(shared, note.total) : shared;
      return withInvoice(held, note.invoice, (invoice) => afterNote(invoice, note));
    }
    case 'void_invoice':
      return withInvoice(shared, effect.invoice, (invoice) => ({ ...invoice, state: 'void' }));
    case 'write_off_invoice':
      return withInvoice(shared, effect.invoice, (invoice) => ({ ...invoice, state: 'uncollectible' }));
    case 'record_payment': {
      const { payment: id, amount, unapplied = 0, outside } = effect;
      const none = { refunded: 0, refundedUnapplied: 0, disputed: false, withdrawn: 0 };
      const payment = { id, amount, applied: amount - unapplied, ...none, outside: outside !== undefined };
      return withInvoice(shared, effect.invoice, (invoice) => ({
        ...invoice,
        paid: invoice.paid + amount - unapplied,
        payments: [...invoice.payments, payment],
      }));
    }
    case 'request_refund': {
      const held = effect.from === 'customer_credit' ? withCredit(shared, -effect.amount) : shared;
      return withRefund(held, effect.payment, effect.amount, effect.from === 'unapplied_cash' ? effect.amount : 0);
    }
    case 'settle_carried':
      return effect.amount < 0 ? withCredit(shared, -effect.amount) : shared;
    case 'record_refund':
      return withRefund(shared, effect.payment, effect.amount, effect.unapplied);
    default:
      return shared;
  }
}

/** What came late is billed once. */
const withoutLate = (shared: Shared, { usage }: { usage?: Used }): Shared =>
  usage && shared.usage ? { ...shared, usage: { ...shared.usage, late: [] } } : shared;

const withCredit = (shared: Shared, more: number): Shared => ({ ...shared, credit: shared.credit + more });

const withNew = (shared: Shared, invoice: Creditable): Shared =>
  shared.books
    ? { ...shared, books: { ...shared.books, invoices: { ...shared.books.invoices, [invoice.id]: invoice } } }
    : shared;

function withInvoice(shared: Shared, id: InvoiceId, change: (invoice: Creditable) => Creditable): Shared {
  const { books } = shared;
  const invoice = books?.invoices[id];
  if (!books || !invoice) return shared;
  return { ...shared, books: { ...books, invoices: { ...books.invoices, [id]: change(invoice) } } };
}

function withRefund(shared: Shared, payment: PaymentId, amount: number, unapplied: number): Shared {
  const { books } = shared;
  if (!books) return shared;
  const refunded = (payments: readonly CreditablePayment[]) =>
    payments.map((each) =>
      each.id === payment
        ? { ...each, refunded: each.refunded + amount, refundedUnapplied: each.refundedUnapplied + unapplied }
        : each,
    );
  const invoices = Object.fromEntries(
    Object.entries(books.invoices).map(([id, invoice]) => [id, { ...invoice, payments: refunded(invoice.payments) }]),
  );
  return { ...shared, books: { ...books, invoices, refundable: refunded(books.refundable) } };
}
