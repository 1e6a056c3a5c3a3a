import { Context } from '@temporalio/activity';
import { advanceStep, type ClockDeps, ClockStuck, recogniseOnClock } from '../src/clock/advance.ts';
import { inTenant } from '../src/db/tenant.ts';
import type { ClockActivities } from './contract.ts';

/** Well inside the heartbeat timeout: a killed worker's journey is taken up by another when it falls silent. */
const BEAT_EVERY_MS = 2_000;

/** Safe to run twice: where the clock stands is in the database, and what was due before is done. */
export const createAdvanceClock =
  (deps: ClockDeps): ClockActivities['advanceClock'] =>
  async ({ tenant, clock, target }) => {
    const ref = { tenant, clock };
    const end = (state: 'ready' | 'blocked', reason: string | null) =>
      inTenant(deps.db, { tenant, mode: 'test' }, (trx) =>
        trx.updateTable('clocks').set({ state, reason, target: null }).where('id', '=', clock).execute(),
      );
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), BEAT_EVERY_MS);
    try {
      while (!(await advanceStep(deps, ref, target)));
      await recogniseOnClock(deps.db, ref);
      await end('ready', null);
    } catch (error) {
      if (!(error instanceof ClockStuck)) throw error;
      await end('blocked', error.message);
    } finally {
      clearInterval(beat);
    }
  };
