import type { Client } from '@temporalio/client';
import { type Restart, SUBSCRIPTION_WORKFLOW, workflowIdOf } from '../../workflows/messages.ts';
import type { TenantId } from '../domain/ids.ts';

/** Starts a subscription's workflow where the last one has stopped. One that runs is left alone. */
export async function restartSubscription(
  client: Client,
  taskQueue: string,
  { tenant, ...restart }: Restart & { tenant: TenantId },
): Promise<void> {
  const { id } = restart.subscription;
  await client.workflow.start<(restart: Restart) => Promise<void>>(SUBSCRIPTION_WORKFLOW, {
    workflowId: workflowIdOf(tenant, id),
    taskQueue,
    args: [restart],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `subscription ${id}`,
  });
}
