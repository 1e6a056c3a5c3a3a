import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { type Delivered, FACTS_SIGNAL, workflowIdOf } from '../../workflows/messages.ts';
import type { Mode, SubscriptionId, TenantId } from '../domain/ids.ts';

type Target = { tenant: TenantId; mode: Mode; subscription: SubscriptionId };

/** `refused` is about this workflow alone: it is closing just now, say. Anything thrown is Temporal being away. */
export type SignalOutcome = 'sent' | 'no_workflow' | 'refused';
export type Signal = (target: Target, delivered: Delivered[]) => Promise<SignalOutcome>;

/** gRPC: INVALID_ARGUMENT, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE. */
const ABOUT_THIS_ONE: ReadonlySet<unknown> = new Set([3, 9, 10, 11]);

export const signalThrough =
  (clients: ReadonlyMap<Mode, Client>, timeoutMs: number): Signal =>
  async ({ tenant, mode, subscription }, delivered) => {
    const client = clients.get(mode);
    if (!client) throw new Error(`no Temporal namespace for ${mode} mode`);
    const handle = client.workflow.getHandle(workflowIdOf(tenant, subscription));
    try {
      await client.withDeadline(Date.now() + timeoutMs, () => handle.signal(FACTS_SIGNAL, delivered));
      return 'sent';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'no_workflow';
      if (ABOUT_THIS_ONE.has(grpcCodeOf(error))) return 'refused';
      throw error;
    }
  };

/** The client wraps what gRPC says. */
function grpcCodeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return 'code' in error ? error.code : grpcCodeOf(error.cause);
}
