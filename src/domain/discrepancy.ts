/**
 * Where the processor, the books and the workflows do not say the same. Pure: what each side says is an argument, and
 * what comes back names one subject with both sides.
 */
import type { Currency } from './currency.ts';
import type { PaymentId, SubscriptionId } from './ids.ts';

export const DISCREPANCIES = {
  payment_unknown_here: 'the processor has taken money that the books do not know',
  payment_unknown_there: 'the books have a payment that the processor does not know',
  payment_differs: 'a payment has another amount there than here',
  refund_unknown_here: 'the processor has given money back that the books do not know',
  refund_unknown_there: 'the books have a refund that the processor does not know',
  refund_differs: 'a refund has another amount there than here',
  dispute_differs: 'the money of a dispute is not where the books have it',
  payout_in_other_currency: 'a payout is of money that was changed into another currency',
  workflow_missing: 'a subscription that should run has no workflow',
  workflow_silent: 'a workflow runs and does not answer',
  workflow_behind: 'a workflow is older than what is stored of its subscription',
  projection_behind: 'what is stored of a subscription is older than its workflow',
} as const;
export type DiscrepancyKind = keyof typeof DISCREPANCIES;

/** What a look came to. */
export type ReconciliationReport = {
  /** Events that had not arrived, and have now. */
  fetched: number;
  /** Movements of money, and workflows, that were looked at. */
  movements: number;
  workflows: number;
  fees: number;
  payouts: number;
  /** What it has put right by itself. */
  repaired: number;
  /** All that is open now. */
  open: number;
};

/** One side, as it is shown to a person: ids, amounts, states. */
export type Side = { [name: string]: string | number | null };
export type Finding = {
  kind: DiscrepancyKind;
  /** The name of what they differ about: a payment's, a refund's, a subscription's. */
  subject: string;
  subscription: SubscriptionId | null;
  theirs: Side | null;
  ours: Side | null;
};

/** Money that has moved for one payment, as one of the two says: positive where it came to us. */
export type Moved = {
  kind: 'payment' | 'refund' | 'dispute';
  subject: string;
  payment: PaymentId | null;
  subscription: SubscriptionId | null;
  amount: number;
  currency: Currency;
};

/** What both say of the same subjects. Where it agrees there is nothing to be said. */
export function compare(theirs: readonly Moved[], ours: readonly Moved[]): Finding[] {
  const here = new Map(ours.map((each) => [each.subject, each]));
  const there = bySubject(theirs);
  const differing = there.flatMap((their): Finding[] => {
    const our = here.get(their.subject) ?? null;
    if (our && our.amount === their.amount && our.currency === their.currency) return [];
    // Taken and brought back, or a refund that came back: nothing has moved, and nothing has to be known of it.
    if (!our && their.amount === 0) return [];
    return [finding(their, our)];
  });
  const told = new Set(there.map(({ subject }) => subject));
  return [...differing, ...ours.filter(({ subject }) => !told.has(subject)).map((our) => finding(null, our))];
}

/** Several movements of one subject are one amount: a refund and its coming back, a dispute and its end. */
function bySubject(moved: readonly Moved[]): Moved[] {
  const sums = new Map<string, Moved>();
  for (const each of moved) {
    const before = sums.get(each.subject);
    sums.set(each.subject, before ? { ...each, amount: before.amount + each.amount } : each);
  }
  return [...sums.values()];
}

function finding(theirs: Moved | null, ours: Moved | null): Finding {
  const { kind, subject } = (theirs ?? ours)!;
  const where = theirs && ours ? 'differs' : theirs ? 'unknown_here' : 'unknown_there';
  return {
    kind: kind === 'dispute' ? 'dispute_differs' : `${kind}_${where}`,
    subject,
    subscription: ours?.subscription ?? theirs?.subscription ?? null,
    theirs: theirs && sideOf(theirs),
    ours: ours && sideOf(ours),
  };
}

const sideOf = ({ payment, amount, currency }: Moved): Side => ({ payment, amount, currency });
