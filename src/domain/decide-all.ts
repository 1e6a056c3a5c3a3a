import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Input } from './input.ts';
import { isOver, nextDue } from './next-due.ts';
import type { Subscription } from './subscription.ts';

export type Decided = { input: Input; before: Subscription; decision: Decision; after: Subscription };

/**
 * Decides inputs in their order. What one of them makes due at once comes before the next: a cancellation that waited
 * for a payment's answer, say, must not be overtaken by a pause that arrived together with that answer.
 */
export function decideAll(start: Subscription, inputs: readonly Input[]): Decided[] {
  const decided: Decided[] = [];
  let state = start;
  const take = (input: Input) => {
    const decision = decide(state, input);
    const after = decision.outcome === 'applied' ? decision.state : state;
    decided.push({ input, before: state, decision, after });
    state = after;
  };
  inputs.forEach((input, i) => {
    for (let due = i === 0 ? null : nextDue(state); due && due.at <= input.at; due = nextDue(state)) {
      if (isOver(state, input.at)) break;
      take({ ...due, origin: { by: 'clock', ref: due.type } });
    }
    take(input);
  });
  return decided;
}
