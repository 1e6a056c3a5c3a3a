import { Context } from '@temporalio/activity';
import { newId } from '../src/ids.ts';
import type { ReconcileDeps } from '../src/reconcile/looking.ts';
import { reconcile } from '../src/reconcile/reconcile.ts';
import type { ReconcileActivities } from './contract.ts';
import { withTrouble } from './trouble.ts';

/** Safe to run twice: each try of what a schedule asks for is a look of its own. */
export const createReconcile =
  (deps: ReconcileDeps): ReconcileActivities['reconcile'] =>
  ({ tenant, mode, id, back, thorough, by }) =>
    withTrouble(async () => {
      const since = Context.current().info.scheduledTimestampMs - back;
      await reconcile(deps, { tenant, mode, id: id ?? newId('rec'), since, thorough, by });
    });
