/**
 * Posting for whoever has much to post, and for many who post a little each: what queues while the last batch is on its
 * way goes as the next, all of one tenant and mode in one transaction. What must be stored together with its posting, as
 * a decision is, calls `post` in its own transaction instead.
 */
import type { KeyedPosting } from '../domain/ledger.ts';
import type { Db } from './client.ts';
import { groupCommit, isBadData } from './group-commit.ts';
import { type Posted, post } from './ledger.ts';
import { inTenant, type Scope } from './tenant.ts';

/** What the database wouldn't take: no other posting is hurt by it. */
export type RefusedPosting = { refused: string; code: string; constraint: string | null };
export type BulkOutcome = Posted | RefusedPosting;

/** Answers when it is stored, for each in its order. Throws where the database is away; all may then come again. */
export type PostInBulk = (scope: Scope, postings: readonly KeyedPosting[]) => Promise<BulkOutcome[]>;

const AT_ONCE = 512;

/** One for each process: its callers share the batches. */
export function bulkPoster(db: Db): PostInBulk {
  const keep = groupCommit<{ scope: Scope; posting: KeyedPosting }, Posted>({
    write: (rows) =>
      inTenant(db, rows[0]!.scope, (trx) =>
        post(
          trx,
          rows.map(({ posting }) => posting),
        ),
      ),
    isBadData,
    groupOf: ({ scope: { tenant, mode } }) => `${tenant}/${mode}`,
    maxRows: AT_ONCE,
    maxFlights: 2,
    // Whoever waits holds its postings anyway.
    maxWaiting: Number.POSITIVE_INFINITY,
  });
  return (scope, postings) =>
    Promise.all(postings.map((posting) => keep({ scope, posting }).catch((error: unknown) => refusal(error))));
}

function refusal(error: unknown): RefusedPosting {
  if (!isBadData(error)) throw error;
  const { message, code, constraint } = error as Error & { code: string; constraint?: string };
  return { refused: message, code, constraint: constraint ?? null };
}
