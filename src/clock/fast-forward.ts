/**
 * Time travel on the server itself: Temporal 1.31 and later can skip time per workflow. Its timers fire at their exact
 * virtual times, and its activities are waited for. The SDK has no wrapper for it; its raw client has the calls.
 */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { Instant } from '../domain/time.ts';

/** Each skip counts against this; the server's own default would end a ten years' journey after four. */
const MOST_SKIPS = 100_000;
const COMPLETED = 2;
const FAILED = 3;
const NOT_FOUND = 5;

/** What that workflow's own clock reads. Null when it has ended, or never was. */
export async function virtualNow(client: Client, workflowId: string): Promise<Instant | null> {
  try {
    const { namespace } = client.options;
    const described = await client.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });
    if (described.workflowExecutionInfo?.closeTime) return null;
    const time = described.workflowExtendedInfo?.timeSkippingInfo?.currentTime;
    return time ? Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6 : Date.now();
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === NOT_FOUND) return null;
    throw error;
  }
}

/** Tells the workflow's clock to go to that instant. Returns the id under which its arrival can be awaited. */
export async function sendTo(client: Client, workflowId: string, instant: Instant): Promise<string | null> {
  const now = await virtualNow(client, workflowId);
  if (now === null || now >= instant) return null;
  const id = randomUUID();
  const milliseconds = Math.ceil(instant - now);
  const duration = { seconds: Math.floor(milliseconds / 1_000), nanos: (milliseconds % 1_000) * 1_000_000 };
  await client.workflowService.updateWorkflowExecutionOptions({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    workflowExecutionOptions: {
      timeSkippingConfig: { enabled: true, maxSessionSkipCount: MOST_SKIPS, fastForwardConfig: { id, duration } },
    },
    updateMask: { paths: ['time_skipping_config'] },
  } as unknown as temporal.api.workflowservice.v1.IUpdateWorkflowExecutionOptionsRequest);
  return id;
}

/** Waits until that journey is over. False when the workflow ended on the way. */
export async function arrived(client: Client, workflowId: string, id: string): Promise<boolean> {
  for (;;) {
    const polled = await client.withDeadline(Date.now() + 30_000, () =>
      client.workflowService.pollWorkflowExecutionTimeSkipping({
        namespace: client.options.namespace,
        workflowExecution: { workflowId },
        fastForwardId: id,
      }),
    );
    const result = Number(polled.fastForwardPollingResult);
    if (result === COMPLETED) return true;
    if (result === FAILED) {
      // The run may have changed or ended meanwhile; what counts is where its clock stands now.
      if ((await virtualNow(client, workflowId)) === null) return false;
      throw new Error(`time did not move on for ${workflowId}: ${polled.failedReason}`);
    }
  }
}

/** Brings a workflow's clock to that instant, everything due on the way included. */
export async function bringTo(client: Client, workflowId: string, instant: Instant): Promise<void> {
  const id = await sendTo(client, workflowId, instant);
  if (id) await arrived(client, workflowId, id);
}
