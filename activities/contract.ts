import type { Recognised } from '../src/db/revenue.ts';
import type { Commit, CommitAnswer } from '../src/domain/commit.ts';
import type { OutsideEffect } from '../src/domain/effect.ts';
import type { Fact, Followable } from '../src/domain/input.ts';
import type { Identity } from '../src/domain/subscription.ts';
import type { BatchEnd } from '../src/price-books/migrate-batch.ts';
import type { Journey, MigrationRef, Reconciliation, RevenueOf } from '../workflows/messages.ts';

export type EffectOf<T extends OutsideEffect['type']> = Extract<OutsideEffect, { type: T }>;

/** An effect on the outside world, with whose it is. */
export type Call<E extends OutsideEffect> = {
  effect: E;
  subscription: Pick<Identity, 'id' | 'tenant' | 'mode' | 'customer' | 'processor' | 'currency'>;
  /** An earlier call got no answer: the effect may have happened, so it is looked up before it is asked for again. */
  lookFirst: boolean;
};

/** One activity per outside effect; an effect without its activity does not compile. An expected answer is a fact. */
export type OutsideActivities = {
  [T in OutsideEffect['type']]: (call: Call<EffectOf<T>>) => Promise<AnswerTo<T>[]>;
};
type AnswerTo<T extends OutsideEffect['type']> = T extends 'tell_processor' | 'read_back' ? Followable : Fact;

export type Activities = OutsideActivities & {
  /** Local: all database effects of one step, in one transaction, once. */
  commit: (commit: Commit) => Promise<CommitAnswer>;
};

export type ClockActivities = {
  /** Moves a test clock and all that belongs to it; a clock that can't go on is left `blocked`, with the reason. */
  advanceClock: (journey: Journey) => Promise<void>;
};

export type RevenueActivities = {
  /** Through the last day that is over, for all who live by the wall's clock. */
  recogniseRevenue: (whose: RevenueOf) => Promise<Recognised>;
};

export type ReconcileActivities = {
  /** Compares, fetches and books; what differs is kept for a person. */
  reconcile: (asked: Reconciliation) => Promise<void>;
};

export type MigrationActivities = {
  /** Moves the next subscriptions of a migration, or back; says whether there is more to do. */
  migrateBatch: (ref: MigrationRef) => Promise<BatchEnd>;
};
