/**
 * A customer's bank takes a payment back, or asks about it first. Its news comes in any order and more than once: each part
 * counts once, and what is known is never taken back by what comes late. Money moves when the processor says that it has
 * moved, and at no other time: an inquiry moves none, and neither does a verdict.
 */

import type { Effect } from './effect.ts';
import type { EventType } from './event-types.ts';
import type { PaymentId } from './ids.ts';
import type { InputOf } from './input.ts';

export type DisputeOutcome = 'won' | 'lost' | 'closed';

/** A dispute, as far as the workflow has to know it. */
export type KnownDispute = {
  id: string;
  payment: PaymentId;
  amount: number;
  /** The bank only asks. The money can still be given back, which answers it. */
  inquiry: boolean;
  opened: boolean;
  withdrawn: boolean;
  reinstated: boolean;
  outcome: DisputeOutcome | null;
};

export type DisputeFact = InputOf<'dispute_opened' | 'funds_withdrawn' | 'funds_reinstated' | 'dispute_closed'>;

/** Bounded: the database's unique keys stand behind it. What is open is never forgotten. */
const REMEMBERED = 24;

export type DisputeTaken = {
  rule: string;
  disputes: KnownDispute[];
  effects: Effect[];
};

/** What a dispute's news changes; null where it was told before. */
export function takeDispute(held: readonly KnownDispute[], fact: DisputeFact): DisputeTaken | null {
  const before = held.find(({ id }) => id === fact.dispute);
  const { payment, dispute, at } = fact;
  const after = changed(before ?? unknown(fact), fact);
  if (before && same(before, after)) return null;
  const { amount, inquiry, outcome } = after;
  const effects: Effect[] = [
    {
      type: 'record_dispute',
      ...{ dispute, payment, amount, inquiry, outcome, at },
      reason: fact.type === 'dispute_opened' ? fact.reason : null,
    },
  ];
  const data = { dispute, payment, amount };
  const tell = (event: EventType, more: Record<string, string | number> = {}) =>
    effects.push({ type: 'announce', event, data: { ...data, ...more }, at });
  switch (fact.type) {
    case 'dispute_opened':
      tell('dispute.opened', { reason: fact.reason, inquiry: inquiry ? 'yes' : 'no' });
      break;
    case 'funds_withdrawn':
    case 'funds_reinstated': {
      const direction = fact.type === 'funds_withdrawn' ? 'withdrawn' : 'reinstated';
      effects.push({
        type: 'move_dispute_funds',
        ...{ dispute, payment, direction, amount: fact.amount, fee: fact.fee, at },
      });
      tell(`dispute.funds_${direction}`, { fee: fact.fee });
      break;
    }
    case 'dispute_closed':
      tell('dispute.closed', { outcome: fact.outcome });
      break;
  }
  return { rule: `dispute.${fact.type.replace(/^dispute_/, '')}`, disputes: kept(held, after), effects };
}

/** As it is heard of for the first time, by whichever of its news was the fastest. */
const unknown = ({ dispute, payment, ...fact }: DisputeFact): KnownDispute => ({
  ...{ id: dispute, payment, amount: 'amount' in fact ? fact.amount : 0, inquiry: false },
  ...{ opened: false, withdrawn: false, reinstated: false, outcome: null },
});

function changed(before: KnownDispute, fact: DisputeFact): KnownDispute {
  switch (fact.type) {
    case 'dispute_opened':
      // The money was taken, so it is more than a question by now.
      if (before.opened) return before;
      return { ...before, opened: true, amount: fact.amount, inquiry: fact.inquiry && !before.withdrawn };
    case 'funds_withdrawn':
      return { ...before, withdrawn: true, inquiry: false, amount: before.opened ? before.amount : fact.amount };
    case 'funds_reinstated':
      return { ...before, reinstated: true, amount: before.amount || fact.amount };
    case 'dispute_closed':
      return { ...before, outcome: before.outcome ?? fact.outcome };
  }
}

const same = (a: KnownDispute, b: KnownDispute): boolean =>
  a.opened === b.opened && a.withdrawn === b.withdrawn && a.reinstated === b.reinstated && a.outcome === b.outcome;

function kept(held: readonly KnownDispute[], after: KnownDispute): KnownDispute[] {
  const others = held.filter(({ id }) => id !== after.id);
  const closed = others.filter(({ outcome }) => outcome !== null);
  const forgotten = new Set(closed.slice(0, Math.max(closed.length + 1 - REMEMBERED, 0)));
  return [...others.filter((each) => !forgotten.has(each)), after];
}

/** No refund while the bank decides: the customer would have the money twice. */
export const isInDispute = (disputes: readonly KnownDispute[] | undefined, payment: PaymentId): boolean =>
  disputes?.some((each) => each.payment === payment && each.outcome === null && !each.inquiry) ?? false;
