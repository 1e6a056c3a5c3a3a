/** Each tenant's revenue is recognised at its own midnight, by a schedule in each mode's namespace. */
import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { RECOGNISE_REVENUE_WORKFLOW, type RevenueOf, revenueScheduleIdOf } from '../../workflows/messages.ts';
import type { TimeZone } from '../domain/time.ts';

/** Some zones have no midnight on the day on which their clocks go forward: so it looks again later in the night. */
const HOURS = [0, 3];

/** True where there was none. */
export async function ensureRevenueSchedule(
  client: Client,
  taskQueue: string,
  { tenant, mode, timeZone }: RevenueOf & { timeZone: TimeZone },
): Promise<boolean> {
  const whose: RevenueOf = { tenant, mode };
  try {
    await client.schedule.create({
      scheduleId: revenueScheduleIdOf(tenant),
      spec: { calendars: [{ hour: HOURS, comment: 'the day is over' }], timezone: timeZone, jitter: '30s' },
      action: {
        type: 'startWorkflow',
        workflowType: RECOGNISE_REVENUE_WORKFLOW,
        workflowId: revenueScheduleIdOf(tenant),
        taskQueue,
        args: [whose],
      },
      // One run makes up for all that were missed.
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' },
    });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}
