/**
 * What is known of the objects of a processor that collects by itself: its subscription, its invoices, their payments. Its
 * news come late, twice and in any order, so each object is kept as it was seen last, by the object's own version; and all
 * that follows from them is a function of what is kept, whatever the order in which it came.
 */
import { canonical } from './canonical.ts';
import type { Currency } from './currency.ts';
import type { InvoiceId, PaymentId, PaymentMethodId, PriceBookId } from './ids.ts';
import type { Followable } from './input.ts';
import type { Order } from './order.ts';
import type { CancelReason, StateName } from './subscription.ts';
import type { Instant } from './time.ts';

/** A look at one of the processor's objects. */
type Look = {
  /** The processor's own name of it. */
  id: string;
  /** The object's own: a later look at it has a higher one. */
  version: number;
  /** We have asked, when this was the version that we knew: it is fresher than all that was told of that one. */
  read?: number;
};

export type SeenSubscription = Look & {
  /** When it was so. */
  asOf: Instant;
  state: Exclude<StateName, 'draft'>;
  /** Whose price it has; null where the price is none of ours. */
  plan: { book: PriceBookId; id: string } | null;
  quantity: number;
  anchor: Instant;
  period: { start: Instant; end: Instant };
  cancelAt: Instant | null;
  /** It doesn't end by itself then: it has to be told. */
  endsByOrder?: true;
  resumeAt: Instant | null;
  endedAt: Instant | null;
  reason: CancelReason;
  paymentMethod: PaymentMethodId | null;
  /** The processor says that its trial ends soon. */
  trialEnding?: true;
};

/** A tax that the processor has put on a line. `rate` is its name there. */
export type SeenTax = { rate: string; amount: number; inclusive: boolean };

export type SeenLine = {
  name: string | null;
  product: string | null;
  quantity: number;
  unitPrice: string | null;
  /** Before discount, and before a tax that comes on top. */
  amount: number;
  discount: number;
  taxes: readonly SeenTax[];
  period: { start: Instant; end: Instant } | null;
  proration: boolean;
};

export type SeenInvoice = Look & {
  state: 'draft' | 'open' | 'uncollectible' | 'void' | 'paid';
  number: string | null;
  currency: Currency;
  total: number;
  /** What is left of the total after what the customer had in credit there. */
  amountDue: number;
  amountPaid: number;
  attempts: number;
  nextAttemptAt: Instant | null;
  issuedAt: Instant | null;
  dueAt: Instant | null;
  voidedAt: Instant | null;
  /** Given up as lost, at some time, whatever came of it. */
  lostAt: Instant | null;
  /** Null where they were not told: they are read back. */
  lines: readonly SeenLine[] | null;
  /** The customer has to confirm its payment. */
  needsAction?: true;
};

export type SeenPayment = {
  /** The processor's own name of the invoice that it is for. */
  invoice: string;
  payment: PaymentId;
  amount: number;
  at: Instant;
};

/** An invoice that is followed, and how far our books are with it. */
export type FollowedInvoice = SeenInvoice & {
  mirrored: boolean;
  voided: boolean;
  lost: boolean;
  /** What of it was paid, as the books have it. */
  paid: number;
  /** It was read back for what its news had left out. */
  asked: boolean;
  /** For which of the attempts the customer was asked to confirm. */
  confirming: number;
};

export type Follows = {
  seen: SeenSubscription | null;
  invoices: FollowedInvoice[];
  /** Their invoice is not in the books yet. */
  waiting: SeenPayment[];
  /** How often we have looked at an object ourselves, and at which we are looking. `again`: there was more to ask meanwhile. */
  reads: number;
  reading: { id: string; version: number; again: boolean }[];
  /** How many orders the processor was given, and the one that it has not answered. */
  orders: number;
  order: Order | null;
  /** How it has answered the last one; a refusal by its code. */
  answered: { order: number; refused: string | null } | null;
  /** Until when the trial lasts whose end was announced. */
  reminded?: Instant;
};

