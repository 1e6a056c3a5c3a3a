/**
 * The embedded Postgres: a real server in a folder, on the loopback address alone, with a random password.
 *
 * Postgres refuses to run as root. There it runs as `postgres`, or `nobody`, in a data folder of that user's, which it
 * reaches through its working directory: the folders above stay closed to it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { anyFreePort, isFree } from './ports.mjs';
import { findPostgres, program } from './postgres-binaries.mjs';
import { beganAt, commandOf, stopProcess } from './processes.mjs';

const SUPERUSER = 'hydra';
const FAST_SHUTDOWN = 'SIGINT'; // ends sessions; SIGTERM would wait for them
const STARTUP_MS = 60_000; // recovery after a crash takes its time

/**
 * @typedef {{ port: number, pid: number, exited: Promise<number | null>, superuserUrl(database: string): string, stop(): Promise<void> }} Postgres
 * @typedef {{ uid: number, gid: number }} User
 */

/**
 * Starts the server, and makes its data folder the first time.
 * @param {{
 *   dataDir: string,
 *   port?: number,
 *   durable?: boolean,
 *   logFile?: string,
 *   log?: (line: string) => void,
 *   guard?: import('./guard.mjs').Guard,
 * }} options `durable: false` never waits for the disk: for tests, whose data may be lost
 * @returns {Promise<Postgres>}
 */
