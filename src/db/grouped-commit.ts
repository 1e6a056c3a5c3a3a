/**
 * The commit of a process that does many: what queued while the last was on its way goes as the next, the steps of one
 * tenant and mode in one transaction. So the accounts and the series of numbers that all of a tenant's steps share are
 * taken once for all of them, and the disk is waited for once. One that waits alone goes alone, and at once.
 *
 * Each has its own outcome. Where one spoils the transaction, the batch is halved until that one stands alone: then it is
 * stale, or is refused, and hurts no other.
 */
import type { Commit, CommitAnswer } from '../domain/commit.ts';
import { BrokenInvariant } from '../domain/invariant.ts';
import { NOBODY, type Parties } from '../domain/parties.ts';
import type { Db } from './client.ts';
import { type Brought, isStale, STALE, store, TwoOfOne } from './commit.ts';
import { groupCommit, isBadData } from './group-commit.ts';

/** Throws where the database is away, or won't take this very step; it may then come again. */
export type CommitStep = (step: Commit, parties?: Parties) => Promise<CommitAnswer>;

/** Few enough that others don't wait long for what a batch holds. */
const AT_ONCE = 32;

/** One for each process: its callers share the batches. */
export function groupedCommit(db: Db): CommitStep {
  const keep = groupCommit<Brought, CommitAnswer>({
    write: (rows) => store(db, rows),
    isBadData: isOfOneStep,
    groupOf: ({ step: { subscription } }) => `${subscription.tenant}/${subscription.mode}`,
    maxRows: AT_ONCE,
    maxFlights: 2,
    // Whoever waits holds its step anyway, and is one of the few that Temporal lets through.
    maxWaiting: Number.POSITIVE_INFINITY,
  });
  return (step, parties = NOBODY) =>
    keep({ step, parties }).catch((error: unknown) => {
      if (isStale(error)) return STALE;
      throw error;
    });
}

/** The others of its batch would have been stored without it. */
const isOfOneStep = (error: unknown): boolean =>
  isBadData(error) || isStale(error) || error instanceof TwoOfOne || error instanceof BrokenInvariant;
