/** Each tenant is reconciled each hour, two days back; and each week, a month back and thoroughly. */
import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy, type ScheduleSpec } from '@temporalio/client';
import {
  type HowOften,
  RECONCILE_WORKFLOW,
  type Reconciliation,
  reconcileScheduleIdOf,
} from '../../workflows/messages.ts';
import type { Scope } from '../db/tenant.ts';
import { DAY } from '../domain/time.ts';

/** The jitter spreads a deployment's tenants over the hour, and over the night. */
const LOOKS: Record<HowOften, { spec: ScheduleSpec; back: number; thorough: boolean }> = {
  hourly: { spec: { intervals: [{ every: '1 hour' }], jitter: '50m' }, back: 2 * DAY, thorough: false },
  weekly: {
    spec: { calendars: [{ dayOfWeek: 'SUNDAY', hour: 2, comment: 'a quiet night' }], jitter: '3h' },
    back: 30 * DAY,
    thorough: true,
  },
};

export async function ensureReconcileSchedules(client: Client, taskQueue: string, whose: Scope): Promise<void> {
  for (const often of Object.keys(LOOKS) as HowOften[]) await ensure(client, taskQueue, whose, often);
}

async function ensure(client: Client, taskQueue: string, { tenant, mode }: Scope, often: HowOften): Promise<void> {
  const { spec, back, thorough } = LOOKS[often];
  const scheduleId = reconcileScheduleIdOf(tenant, often);
  const asked: Reconciliation = { tenant, mode, id: null, back, thorough, by: `schedule/${often}` };
  const action = { type: 'startWorkflow', workflowType: RECONCILE_WORKFLOW, workflowId: scheduleId } as const;
  try {
    await client.schedule.create({
      ...{ scheduleId, spec },
      action: { ...action, taskQueue, args: [asked] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
