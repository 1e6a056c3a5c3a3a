/**
 * Posting for whoever has much to post, and for many who post a little each: what queues while the last batch is on its
 * way goes as the next, all of one tenant and mode in one transaction. What must be stored together with its posting, as
 * a decision is, calls `post` in its own transaction instead.
 */
import type { KeyedPosting } from '../domain/ledger.ts';
import type { Db } from './client.ts';
import { groupCommit, isBadData } from './group-commit.ts';
import { type Posted, postKnowing } from './ledger.ts';
import { inTenant, type Scope } from './tenant.ts';

/** What the database wouldn't take: no other posting is hurt by it. */
export type RefusedPosting = { refused: string; code: string; constraint: string | null };
export type BulkOutcome = Posted | RefusedPosting;

/** Answers when it is stored, for each in its order. Throws where the database is away; all may then come again. */
export type PostInBulk = (scope: Scope, postings: readonly KeyedPosting[]) => Promise<BulkOutcome[]>;

const AT_ONCE = 512;

/** One for each process: its callers share the batches. */
export function bulkPoster(db: Db): PostInBulk {
  const accounts = new AccountMemory();
  const keep = groupCommit<{ scope: Scope; posting: KeyedPosting }, Posted>({
    write: (rows) => {
      const { scope } = rows[0]!;
      return writeBatch(
        db,
        scope,
        rows.map(({ posting }) => posting),
        accounts.of(nameOf(scope)),
      );
    },
    isBadData,
    groupOf: ({ scope }) => nameOf(scope),
    maxRows: AT_ONCE,
    maxFlights: 2,
    // Whoever waits holds its postings anyway.
    maxWaiting: Number.POSITIVE_INFINITY,
  });
  return (scope, postings) => outcomesOf(postings.map((posting) => keep({ scope, posting })));
}

const nameOf = ({ tenant, mode }: Scope): string => `${tenant}/${mode}`;

/**
 * An account never changes. Where its number is nobody's all the same, or another's, since a backup was restored, the
 * database refuses it, and all are looked up anew.
 */
async function writeBatch(
  db: Db,
  scope: Scope,
  postings: readonly KeyedPosting[],
  accounts: Map<string, number>,
): Promise<Posted[]> {
  const write = () => inTenant(db, scope, (trx) => postKnowing(trx, postings, accounts));
  const { answers, found } = await write().catch((error: unknown) => {
    if (accounts.size === 0 || !isOfMissingAccount(error)) throw error;
    accounts.clear();
    return write();
  });
  for (const [name, id] of found) accounts.set(name, id);
  return answers;
}

const isOfMissingAccount = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23503';

/** By tenant and mode, and for a bounded number of accounts: those of the tenants that posted last. */
class AccountMemory {
  static readonly MOST = 200_000;
  readonly #known = new Map<string, Map<string, number>>();

  of(scope: string): Map<string, number> {
    const accounts = this.#known.get(scope) ?? new Map<string, number>();
    this.#known.delete(scope);
    for (const [oldest] of this.#known) {
      if (this.#size(accounts) <= AccountMemory.MOST) break;
      this.#known.delete(oldest);
    }
    if (accounts.size > AccountMemory.MOST) accounts.clear();
    this.#known.set(scope, accounts);
    return accounts;
  }

  #size = (own: ReadonlyMap<string, number>): number =>
    [...this.#known.values()].reduce((sum, { size }) => sum + size, own.size);
}

/** A refusal is an answer, too; anything else is thrown. */
export const outcomesOf = (kept: readonly Promise<Posted>[]): Promise<BulkOutcome[]> =>
  Promise.all(kept.map((each) => each.catch((error: unknown) => refusal(error))));

function refusal(error: unknown): RefusedPosting {
  if (!isBadData(error)) throw error;
  const { message, code, constraint } = error as Error & { code: string; constraint?: string };
  return { refused: message, code, constraint: constraint ?? null };
}
