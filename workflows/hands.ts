/** The activities, as the workflow calls them. */
import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities, Call } from '../activities/contract.ts';
import type { OutsideEffect } from '../src/domain/effect.ts';
import { keyOf } from '../src/domain/effect.ts';
import type { Fact, Followable } from '../src/domain/input.ts';
import type { Processor } from '../src/domain/subscription.ts';
import { processorQueue } from './messages.ts';

/**
 * Local: it costs no event but its marker. While the database is away it tries again inside the worker, since a timer
 * would be something that a skipping clock could skip.
 */
export const storing = proxyLocalActivities<Pick<Activities, 'commit'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '50ms', maximumInterval: '2s' },
  localRetryThreshold: '10 minutes',
  summary: 'commit: state, invoices, ledger, audit, outbox',
});

const outside = proxyActivities<Activities>({ startToCloseTimeout: '60s' });

export function outsideActivity(
  effect: OutsideEffect,
  processor: Processor,
): (call: Call<OutsideEffect>) => Promise<(Fact | Followable)[]> {
  const options = {
    taskQueue: processorQueue(workflowInfo().taskQueue, processor),
    startToCloseTimeout: '60s',
    heartbeatTimeout: '8s',
    // A processor forgets an idempotency key after a day: by then the answer must be looked up, not asked for again.
    scheduleToCloseTimeout: '23h',
    retry: { initialInterval: '1s', maximumInterval: '10m' },
    summary: keyOf(effect),
  } as const;
  return (call) => outside[effect.type].executeWithOptions(options, [call as never]);
}
