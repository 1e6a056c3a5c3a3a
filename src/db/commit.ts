/**
 * Everything that one step of a subscription changes, in one transaction or not at all, and once however often it is
 * brought. The database takes version n+1 on n, or n again with the same hash.
 *
 * It may also be behind: an older backup was restored. Then the workflow's state is projected anew, the gap is written
 * to the audit log, and what the lost steps did to invoices and ledger is for reconciliation to find.
 */
import type { Commit, CommitAnswer } from '../domain/commit.ts';
import type { Db } from './client.ts';
import { hashOf } from './commit/hash.ts';
import { recordMoney } from './commit/money.ts';
import { lockStored, project, type Stored } from './commit/projection.ts';
import { type Remark, record } from './commit/record.ts';
import { inTenant } from './tenant.ts';

export async function commit(db: Db, step: Commit): Promise<CommitAnswer> {
  const { id, tenant, mode, version } = step.subscription;
  const hash = hashOf(step);
  return inTenant(db, { tenant, mode }, async (trx) => {
    let stored = await lockStored(trx, id);
    while (stored === null || stored.version < version) {
      if (await project(trx, step, hash, stored)) {
        await record(trx, step, remarksOn(stored, version));
        await recordMoney(
          trx,
          step.subscription,
          step.decisions.flatMap(({ effects }) => effects),
        );
        return { outcome: 'committed' };
      }
      stored = await lockStored(trx, id); // made by another since we looked
    }
    return stored.version === version && stored.decision_hash === hash
      ? { outcome: 'repeated' }
      : { outcome: 'conflict', stored: stored.version };
  });
}

function remarksOn(stored: Stored | null, version: number): Remark[] {
  const before = stored?.version ?? 0;
  return before === version - 1 ? [] : [{ action: 'projected_anew', why: { stored: before, version } }];
}
