import type { Access } from './access.ts';
import type { Effect, OutsideEffect } from './effect.ts';
import type { Input } from './input.ts';
import type { Refusal } from './refusal.ts';
import type { Shared, Wanted } from './shared.ts';
import type { StateName, Subscription } from './subscription.ts';
import type { Instant } from './time.ts';

/** One decision with its cause: which input, under which rule, on which facts. *Why* is answered from this. */
export type Recorded = {
  input: Input;
  rule: string;
  from: StateName;
  to: StateName;
  /** The facts that the rule looked at, in plain words and numbers. */
  because: Record<string, string | number | null>;
  effects: Effect[];
};

/** A message that a step has dealt with; a refused command with its reason. */
export type Taken = { id: string; refusal: Refusal | null };

/** Everything that one step of a subscription changes, stored in one transaction or not at all. */
export type Commit = {
  /** The state after the step. Its version is one above what the database holds. */
  subscription: Subscription;
  decisions: Recorded[];
  /** Every message that was looked at, by the name that the workflow has for it. */
  taken: Taken[];
  /** Events of the inbox which this step has taken in, and those that it looked at and left. */
  applied: string[];
  ignored: string[];
  /** What the decisions believed of what others share, and what they have to know of it; null where nothing. */
  shared: Shared | null;
  wanted: Wanted | null;
  nextDueAt: Instant | null;
  access: Access;
  at: Instant;
};

export type StoredStep = { subscription: Subscription; taken: Taken[]; outside: OutsideEffect[] };

export type CommitAnswer =
  | { outcome: 'committed' | 'repeated' }
  /**
   * This version was stored by an earlier try whose end never reached the history: the worker died, or news arrived in
   * that moment. Since then more may have been queued and time has gone on, so today's step differs. What is stored holds.
   */
  | { outcome: 'superseded'; step: StoredStep }
  /** What was believed of what others share is not so: to be decided again. Null: to be read again, too. */
  | { outcome: 'stale'; shared: Shared | null }
  /** The database has moved on without us: a person has to look. */
  | { outcome: 'conflict'; stored: number };
