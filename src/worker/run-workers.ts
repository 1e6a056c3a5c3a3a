/**
 * The hands of the product: for each mode's namespace one worker that decides and stores, and one per processor that
 * calls it, on a queue of its own with its own rate limit.
 */

import { Client, type Connection } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import { createAdvanceClock } from '../../activities/advance-clock.ts';
import type { Activities } from '../../activities/contract.ts';
import { createMigrateBatch } from '../../activities/migrate-batch.ts';
import { createRecogniseRevenue } from '../../activities/recognise-revenue.ts';
import { createReconcile } from '../../activities/reconcile.ts';
import { cleanFailures } from '../../activities/trouble.ts';
import { processorQueue } from '../../workflows/messages.ts';
import type { Db } from '../db/client.ts';
import type { Mode } from '../domain/ids.ts';
import type { Processor as ProcessorName } from '../domain/subscription.ts';
import type { Processors } from '../processors/processors.ts';
import type { ReconcileDeps } from '../reconcile/looking.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { temporalOn } from '../temporal/temporal.ts';

export type WorkersOptions = {
  connection: NativeConnection;
  namespaces: { mode: Mode; namespace: string }[];
  db: Db;
  activities: Activities;
  processors: Processors;
  workflowBundle: WorkflowBundleOption;
  /** What is fetched for the inbox is sealed with these. */
  inboxKeys: KeyRing;
  methodKey: Buffer;
  log: ReconcileDeps['log'];
  /** For the clock and for migrations, which drive workflows from outside. */
  clientConnection: Connection;
  taskQueue: string;
  /** The processor's own limit for all workers together, the same on each. */
  callsPerSecond?: number;
};

/** Each has a queue of its own. */
const QUEUES: readonly ProcessorName[] = ['stripe', 'paypal'];
const COMMITS_AT_ONCE = 40;
const CALLS_AT_ONCE = 50;

export async function runWorkers(
  options: WorkersOptions,
): Promise<{ stop: () => Promise<void>; ended: Promise<void> }> {
  const { connection, activities, workflowBundle, taskQueue, callsPerSecond = 80 } = options;
  const { commit, ...outside } = activities;
  const workers: Worker[] = [];
  const add = async (more: WorkerOptions) =>
    void workers.push(
      await Worker.create({
        connection,
        shutdownGraceTime: '5s',
        interceptors: { activity: [cleanFailures] },
        ...more,
      }),
    );
  const clients = new Map(
    options.namespaces.map(
      ({ mode, namespace }) => [mode, new Client({ connection: options.clientConnection, namespace })] as const,
    ),
  );
  const temporal = temporalOn(options.clientConnection, clients, taskQueue);
  for (const { mode, namespace } of options.namespaces) {
    const clocks =
      mode === 'test'
        ? {
            advanceClock: createAdvanceClock({
              db: options.db,
              processors: options.processors,
              client: clients.get(mode)!,
            }),
          }
        : {};
    await add({
      namespace,
      taskQueue,
      workflowBundle,
      activities: {
        commit,
        recogniseRevenue: createRecogniseRevenue({ db: options.db }),
        reconcile: createReconcile({ ...options, keys: options.inboxKeys, temporal }),
        migrateBatch: createMigrateBatch({ db: options.db, temporal }),
        ...clocks,
      },
      maxConcurrentLocalActivityExecutions: COMMITS_AT_ONCE,
      maxCachedWorkflows: 1_000,
      // How long a killed worker's workflow waits for another; the default of ten seconds is felt.
      stickyQueueScheduleToStartTimeout: '1s',
    });
    for (const processor of QUEUES) {
      await add({
        namespace,
        taskQueue: processorQueue(taskQueue, processor),
        activities: outside,
        maxConcurrentActivityTaskExecutions: CALLS_AT_ONCE,
        maxTaskQueueActivitiesPerSecond: callsPerSecond,
      });
    }
  }
  const ended = Promise.all(workers.map((worker) => worker.run())).then(() => {});
  const stop = async () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
  };
  return { stop, ended };
}