export const NOTHING_SEEN: Follows = {
  ...{ seen: null, invoices: [], waiting: [], reads: 0, reading: [] },
  ...{ orders: 0, order: null, answered: null },
};

export const isSeen = <T extends { type: string }>(what: T): what is Extract<T, { type: Followable['type'] }> =>
  SEEN.has(what.type);
const SEEN: ReadonlySet<string> = new Set<Followable['type']>([
  ...(['subscription_seen', 'invoice_seen', 'payment_seen'] as const),
  ...(['object_stirred'] as const),
  ...(['order_answered', 'checkout_expired'] as const),
]);

/** Ours of a mirrored invoice, whoever learns of it first. */
export const mirrorOf = (theirs: string): InvoiceId => `inv_${theirs}`;

/** `tie`: two that can't be ordered and differ. The object itself is asked. */
export type Freshness = 'news' | 'known' | 'old' | 'tie';

/** An end is never taken back by what comes late, and money that came least of all. */
const RANK = { draft: 0, open: 1, uncollectible: 2, void: 3, paid: 4 } as const;

export const freshnessOfSubscription = ({ seen: held, reading }: Follows, seen: SeenSubscription): Freshness =>
  freshness(held, seen, reading, ({ state }) => (state === 'canceled' ? 1 : 0));

export const freshnessOfInvoice = ({ invoices, reading }: Follows, seen: SeenInvoice): Freshness =>
  freshness(invoices.find(({ id }) => id === seen.id) ?? null, seen, reading, ({ state }) => RANK[state]);

function freshness<T extends Look>(
  held: T | null,
  seen: T,
  reading: Follows['reading'],
  rankOf: (look: T) => number,
): Freshness {
  if (!held) return 'news';
  const ahead = rankOf(seen) - rankOf(held) || seen.version - held.version;
  if (ahead !== 0) return ahead > 0 ? 'news' : 'old';
  // What is being read may be older than what is told once more.
  const isDoubtful = seen.read === undefined && reading.some(({ id }) => id === seen.id);
  if (contentOf(held) === contentOf(seen) && !isDoubtful) return 'known';
  return seen.read === seen.version ? 'news' : 'tie';
}

/** What makes two looks differ: not when they were, and not what only one of them had with it. */
function contentOf(look: Look): string {
  const content = Object.entries(look).filter(([name]) => !BESIDE.has(name));
  return canonical(Object.fromEntries(content));
}
const BESIDE: ReadonlySet<string> = new Set<keyof SeenSubscription | keyof FollowedInvoice>([
  ...(['version', 'read', 'asOf', 'trialEnding', 'lines', 'needsAction'] as const),
  ...(['mirrored', 'voided', 'lost', 'paid', 'asked', 'confirming'] as const),
]);

/** Bounded: the database's unique keys stand behind it. What is not settled is never forgotten. */
const REMEMBERED = 24;

export const isSettled = ({ state, mirrored, paid, amountDue }: FollowedInvoice): boolean =>
  mirrored && (state === 'void' || (state === 'paid' && paid >= amountDue));

export function keepInvoice(held: readonly FollowedInvoice[], invoice: FollowedInvoice): FollowedInvoice[] {
  const others = held.filter(({ id }) => id !== invoice.id);
  const settled = others.filter(isSettled);
  const forgotten = new Set(settled.slice(0, Math.max(settled.length + 1 - REMEMBERED, 0)));
  return [...others.filter((each) => !forgotten.has(each)), invoice].sort(byIssue);
}

/** By what they are, so that the order in which they came leaves no trace. */
const byIssue = (a: FollowedInvoice, b: FollowedInvoice): number =>
  (a.issuedAt ?? Number.POSITIVE_INFINITY) - (b.issuedAt ?? Number.POSITIVE_INFINITY) || (a.id < b.id ? -1 : 1);
