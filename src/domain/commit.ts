import type { Access } from './access.ts';
import type { Effect } from './effect.ts';
import type { Input } from './input.ts';
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

/** Everything that one step of a subscription changes, stored in one transaction or not at all. */
export type Commit = {
  /** The state after the step. Its version is one above what the database holds. */
  subscription: Subscription;
  decisions: Recorded[];
  /** Events of the inbox which this step has taken in, and those that it looked at and left. */
  applied: string[];
  ignored: string[];
  nextDueAt: Instant | null;
  access: Access;
  at: Instant;
};

export type CommitAnswer =
  | { outcome: 'committed' | 'repeated' }
  /** The database has moved on without us, or holds another decision under this version: a person has to look. */
  | { outcome: 'conflict'; stored: number };
