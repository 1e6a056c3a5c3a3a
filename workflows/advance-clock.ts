import { proxyActivities } from '@temporalio/workflow';
import type { ClockActivities } from '../activities/contract.ts';
import type { Journey } from './messages.ts';

/** It outlives whoever asked for it: a worker that dies half way is followed by another, from where the clock stands. */
export async function advance_clock(journey: Journey): Promise<void> {
  const { advanceClock } = proxyActivities<ClockActivities>({
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '1s', maximumInterval: '30s' },
  });
  await advanceClock(journey);
}
