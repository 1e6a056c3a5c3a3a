/** The decision on a change: what the price book and a term allow, what it makes of the subscription, and its trail. */
import { termEnd } from './cancel.ts';
import { linesInWords, type PlannedChange, planChange, pricedChange } from './change.ts';
import { besideWaiting, settled } from './debited.ts';
import { applied, type Because, type Decision, refused } from './decision.ts';
import { afterPeriod } from './discount.ts';
import type { Effect } from './effect.ts';
import type { InputOf } from './input.ts';
import { totalOf } from './invoice.ts';
import { issue } from './invoicing.ts';
import { having } from './next-state.ts';
import { chosenAddOns, describe, sameInterval, type Terms } from './price-book.ts';
import { type Active, isTrial, type Trialing } from './subscription.ts';
import { anchorOn, dayOf, type Instant } from './time.ts';
import { usageChanged, usageFrom, usageUntil } from './usage.ts';

export function change(state: Active | Trialing, input: InputOf<'change'>): Decision {
  const { terms, quantity, at } = input;
  if (terms.currency !== state.currency) {
    return refused(
      'currency_mismatch',
      `cannot change: the plan costs ${terms.currency}, the subscription ${state.currency}`,
      'planId',
    );
  }
  const same =
    terms.planId === state.terms.planId &&
    terms.priceBookId === state.terms.priceBookId &&
    quantity === state.quantity &&
    sameAddOns(terms, state.terms);
  if (same && !state.pending) return refused('no_change', `cannot change: it is ${describe(terms, quantity)} already`);
  const planned = planChange(state, input, at);
  const refusal = input.byOperator ? null : (againstTerm(state, terms) ?? againstRule(state, input, planned));
  if (refusal) return refusal;
  const because: Because = Object.assign(pricedChange(state, { terms: planned.terms, quantity }), {
    direction: planned.direction,
    when: planned.when,
    proration: planned.proration,
    day: planned.day,
    arithmetic: linesInWords(planned.lines, state.currency),
    total: planned.total,
  });
  const told: Effect = {
    type: 'announce',
    event: 'subscription.changed',
    data: { plan: terms.planId, quantity, when: planned.when },
    at,
  };
  if (planned.when === 'period_end') {
    return applied(
      'change.at_period_end',
      having(state, { pending: { terms: planned.terms, quantity } }),
      [told],
      because,
    );
  }
  const anchorDay = anchorOn(state.anchorDay, state.terms.interval, terms.interval);
  const moved = having(state, {
    ...{ terms: planned.terms, quantity, pending: null, segments: planned.segments, anchorDay },
    ...(planned.restart && { ...planned.restart, discounts: afterPeriod(state.discounts ?? []) }),
    usage: usageAfter(state, planned, at),
  });
  const used = planned.restart && usageUntil(state, at);
  if (planned.lines.length === 0 && !used) return applied('change.now', moved, [told], because);
  const lines = besideWaiting(moved.carried, planned.lines);
  const owed = totalOf(planned.lines);
  if (!planned.restart && (planned.proration === 'next_invoice' || owed < 0)) {
    return applied('change.now_billed_later', having(moved, { carried: lines }), [told], because);
  }
  // What waits for the next invoice is on this one.
  const { state: invoiced, effects } = issue(having(moved, { carried: [] }), lines, input, true, state.collect, used);
  return applied('change.now_invoiced', settled(invoiced, effects), [told, ...effects], because);
}

function usageAfter(state: Active | Trialing, { terms, restart }: PlannedChange, at: Instant): Active['usage'] {
  if (isTrial(state)) return undefined;
  return restart ? usageFrom({ usage: state.usage, terms }, at) : usageChanged(state, terms, at);
}

/** A term is counted in periods of one length. */
function againstTerm(state: Active | Trialing, terms: Terms): Decision | null {
  const end = termEnd(state);
  if (end === null || sameInterval(terms, state.terms)) return null;
  const [held, wanted] = [state.terms, terms].map(({ interval }) => `${interval.count} ${interval.unit}`);
  return refused(
    'within_term',
    `cannot change from ${held} to ${wanted}: the term runs until ${dayOf(end, state.timeZone)}`,
    'planId',
  );
}

/** What the price book says of such a change is what is offered. */
function againstRule(
  state: Active | Trialing,
  input: InputOf<'change'>,
  { direction }: PlannedChange,
): Decision | null {
  const rule = state.terms.changes?.[direction];
  for (const field of ['when', 'proration'] as const) {
    const [offered, wanted] = [rule?.[field], input[field]];
    if (offered !== undefined && wanted !== null && offered !== wanted) {
      return refused(
        'change_not_offered',
        `cannot change ${direction} with ${field} ${wanted}: the plan offers ${offered}`,
        field,
      );
    }
  }
  return null;
}

function sameAddOns(a: Terms, b: Terms): boolean {
  const held = new Map(chosenAddOns(b).map(({ id, quantity }) => [id, quantity]));
  const wanted = chosenAddOns(a);
  return wanted.length === held.size && wanted.every(({ id, quantity }) => held.get(id) === quantity);
}
