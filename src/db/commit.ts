/**
 * Everything that one step of a subscription changes, in one transaction or not at all, and once however often it is
 * brought. The database takes version n+1 on n. What is brought as n again changes nothing: it is a repeat, or a later
 * try of a step whose end the workflow never saw, which is told what is stored instead.
 *
 * It may also be behind: an older backup was restored. Then the workflow's state is projected anew, the gap is written
 * to the audit log, and what the lost steps did to invoices and ledger is for reconciliation to find.
 */
import pg from 'pg';
import type { Commit, CommitAnswer } from '../domain/commit.ts';
import { invariant } from '../domain/invariant.ts';
import { NOBODY, type Parties } from '../domain/parties.ts';
import type { Db } from './client.ts';
import { ofType } from './commit/effects.ts';
import { hashOf } from './commit/hash.ts';
import { recordMigrations } from './commit/migrations.ts';
import { recordMoney } from './commit/money.ts';
import { project, storedOf } from './commit/projection.ts';
import { type Remark, record } from './commit/record.ts';
import { recordRedemptions } from './commit/redemptions.ts';
import { Stale } from './commit/stale.ts';
import { inTenant } from './tenant.ts';
import { useTrials } from './trials.ts';

/** Rules of the database that say: another has used up meanwhile what was shared. */
const STALE = new Set([
  'customer_credit_not_negative',
  'coupon_limit',
  'coupon_limit_per_customer',
  'promotion_code_limit',
  'promotion_code_first_time',
  'one_trial_a_product',
  'credited_within_its_total',
  'credited_within_its_line',
  'credit_notes_pkey',
]);

/** `parties` are those that an invoice of this step names. */
export async function commit(db: Db, step: Commit, parties = NOBODY): Promise<CommitAnswer> {
  try {
    return await store(db, step, parties);
  } catch (error) {
    const rule = error instanceof pg.DatabaseError ? error.constraint : undefined;
    if (error instanceof Stale || (rule !== undefined && STALE.has(rule))) return { outcome: 'stale', shared: null };
    throw error;
  }
}

/** Whether this version, or a later one, is there already. */
export const isStored = (db: Db, { id, tenant, mode, version }: Commit['subscription']): Promise<boolean> =>
  inTenant(db, { tenant, mode }, async (trx) => ((await storedOf(trx, id))?.version ?? 0) >= version);

async function store(db: Db, step: Commit, parties: Parties): Promise<CommitAnswer> {
  const { id, tenant, mode, version } = step.subscription;
  const hash = hashOf(step);
  return inTenant(db, { tenant, mode }, async (trx) => {
    const before = await project(trx, step, hash);
    if (before !== null) {
      const effects = step.decisions.flatMap((decision) => decision.effects);
      await record(trx, step, before, remarksOn(before.version, version));
      await recordRedemptions(trx, step.subscription, effects);
      await recordMigrations(trx, step.subscription, effects);
      await recordMoney(trx, step.subscription, effects, parties);
      await useTrials(trx, step.subscription, ofType(effects, 'use_trial'));
      return { outcome: 'committed' };
    }
    const stored = await storedOf(trx, id);
    invariant(stored, `${id} is stored, since it was not behind`);
    if (stored.version > version) return { outcome: 'conflict', stored: stored.version };
    if (stored.decision_hash === hash) return { outcome: 'repeated' };
    return { outcome: 'superseded', step: { subscription: stored.document, ...stored.last_step } };
  });
}

const remarksOn = (before: number, version: number): Remark[] =>
  before === version - 1 ? [] : [{ action: 'projected_anew', why: { stored: before, version } }];
