import { Context } from '@temporalio/activity';
import { type MigrateDeps, migrateBatch } from '../src/price-books/migrate-batch.ts';
import type { MigrationActivities } from './contract.ts';

/** Well inside the heartbeat timeout: a killed worker's batch is taken up by another when it falls silent. */
const BEAT_EVERY_MS = 2_000;

/** Safe to run twice: what was moved says so in the transaction that moved it. */
export const createMigrateBatch =
  (deps: MigrateDeps): MigrationActivities['migrateBatch'] =>
  async (ref) => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), BEAT_EVERY_MS);
    try {
      return await migrateBatch(deps, ref);
    } finally {
      clearInterval(beat);
    }
  };
