import { proxyActivities } from '@temporalio/workflow';
import type { ReconcileActivities } from '../activities/contract.ts';
import type { Reconciliation } from './messages.ts';

/** Once through: what was found is in the database, and a failed look is followed by the next. */
export async function reconcile(asked: Reconciliation): Promise<void> {
  const { reconcile: look } = proxyActivities<ReconcileActivities>({
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '60s',
    retry: { initialInterval: '5s', maximumInterval: '5m', maximumAttempts: 5 },
  });
  await look(asked);
}
