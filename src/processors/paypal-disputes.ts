import type { DisputeOutcome } from '../domain/dispute.ts';

const OUTCOMES: { readonly [code: string]: DisputeOutcome } = {
  RESOLVED_BUYER_FAVOUR: 'lost',
  RESOLVED_SELLER_FAVOUR: 'won',
  RESOLVED_WITH_PAYOUT: 'won',
};

/** The buyer may withdraw, or both agree: then it has neither been won nor lost. */
export const paypalOutcome = (code: string | null): DisputeOutcome => OUTCOMES[code ?? ''] ?? 'closed';
