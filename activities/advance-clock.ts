import { heartbeat } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import { advanceStep, ClockStuck } from '../src/clock/advance.ts';
import type { Database } from '../src/db/schema.ts';
import { inTenant } from '../src/db/tenant.ts';
import type { Processors } from '../src/processors/processors.ts';
import type { ClockActivities } from './contract.ts';

type Deps = { db: Kysely<Database>; client: Client; processors: Processors };

/** Safe to run twice: where the clock stands is in the database, and what was due before is done. */
export const createAdvanceClock =
  (deps: Deps): ClockActivities['advanceClock'] =>
  async ({ tenant, clock, target }) => {
    const ref = { tenant, clock };
    const end = (state: 'ready' | 'blocked', reason: string | null) =>
      inTenant(deps.db, { tenant, mode: 'test' }, (trx) =>
        trx.updateTable('clocks').set({ state, reason, target: null }).where('id', '=', clock).execute(),
      );
    try {
      while (!(await advanceStep(deps, ref, target))) heartbeat();
      await end('ready', null);
    } catch (error) {
      if (!(error instanceof ClockStuck)) throw error;
      await end('blocked', error.message);
    }
  };
