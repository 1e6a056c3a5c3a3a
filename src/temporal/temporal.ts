/** The way to Temporal, lazily: the API starts, reads and takes webhooks in while Temporal is away. */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from '../config.ts';
import type { Mode } from '../domain/ids.ts';

export type Temporal = {
  connection: Connection;
  /** Null where the mode has no namespace: then it doesn't exist in this deployment. */
  clientOf(mode: Mode): Client | null;
  isReachable(): Promise<boolean>;
  /** Asked a moment ago, it isn't asked again. */
  seemsReachable(): Promise<boolean>;
  taskQueue: string;
  close(): Promise<void>;
};

const PATIENCE_MS = 3_500;
const A_MOMENT_MS = 2_000;

export function createTemporal(
  config: Pick<Config, 'TEMPORAL_ADDRESS' | 'namespaces'>,
  taskQueue: string,
  environment: NodeJS.ProcessEnv = process.env,
): Temporal {
  // TLS and API keys as every Temporal program takes them.
  const { connectionOptions } = loadClientConnectConfig({
    overrideEnvVars: Object.fromEntries(
      Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  });
  const connection = Connection.lazy({
    ...connectionOptions,
    address: config.TEMPORAL_ADDRESS,
    connectTimeout: '3s',
    channelArgs: {
      // The default lets a channel sleep for two minutes after a long outage; people wait for this one.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2_000,
    },
  });
  const clients = config.namespaces.map(
    ({ mode, namespace }) => [mode, new Client({ connection, namespace })] as const,
  );
  return temporalOn(connection, new Map(clients), taskQueue);
}

/** Over a connection that is there. */
export function temporalOn(connection: Connection, clients: ReadonlyMap<Mode, Client>, taskQueue: string): Temporal {
  let lastSeen = 0;
  async function isReachable(): Promise<boolean> {
    try {
      await connection.withDeadline(Date.now() + PATIENCE_MS, () => connection.workflowService.getSystemInfo({}));
      lastSeen = Date.now();
      return true;
    } catch {
      return false; // the question was whether it answers
    }
  }
  return {
    connection,
    taskQueue,
    clientOf: (mode) => clients.get(mode) ?? null,
    isReachable,
    seemsReachable: async () => Date.now() - lastSeen < A_MOMENT_MS || isReachable(),
    close: () => connection.close(),
  };
}
