import { proxyActivities } from '@temporalio/workflow';
import type { RevenueActivities } from '../activities/contract.ts';
import type { RevenueOf } from './messages.ts';

/** Whatever is over and not recognised yet: a night that was missed is made up for by the next. */
export async function recognise_revenue(whose: RevenueOf): Promise<void> {
  const { recogniseRevenue } = proxyActivities<RevenueActivities>({
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '60s',
    retry: { initialInterval: '1s', maximumInterval: '5m' },
  });
  await recogniseRevenue(whose);
}
