/**
 * A migration of subscriptions to a version of the price book, batch by batch, for as long as there is something to do.
 * Which wave it is, what has failed and whether somebody has stopped it stands in the database: so it may end at any time,
 * and is begun again when it is told to go on.
 */
import { condition, continueAsNew, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { MigrationActivities } from '../activities/contract.ts';
import { GO_ON_SIGNAL, type MigrationRef } from './messages.ts';

const BATCHES_A_RUN = 200;

export async function migrate_price_book(ref: MigrationRef): Promise<void> {
  let told = 0;
  setHandler(defineSignal(GO_ON_SIGNAL), () => {
    told++;
  });
  const { migrateBatch } = proxyActivities<MigrationActivities>({
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });
  for (let batches = 0; batches < BATCHES_A_RUN; batches++) {
    const before = told;
    const end = await migrateBatch(ref);
    // What came meanwhile may be a resumption: only who has looked since then may end.
    if (end.outcome === 'over' && told === before) return;
    if (end.outcome === 'wait') await condition(() => told !== before, end.ms);
  }
  await continueAsNew<typeof migrate_price_book>(ref);
}
