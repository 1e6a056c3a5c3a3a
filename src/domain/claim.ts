/**
 * Some processors' signatures prove that they have sent something, not what. Of their events only what the processor
 * itself says of the object, when it is asked, may have an effect: this compares the two.
 */
import type { DisputeOutcome } from './dispute.ts';
import type { Fact } from './input.ts';

/** What an event claims of an object, beside the fact that was made of it. */
export type Claim = {
  about: 'payment' | 'refund' | 'sale_refund' | 'dispute' | 'method';
  /** The processor's name of it; of a method ours, as the processor's is not kept in the open. */
  id: string;
  amount: number | null;
  currency: string | null;
  /** What we have written on it ourselves: whose it is. */
  mark: string | null;
};

/** The same object, as the processor shows it now. */
export type Seen = {
  state: 'succeeded' | 'processing' | 'failed' | 'open' | 'closed';
  amount: number | null;
  currency: string | null;
  mark: string | null;
  /** What a refund gives back, or a dispute is about. */
  payment: string | null;
  outcome: DisputeOutcome | null;
};

/** Why the two can't both be true; null where they agree. What the object has become since then is no contradiction. */
export function contradiction(fact: Fact, claim: Claim, seen: Seen | null): string | null {
  if (seen === null) return 'the processor knows no such object';
  if (seen.currency !== claim.currency) return 'the currency is another';
  if (seen.amount !== claim.amount) return 'the amount is another';
  if (seen.mark !== claim.mark) return 'it is of another subscription';
  if (claim.about !== 'payment' && seen.payment !== fact.payment) return 'it is about another payment';
  return isPossible(fact, seen) ? null : `it is ${seen.state} there`;
}

function isPossible(fact: Fact, { state, outcome }: Seen): boolean {
  switch (fact.type) {
    case 'payment_succeeded':
    case 'payment_refunded':
      return state === 'succeeded';
    case 'payment_failed':
    case 'refund_failed':
    case 'payment_canceled':
      return state === 'failed';
    case 'payment_processing':
    case 'payment_needs_action':
    case 'dispute_opened':
      return true;
    case 'dispute_closed':
      return state === 'closed' && outcome === fact.outcome;
    case 'funds_withdrawn':
    case 'funds_reinstated':
      return false; // nobody whose events are claims tells these
  }
}
