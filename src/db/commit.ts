/**
 * Everything that a step of a subscription changes, in one transaction or not at all, and once however often it is
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
import type { Change } from './commit/effects.ts';
import { hashOf } from './commit/hash.ts';
import { revokeLicences } from './commit/licences.ts';
import { recordMigrations } from './commit/migrations.ts';
import { recordMoney } from './commit/money.ts';
import { project, storedOf } from './commit/projection.ts';
import { type Remark, record } from './commit/record.ts';
import { recordRedemptions } from './commit/redemptions.ts';
import { Stale } from './commit/stale.ts';
import { inTenant, type Trx } from './tenant.ts';
import { useTrials } from './trials.ts';
import { sealUsage } from './usage-seals.ts';

/** Rules of the database that say: another has used up meanwhile what was shared. */
const USED_UP = new Set([
  'customer_credit_not_negative',
  'coupon_limit',
  'coupon_limit_per_customer',
  'promotion_code_limit',
  'promotion_code_first_time',
  'one_trial_a_product',
  'credited_within_its_total',
  'credited_within_its_line',
  'credit_notes_pkey',
  'usage_seals_pkey',
]);

/** `parties` are those that an invoice of this step names. */
export type Brought = { step: Commit; parties: Parties };

export async function commit(db: Db, step: Commit, parties = NOBODY): Promise<CommitAnswer> {
  try {
    const [answer] = await store(db, [{ step, parties }]);
    return answer!;
  } catch (error) {
    if (isStale(error)) return STALE;
    throw error;
  }
}

export const STALE: CommitAnswer = { outcome: 'stale', shared: null };

/** What this step had believed of what others share is not so. */
export const isStale = (error: unknown): boolean =>
  error instanceof Stale || (error instanceof pg.DatabaseError && USED_UP.has(error.constraint ?? ''));

/** Whether this version, or a later one, is there already. */
export const isStored = (db: Db, { id, tenant, mode, version }: Commit['subscription']): Promise<boolean> =>
  inTenant(db, { tenant, mode }, async (trx) => ((await storedOf(trx, id))?.version ?? 0) >= version);

/** Two versions of one subscription are no one change: the second may concern what the first has yet to write. */
export class TwoOfOne extends Error {
  override readonly name = 'TwoOfOne';
}

/**
 * All of these, of one tenant and mode, or none: an answer for each, in their order. Rows that others wait for are taken
 * once for all, and in an order that all keep.
 */
export async function store(db: Db, brought: readonly Brought[]): Promise<CommitAnswer[]> {
  const hashed = brought.map((each) => ({ ...each, hash: hashOf(each.step) }));
  const firsts = [...new Map([...hashed].reverse().map((each) => [each.step.subscription.id, each])).values()];
  return inTenant(db, brought[0]!.step.subscription, async (trx) => {
    const behind = await project(trx, firsts);
    const taken = firsts.flatMap((each) => {
      const before = behind.get(each.step.subscription.id);
      return before ? [{ ...each, before, remarks: remarksOn(before.version, each.step.subscription.version) }] : [];
    });
    if (taken.length > 0) {
      const changes = taken.map(({ step: { subscription, decisions }, parties }): Change => {
        return { subscription, effects: decisions.flatMap(({ effects }) => effects), parties };
      });
      await record(trx, taken);
      await recordRedemptions(trx, changes);
      await recordMigrations(trx, changes);
      await recordMoney(trx, changes);
      await sealUsage(trx, changes);
      await useTrials(trx, changes);
      await revokeLicences(trx, changes);
    }
    const committed = new Set(taken.map(({ step }) => step));
    const answers: CommitAnswer[] = [];
    for (const { step, hash } of hashed) {
      answers.push(committed.has(step) ? { outcome: 'committed' } : await answerOf(trx, step, hash));
    }
    return answers;
  });
}

/** To a step that the database was not behind. */
async function answerOf(trx: Trx, { subscription: { id, version } }: Commit, hash: string): Promise<CommitAnswer> {
  const stored = await storedOf(trx, id);
  invariant(stored, `${id} is stored, since it was not behind`);
  if (stored.version < version) throw new TwoOfOne(`${id} comes in versions ${stored.version} and ${version}`);
  if (stored.version > version) return { outcome: 'conflict', stored: stored.version };
  if (stored.decision_hash === hash) return { outcome: 'repeated' };
  return { outcome: 'superseded', step: { subscription: stored.document, ...stored.last_step } };
}

const remarksOn = (before: number, version: number): Remark[] =>
  before === version - 1 ? [] : [{ action: 'projected_anew', why: { stored: before, version } }];
