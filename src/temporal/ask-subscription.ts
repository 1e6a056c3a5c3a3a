/**
 * Asks a subscription's workflow to do something, and says how that ended. What we expect comes back as a value: the
 * routes turn it into HTTP, the command line into a sentence.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { type Answer, type Asked, type Start, SUBSCRIPTION_WORKFLOW, workflowIdOf } from '../../workflows/messages.ts';
import type { Mode, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { RefusalCode } from '../domain/refusal.ts';
import type { Draft } from '../domain/subscription.ts';
import type { Temporal } from './temporal.ts';

export type Target = { tenant: TenantId; mode: Mode; subscription: SubscriptionId };

export type AskOutcome =
  | Answer
  /** It arrived, or may have; nobody has answered in time. Asking again with the same id is safe. */
  | { outcome: 'pending' }
  | { outcome: 'unreachable' }
  /** There is no such workflow, or its life is over. */
  | { outcome: 'no_workflow' }
  /** This deployment has no namespace for that mode. */
  | { outcome: 'no_namespace' };

type Options = { temporal: Temporal; target: Target; asked: Asked; patienceMs: number };

export const askSubscription = ({ temporal, target, asked, patienceMs }: Options): Promise<AskOutcome> =>
  trying(temporal, target.mode, patienceMs, (client) =>
    client.workflow
      .getHandle(workflowIdOf(target.tenant, target.subscription))
      .executeUpdate<Answer, [Asked]>(asked.command.type, { updateId: asked.id, args: [asked] }),
  );

/** Makes the workflow and asks it, in one call. Repeated, it finds the one that it made. */
export const startAndAsk = ({ temporal, target, asked, patienceMs, draft }: Options & { draft: Draft }) =>
  trying(temporal, target.mode, patienceMs, (client) =>
    client.workflow.executeUpdateWithStart<(start: Start) => Promise<void>, Answer, [Asked]>(asked.command.type, {
      updateId: asked.id,
      args: [asked],
      startWorkflowOperation: new WithStartWorkflowOperation<(start: Start) => Promise<void>>(
        SUBSCRIPTION_WORKFLOW,
        startOptions(temporal, target, draft),
      ),
    }),
  );

/** Makes the workflow as a draft that waits to be asked; one that is there already is left alone. */
export const startDraft = (temporal: Temporal, target: Target, draft: Draft, patienceMs: number): Promise<AskOutcome> =>
  trying(temporal, target.mode, patienceMs, async (client) => {
    await client.workflow.start<(start: Start) => Promise<void>>(
      SUBSCRIPTION_WORKFLOW,
      startOptions(temporal, target, draft),
    );
    return { outcome: 'applied', version: 0 };
  });

const startOptions = ({ taskQueue }: Temporal, { tenant, subscription }: Target, draft: Draft) => ({
  workflowId: workflowIdOf(tenant, subscription),
  taskQueue,
  args: [{ subscription: draft }] as [Start],
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
  staticSummary: `subscription ${subscription}`,
});

/** Anything that is asked of Temporal within a time, with its expected troubles as values. */
export async function trying(
  temporal: Temporal,
  mode: Mode,
  patienceMs: number,
  ask: (client: Client) => Promise<Answer>,
): Promise<AskOutcome> {
  const client = temporal.clientOf(mode);
  if (!client) return { outcome: 'no_namespace' };
  // The client goes on trying for as long as it may, and who asks would wait for nothing.
  if (!(await temporal.seemsReachable())) return { outcome: 'unreachable' };
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await client.withDeadline(deadline, () => ask(client));
    } catch (error) {
      const again = grpcCodeOf(error) === FAILED_PRECONDITION && Date.now() + AGAIN_MS < deadline;
      if (!again) return (await meaningOf(error, temporal)) ?? Promise.reject(error);
      await sleep(AGAIN_MS);
    }
  }
}

async function meaningOf(error: unknown, temporal: Temporal): Promise<AskOutcome | null> {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message: detail, details } = error.cause;
    const [path] = (details ?? []) as string[];
    return { outcome: 'refused', code: type as RefusalCode, detail, path };
  }
  if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError) {
    return { outcome: 'no_workflow' };
  }
  const code = grpcCodeOf(error);
  if (code === ABORTED_BY_CLOSE || code === NOT_FOUND) return { outcome: 'no_workflow' };
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || (code !== null && LATE.has(code))) {
    // Time is up whether it was away or nobody worked: so the error alone doesn't tell which.
    return { outcome: (await temporal.isReachable()) ? 'pending' : 'unreachable' };
  }
  // The SDK makes plain errors of a connection that can't be opened.
  if (code === UNAVAILABLE || (error instanceof Error && /failed to connect/i.test(error.message))) {
    return { outcome: 'unreachable' };
  }
  return null;
}

/**
 * The workflow's task was lost in that moment: a run ended while news came in, or its worker died. What was asked may have
 * been done; asked again under the same id it is answered, and not done twice.
 */
const FAILED_PRECONDITION = 9;
const AGAIN_MS = 50;
const NOT_FOUND = 5;
const UNAVAILABLE = 14;
/** gRPC's ALREADY_EXISTS: a start of what was there before and has ended. */
const ABORTED_BY_CLOSE = 6;
/** CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED. */
const LATE: ReadonlySet<number> = new Set([1, 4, 8, 9, 10]);

/** The client wraps what gRPC says. */
function grpcCodeOf(error: unknown): number | null {
  if (isGrpcServiceError(error)) return Number(error.code);
  return error instanceof Error && error.cause !== undefined ? grpcCodeOf(error.cause) : null;
}
