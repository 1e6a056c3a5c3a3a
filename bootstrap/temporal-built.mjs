/** Runs the plain Temporal server and its UI, where they were built with Go: what `temporal server start-dev` does by itself. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callGrpc, field, number } from './grpc.mjs';
import { anyFreePort } from './ports.mjs';

const RETENTION_SECONDS = 30 * 86_400;
const OK = 0;
const ALREADY_EXISTS = 6;
const INDEXED_VALUE_TYPE = { Keyword: 2, Datetime: 6 };

/**
 * Writes the server's configuration (JSON is YAML) and says how to start it.
 * @param {{ folder: string, port: number, dbFile?: string, dynamicConfig: Record<string, string> }} settings
 * @returns {Promise<string[]>} the program's arguments
 */
export async function configureServer({ folder, port, dbFile, dynamicConfig }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const dynamicFile = join(folder, 'dynamic-config.yaml');
  const dynamic = { ...dynamicConfig, 'system.forceSearchAttributesCacheRefreshOnRead': 'true' };
  const constant = ([key, value]) => [key, [{ value: JSON.parse(value) }]];
  writeFileSync(dynamicFile, JSON.stringify(Object.fromEntries(Object.entries(dynamic).map(constant))));

  const store = {
    sql: {
      pluginName: 'sqlite',
      databaseName: dbFile ?? 'default',
      connectAddr: 'localhost',
      connectProtocol: 'tcp',
      connectAttributes: dbFile
        ? { mode: 'rwc', setup: 'true', journal_mode: 'wal', synchronous: '2' }
        : { mode: 'memory', cache: 'private' },
      maxConns: 1,
      maxIdleConns: 1,
      maxConnLifetime: '0s', // a database in memory lives as long as its connection
    },
  };
  const rpc = async (grpcPort) => ({
    rpc: { grpcPort: grpcPort ?? (await anyFreePort()), membershipPort: await anyFreePort(), bindOnIP: '127.0.0.1' },
  });
  const cluster = { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: `127.0.0.1:${port}` };
  const config = {
    log: { stdout: true, level: 'warn' },
    persistence: { defaultStore: 'main', visibilityStore: 'main', numHistoryShards: 1, datastores: { main: store } },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: { frontend: await rpc(port), history: await rpc(), matching: await rpc(), worker: await rpc() },
    clusterMetadata: {
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: { active: cluster },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicFile, pollInterval: '60s' },
  };
  const file = join(folder, 'server.yaml');
  writeFileSync(file, JSON.stringify(config, null, 2));
  return ['--config-file', file, '--allow-no-auth', 'start'];
}

/**
 * @param {{ uiBinary: string, uiPort: number, address: string, folder: string, logFile: string }} settings
 */
export function startUi({ uiBinary, uiPort, address, folder, logFile }) {
  const config = {
    temporalGrpcAddress: address,
    host: '127.0.0.1',
    port: uiPort,
    enableUi: true,
    disableNewsFetch: true,
  };
  writeFileSync(join(folder, 'ui.yaml'), JSON.stringify(config));
  const output = openSync(logFile, 'a', 0o600);
  const child = spawn(uiBinary, ['--root', folder, '--config', '.', '--env', 'ui', 'start'], {
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  child.unref();
  return child;
}

/**
 * Makes the namespaces, with what can be searched for in them. A new namespace is known everywhere after some seconds.
 * @param {string} address
 * @param {readonly string[]} namespaces
 * @param {Record<string, string>} attributes
 * @param {number} withinMs
 * @returns {Promise<null | string>} what kept it from doing so
 */
export async function register(address, namespaces, attributes, withinMs) {
  const giveUpAt = performance.now() + withinMs;
  const until = async (method, request, ...good) => {
    for (;;) {
      const { status, message } = await callGrpc(address, method, request, 10_000);
      if (status === OK || good.includes(status)) return null;
      if (performance.now() > giveUpAt) return `it refused ${method} (${message})`;
      await sleep(100);
    }
  };
  for (const name of namespaces) {
    const retention = field(4, number(1, RETENTION_SECONDS));
    const registerNamespace = 'temporal.api.workflowservice.v1.WorkflowService/RegisterNamespace';
    const trouble = await until(registerNamespace, Buffer.concat([field(1, name), retention]), ALREADY_EXISTS);
    if (trouble) return trouble;
  }
  for (const name of namespaces) {
    const entries = Object.entries(attributes).map(([attribute, type]) =>
      field(1, Buffer.concat([field(1, attribute), number(2, INDEXED_VALUE_TYPE[type])])),
    );
    const add = 'temporal.api.operatorservice.v1.OperatorService/AddSearchAttributes';
    const trouble = await until(add, Buffer.concat([...entries, field(2, name)]), ALREADY_EXISTS);
    if (trouble) return trouble;
  }
  return null;
}
