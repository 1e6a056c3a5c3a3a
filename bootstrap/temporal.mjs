/**
 * The embedded Temporal server: one process with server and UI, time skipping enabled, and our namespaces and search
 * attributes in place. In memory, or in one SQLite file.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callGrpc, field } from './grpc.mjs';
import { anyFreePort, isFree } from './ports.mjs';
import { beganAt, isSameProcess, stopProcess } from './processes.mjs';
import { configureServer, register, startUi } from './temporal-built.mjs';

const STARTUP_MS = 60_000;

/** What operators can filter by, in every namespace. */
export const SEARCH_ATTRIBUTES = {
  BillingState: 'Keyword',
  BillingTenant: 'Keyword',
  BillingPlan: 'Keyword',
  BillingAttention: 'Keyword',
  BillingNextDueAt: 'Datetime',
};

/** Time passes for test clocks as fast as the work allows. Why each: the comments. */
const DYNAMIC_CONFIG = {
  'frontend.WorkflowTimeSkippingEnabled': 'true',
  'history.timerProcessorMaxTimeShift': '"10ms"', // else each skipped timer waits a second
  'history.workflowIdReuseMinimalInterval': '"0s"', // else continue-as-new shifts a skipped clock twice on server 1.32
  'history.timerProcessorMaxPollRPS': '1000', // else each timer waits for one of 20 polls a second
  'history.transferProcessorMaxPollRPS': '1000',
};

/** @typedef {{ address: string, port: number, uiUrl: string | null, pid: number, exited: Promise<number | null>, stop(): Promise<void> }} Temporal */

/**
 * @param {{
 *   kind?: 'cli' | 'server',
 *   binary: string,
 *   uiBinary?: string,
 *   port?: number,
 *   uiPort?: number | null,
 *   dbFile?: string,
 *   namespaces: readonly string[],
 *   logFile?: string,
 *   log?: (line: string) => void,
 *   guard?: import('./guard.mjs').Guard,
 * }} options the first three as `findTemporal` answers; without `dbFile` all is in memory; `uiPort: null` starts no UI
 * @returns {Promise<Temporal>}
 */
export async function startTemporal({ uiPort = null, dbFile, log = () => {}, guard, ...options }) {
  if (dbFile) await stopLeftoverTemporal(dbFile, log);
  const folder = mkdtempSync(join(tmpdir(), 'hydra-temporal-')); // what the server reads at its start
  guard?.removeAtEnd(folder);
  const logFile = options.logFile ?? join(folder, 'temporal.log');
  const settings = { kind: /** @type {const} */ ('cli'), ...options, uiPort, dbFile, folder, logFile };
  const { child, port } = await launch(settings).catch((error) => {
    if (options.logFile) rmSync(folder, { recursive: true });
    throw error;
  });
  const pid = /** @type {number} */ (child.pid);
  const signal = dbFile ? 'SIGTERM' : 'SIGKILL'; // memory has nothing to write down, and a polite end takes over a second
  const address = `127.0.0.1:${port}`;
  guard?.watch(pid, signal);
  if (dbFile) writeFileSync(noteOf(dbFile), JSON.stringify({ pid, began: beganAt(pid) }), { mode: 0o600 });
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  const ui = settings.kind === 'server' && uiPort !== null ? startUi({ ...settings, address }) : null;
  if (ui?.pid) guard?.watch(ui.pid);
  return {
    address,
    port,
    uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`,
    pid,
    exited,
    async stop() {
      if (ui?.pid) await stopProcess(ui.pid);
      await stopProcess(pid, { signal });
      if (dbFile) rmSync(noteOf(dbFile), { force: true });
      rmSync(folder, { recursive: true, force: true });
      for (const each of [ui?.pid, pid]) if (each) guard?.forget(each);
    },
  };
}

/** Another program may take the port between our look and the server's own; then the next one is tried. */
async function launch({ kind, binary, port, uiPort, dbFile, namespaces, folder, logFile }) {
  for (let tries = 1; ; tries += 1) {
    const wanted = port === undefined || tries > 1 ? await anyFreePort() : port;
    const address = `127.0.0.1:${wanted}`;
    const args =
      kind === 'cli'
        ? startDev({ port: wanted, uiPort, dbFile, namespaces })
        : await configureServer({ folder, port: wanted, dbFile, dynamicConfig: DYNAMIC_CONFIG });
    const output = openSync(logFile, 'a', 0o600);
    const child = spawn(binary, args, { stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    const ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`it exited with ${code ?? signal}`));
    });
    const serving = async () => {
      if (kind === 'cli') return serves(address, namespaces);
      return (
        (await serves(address, ['temporal-system'])) ?? register(address, namespaces, SEARCH_ATTRIBUTES, STARTUP_MS)
      );
    };
    const trouble = await Promise.race([ended, serving()]);
    child.unref();
    if (trouble === null && child.exitCode === null) return { child, port: wanted };
    if (child.pid) await stopProcess(child.pid, { signal: 'SIGKILL' });
    const last = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n  ');
    if (tries < 5 && (!(await isFree(wanted)) || /address already in use/.test(last))) continue;
    throw new Error(`Temporal did not start: ${trouble}.\n  ${last}\n  (more in ${logFile})`);
  }
}

function startDev({ port, uiPort, dbFile, namespaces }) {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn', '--color', 'never'],
    ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-disable-news-fetch']),
    ...(dbFile ? ['--db-filename', dbFile] : []),
    ...namespaces.flatMap((name) => ['--namespace', name]),
    ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ];
}

/** @returns {Promise<string | null>} what kept it from serving every namespace */
async function serves(address, namespaces) {
  const giveUpAt = performance.now() + STARTUP_MS;
  let last = '';
  while (performance.now() < giveUpAt) {
    last = await troubleWith(address, namespaces);
    if (last === '') return null;
    await sleep(20);
  }
  return `it did not serve its namespaces within ${STARTUP_MS / 1000} s (${last})`;
}

/**
 * Asks the server for each namespace.
 * @param {string} address
 * @param {readonly string[]} namespaces
 * @returns {Promise<string>} what is wrong; empty where all answered
 */
export async function troubleWith(address, namespaces) {
  for (const name of namespaces) {
    const method = 'temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace';
    const { status, message } = await callGrpc(address, method, field(1, name));
    if (status !== 0) return message || `gRPC status ${status}`;
  }
  return '';
}

const noteOf = (dbFile) => `${dbFile}.pid`;

/**
 * Two servers on one file would spoil it, so one that its keeper could not stop is stopped now.
 * @param {string} dbFile
 * @param {(line: string) => void} [log]
 */
export async function stopLeftoverTemporal(dbFile, log = () => {}) {
  const note = noteOf(dbFile);
  if (!existsSync(note)) return;
  const { pid, began } = JSON.parse(readFileSync(note, 'utf8'));
  if (isSameProcess(pid, began)) {
    log(`stopping a Temporal server that an earlier start left behind (process ${pid})`);
    await stopProcess(pid, { began });
  }
  rmSync(note);
}