export async function startPostgres({ dataDir, port, durable = true, logFile, log = () => {}, guard }) {
  const runsAs = otherUser();
  const { bin, major, source } = await findPostgres({ runsAs });
  const home = join(dataDir, 'cluster');
  const passwordFile = join(dataDir, 'password');
  await stopLeftoverPostgres(dataDir, log);
  if (!existsSync(join(home, 'PG_VERSION'))) {
    log(`making a Postgres ${major} data folder (binaries: ${source})`);
    createCluster({ bin, dataDir, home, passwordFile, runsAs });
  }
  const made = Number(readFileSync(join(home, 'PG_VERSION'), 'utf8'));
  if (made !== major) {
    throw new Error(
      `The data in ${dataDir} was made by Postgres ${made}, and this is Postgres ${major}. ` +
        'Move it over with pg_dump, or begin anew: npm start -- --fresh',
    );
  }
  const password = readFileSync(passwordFile, 'utf8').trim();
  const { child, port: bound } = await launch({ bin, home, port, durable, logFile, runsAs });
  const pid = /** @type {number} */ (child.pid);
  guard?.watch(pid, FAST_SHUTDOWN);
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    port: bound,
    pid,
    exited,
    superuserUrl: (database) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${bound}/${database}`,
    async stop() {
      await stopProcess(pid, { signal: FAST_SHUTDOWN });
      guard?.forget(pid);
    },
  };
}

/** @returns {User | null} whom Postgres runs as, where that may not be ourselves */
export function otherUser() {
  if (process.getuid?.() !== 0) return null;
  const ask = (flag, name) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: ask('-u', name), gid: ask('-g', name) };
    } catch (error) {
      if (error.status === undefined) throw error; // `id` itself is missing
    }
  }
  return { uid: 65_534, gid: 65_534 };
}

function createCluster({ bin, dataDir, home, passwordFile, runsAs }) {
  rmSync(dataDir, { recursive: true, force: true }); // what an interrupted first start left
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runsAs) for (const path of [dataDir, home, passwordFile]) chownSync(path, runsAs.uid, runsAs.gid);
  try {
    execFileSync(
      join(bin, program('initdb')),
      [
        ...['-D', pathFor(home, runsAs), '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', join('..', 'password')],
        // The same order of texts on every host, whatever its locale.
        ...['-E', 'UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
        ...['--no-sync', '--no-instructions'],
      ],
      { cwd: home, ...runsAs, env: cleanEnvironment(), stdio: 'pipe' },
    );
  } catch (error) {
    rmSync(dataDir, { recursive: true, force: true });
    throw new Error(`initdb failed: ${String(error.stderr || error.message).trim()}`);
  }
}

/** Another program may take the port between our look and Postgres' own; then the next one is tried. */
async function launch({ bin, home, port, durable, logFile, runsAs }) {
  for (let tries = 1; ; tries += 1) {
    const wanted = port === undefined || tries > 1 ? await anyFreePort() : port;
    const file = logFile ?? join(dirname(home), 'postgres.log');
    const output = openSync(file, 'a', 0o600);
    const child = spawn(
      join(bin, program('postgres')),
      ['-D', pathFor(home, runsAs), '-p', String(wanted), ...settings(durable)],
      { cwd: home, ...runsAs, env: cleanEnvironment(), stdio: ['ignore', output, output], detached: true },
    );
    closeSync(output);
    const ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`it exited with ${code ?? signal}`));
    });
    const trouble = await Promise.race([ended, acceptsSessions(wanted)]);
    child.unref();
    if (trouble === null) return { child, port: wanted };
    if (child.pid) await stopProcess(child.pid, { signal: 'SIGQUIT' });
    if (tries < 5 && !(await isFree(wanted))) continue;
    const last = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n  ') : '';
    throw new Error(`Postgres did not start: ${trouble}.\n  ${last}\n  (more in ${file})`);
  }
}

const settings = (durable) =>
  Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off', // its compiler costs more than our short queries
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Nothing of the caller's Postgres settings (PGDATA, PGPORT, PGOPTIONS) may reach ours, nor its language its messages. */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

/** As another user the way from `/` may be closed, but the working directory is already open. */
const pathFor = (home, runsAs) => (runsAs && process.platform === 'linux' ? '/proc/self/cwd' : home);

/**
 * Waits until the server asks a new session for its password.
 * @returns {Promise<string | null>} what kept it from doing so
 */
async function acceptsSessions(port) {
  const giveUpAt = performance.now() + STARTUP_MS;
  while (performance.now() < giveUpAt) {
    if ((await firstAnswer(port)) === 'R') return null; // 'E' is "the database system is starting up"
    await sleep(10);
  }
  return `it took no connection on port ${port} within ${STARTUP_MS / 1000} s`;
}

/**
 * The kind of the server's first message to a session that introduces itself; null where there is none.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<string | null>}
 */
export function firstAnswer(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => finish(null));
    socket.once('error', () => finish(null)); // nobody listens yet: this is what we are here to find out
    socket.once('end', () => finish(null));
    socket.once('data', (data) => finish(String.fromCharCode(data[0] ?? 0)));
    socket.once('connect', () => {
      const facts = Buffer.from(`user\0${SUPERUSER}\0database\0postgres\0\0`);
      const head = Buffer.alloc(8);
      head.writeInt32BE(head.length + facts.length, 0);
      head.writeInt32BE(3 << 16, 4); // protocol 3.0
      socket.write(Buffer.concat([head, facts]));
    });
  });
}

/**
 * A server that its keeper could not stop still holds the folder; one that crashed left a note of a process long gone.
 * @param {string} dataDir
 * @param {(line: string) => void} [log]
 */
export async function stopLeftoverPostgres(dataDir, log = () => {}) {
  const home = join(dataDir, 'cluster');
  const note = join(home, 'postmaster.pid');
  if (!existsSync(note)) return;
  const pid = Number(readFileSync(note, 'utf8').split('\n')[0]);
  if (Number.isInteger(pid) && pid > 0 && beganAt(pid) !== null && isPostgresOf(pid, home)) {
    log(`stopping a Postgres that an earlier start left behind (process ${pid})`);
    await stopProcess(pid, { signal: FAST_SHUTDOWN });
  }
  rmSync(note, { force: true }); // its id may belong to a stranger by now, and Postgres would believe it
}

function isPostgresOf(pid, home) {
  if (!/postgres/.test(commandOf(pid))) return false;
  if (process.platform !== 'linux') return commandOf(pid).includes(home);
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(home);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return false;
    if (error.code === 'EACCES') return false; // another user's, so not ours
    throw error;
  }
}
