import { Context } from '@temporalio/activity';
import type { Db } from '../src/db/client.ts';
import { lastDayOver, recogniseThrough } from '../src/db/revenue.ts';
import type { RevenueActivities } from './contract.ts';

/** Safe to run twice: what is booked is not due any more. A clock's customers are left to their clock. */
export const createRecogniseRevenue =
  ({ db }: { db: Db }): RevenueActivities['recogniseRevenue'] =>
  async (scope) => {
    const through = await lastDayOver(db, scope, Date.now());
    const onProgress = (done: object) => Context.current().heartbeat(done);
    return recogniseThrough(db, scope, { through, clock: null }, { onProgress });
  };
