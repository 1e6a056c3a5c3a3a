/** Decides, stores and charges: the hands of every subscription. As many of these as the load needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { accountsOf } from '../accounts/own-accounts.ts';
import { loadConfigOrExit } from '../config.ts';
import { createDatabase } from '../db/client.ts';
import { alertOfRedactions, createLogger } from '../observability/logger.ts';
import { temporalLogger } from '../observability/temporal-logger.ts';
import { separated } from '../security/key-ring.ts';
import { createTaxes } from '../tax/taxes.ts';
import { runWorkers } from '../worker/run-workers.ts';
import { keepTenantSchedules } from '../worker/tenant-schedules.ts';
import { workflowBundle } from '../worker/workflow-bundle.ts';

const config = loadConfigOrExit();
const log = createLogger({ name: 'worker', level: config.LOG_LEVEL });
alertOfRedactions(log);
Runtime.install({
  // We stop on these ourselves, and on the parent's going away.
  shutdownSignals: [],
  // Its pollers say the same each second while the server is away; what matters comes through the logger below.
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  logger: temporalLogger(log),
});

const db = createDatabase(config.DATABASE_URL, { applicationName: 'hydra-worker', max: config.DATABASE_POOL });
const processors = accountsOf(db, config);
const { connectionOptions } = loadClientConnectConfig();
const options = { ...connectionOptions, address: config.TEMPORAL_ADDRESS };

const LONGEST_GOODBYE_MS = 20_000;
let stopping = false;
let workers: Awaited<ReturnType<typeof runWorkers>> | null = null;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  // Workers say goodbye to Temporal, which may be gone for good.
  setTimeout(() => process.exit(1), LONGEST_GOODBYE_MS).unref();
  await workers?.stop();
  await db.destroy();
  log.info({}, 'the worker has stopped');
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);

/** Temporal may be away when we start: it is waited for, and said so once a while. */
async function connect(): Promise<NativeConnection> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      if (attempt % 15 === 0)
        log.warn({ address: config.TEMPORAL_ADDRESS, error: String(error) }, 'Temporal is not there yet');
      await sleep(1_000);
    }
  }
}

const [bundle, connection] = await Promise.all([workflowBundle(config.TEMPORAL_WORKFLOW_BUNDLE), connect()]);
const clientConnection = Connection.lazy(options);
workers = await runWorkers({
  connection,
  namespaces: config.namespaces,
  db,
  activities: createActivities({
    ...{ db, ring: config.ENCRYPTION_KEYS, cardKey: config.BLIND_INDEX_KEY, processors, taxes: createTaxes(config) },
  }),
  processors,
  methodKey: config.BLIND_INDEX_KEY,
  inboxKeys: config.INBOX_KEYS ?? separated(config.ENCRYPTION_KEYS, 'inbox'),
  log,
  workflowBundle: bundle,
  clientConnection,
  taskQueue: config.TEMPORAL_TASK_QUEUE,
});
keepTenantSchedules({
  ...{ db, connection: clientConnection, namespaces: config.namespaces, taskQueue: config.TEMPORAL_TASK_QUEUE, log },
});
log.info({ namespaces: config.namespaces }, 'the worker runs');
process.send?.({ ready: true });
await workers.ended.catch((error: unknown) => {
  log.fatal({ error: String(error) }, 'a worker has failed');
  process.exit(1);
});
