/** Brings the database to the newest schema, and Temporal to the namespaces and attributes that we use. Then it ends. */
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { loadConfigOrExit } from '../config.ts';
import { migrateDatabase } from '../db/migrate.ts';
import { createLogger } from '../observability/logger.ts';
import { register } from '../temporal/register.ts';

const config = loadConfigOrExit();
const log = createLogger({ name: 'migrate', level: config.LOG_LEVEL });

await migrateDatabase(config.DATABASE_URL);
log.info({}, 'the database is at the newest schema');

const { connectionOptions } = loadClientConnectConfig();
const connection = await Connection.connect({ ...connectionOptions, address: config.TEMPORAL_ADDRESS });
try {
  for (const { mode, namespace } of config.namespaces) {
    const { namespace: made, attributes } = await register(connection, namespace);
    log.info({ mode, namespace, made, attributes }, 'the namespace is ready');
  }
} finally {
  await connection.close();
}
