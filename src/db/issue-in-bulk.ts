/**
 * Invoices in bulk, of many subscriptions at once: an import, say. The same rows by the same functions as a commit's,
 * several hundred in one transaction, each once by its id, and each with an outcome of its own. Workflows don't come this
 * way: an invoice that follows from a decision is stored with it.
 */
import type { Db } from './client.ts';
import { type Issued, issueInvoices } from './commit/invoices.ts';
import { postingsOfIssue } from './commit/money.ts';
import { groupCommit, isBadData } from './group-commit.ts';
import { type Posted, post } from './ledger.ts';
import { type BulkOutcome, outcomesOf } from './post-in-bulk.ts';
import { inTenant, type Scope } from './tenant.ts';

/** Answers when they are stored, for each in its order. Throws where the database is away; all may then come again. */
export type IssueInBulk = (scope: Scope, issued: readonly Issued[]) => Promise<BulkOutcome[]>;

export function bulkIssuer(db: Db): IssueInBulk {
  const keep = groupCommit<{ scope: Scope; issued: Issued }, Posted>({
    write: (rows) =>
      issueBatch(
        db,
        rows[0]!.scope,
        rows.map(({ issued }) => issued),
      ),
    isBadData,
    groupOf: ({ scope: { tenant, mode } }) => `${tenant}/${mode}`,
    maxRows: 512,
    maxFlights: 2,
    maxWaiting: Number.POSITIVE_INFINITY,
  });
  return (scope, issued) => outcomesOf(issued.map((each) => keep({ scope, issued: each })));
}

/** The accounts that all share first, and at the very end the numbers, for which the whole tenant stands in line. */
const issueBatch = (db: Db, scope: Scope, issued: readonly Issued[]): Promise<Posted[]> =>
  inTenant(db, scope, async (trx) => {
    const postings = issued.map(postingsOfIssue);
    const firsts = postings.map(([first]) => first);
    const answers = await post(trx, [...firsts, ...postings.flatMap(([, ...rest]) => rest)]);
    const outcomes = answers.slice(0, firsts.length);
    await issueInvoices(
      trx,
      issued.filter((_, i) => outcomes[i] === 'posted'),
    );
    return outcomes;
  });
