import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Input } from './input.ts';
import { isOver, nextDue } from './next-due.ts';
import { afterSpending, type Shared } from './shared.ts';
import type { Subscription } from './subscription.ts';

/** `input` is `asked` with what was known of what others share. */
export type Decided = { input: Input; asked: Input; before: Subscription; decision: Decision; after: Subscription };

/**
 * Decides inputs in their order. What one of them makes due at once comes before the next: a cancellation that waited
 * for a payment's answer, say, must not be overtaken by a pause that arrived together with that answer.
 */
export function decideAll(start: Subscription, inputs: readonly Input[], given: Shared | null = null): Decided[] {
  const decided: Decided[] = [];
  let state = start;
  let shared = given;
  const take = (plain: Input) => {
    const input = shared ? Object.assign({}, plain, { shared }) : plain;
    const decision = decide(state, input);
    const after = decision.outcome === 'applied' ? decision.state : state;
    if (shared && decision.outcome === 'applied') shared = afterSpending(shared, decision.effects);
    decided.push({ input, asked: plain, before: state, decision, after });
    state = after;
  };
  inputs.forEach((input, i) => {
    for (let due = i === 0 ? null : nextDue(state); due && due.at <= input.at; due = nextDue(state)) {
      if (isOver(state, input.at)) break;
      take({ origin: { by: 'clock', ref: due.type }, ...due });
    }
    take(input);
  });
  return decided;
}
