/**
 * Keeps a set of servers: they end together and in reverse order, whatever ends them. A part that keeps nothing of its
 * own (API, relay, worker) is started again when it crashes, up to a limit; the loss of any other ends all.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGuard } from './guard.mjs';
import { stopProcess } from './processes.mjs';

/**
 * @typedef {{ pid: number, exited: Promise<number | null>, stop(): Promise<void> }} Server
 * @typedef {{
 *   name: string,
 *   args: string[],
 *   env: NodeJS.ProcessEnv,
 *   cwd: string,
 *   restarts?: number,
 *   readyMs?: number,
 *   graceMs?: number,
 *   secret?: boolean,
 * }} Part `args` for node; it reports `{ ready: true }` over its IPC channel. What is `secret` on stdout stays out of the log
 */

/**
 * @param {{
 *   line: (text: string) => void,
 *   logs: string,
 *   backOffMs?: number,
 *   calmMs?: number,
 * }} options `calmMs`: so long without a crash, and the crashes before are forgotten
 */
export function createSupervisor({ line, logs, backOffMs = 500, calmMs = 60_000 }) {
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const guard = startGuard();
  /** @type {{ name: string, stop(): Promise<void>, kill(): void }[]} in the order of their start */
  const running = [];
  let stopping = null;
  let finish;
  /** What ended it all: `null` for a wish, or the name of the part that was lost. */
  const ended = new Promise((resolve) => {
    finish = resolve;
  });

  /** @param {string} name @param {Server} server */
  function keep(name, server) {
    if (stopping) return void server.stop(); // it came up while the others went down
    running.push({
      name,
      stop: () => server.stop(),
      kill: () => process.kill(server.pid, 'SIGKILL'),
    });
    server.exited.then((code) => {
      if (stopping) return;
      line(
        `${name} ended unexpectedly (${code === null ? 'killed' : `exit ${code}`}); see ${join(logs, `${name}.log`)}`,
      );
      finish(name);
    });
  }

  /**
   * Starts a part and waits until it serves.
   * @param {Part} part
   * @returns {Promise<Record<string, unknown>>} what it said when it was ready
   */
  async function start(part) {
    if (stopping) throw new Error(`${part.name} was not started: everything is stopping`);
    const entry = { name: part.name, child: null, stop: async () => {}, kill: () => {} };
    running.push(entry);
    const first = await launch(part, entry);
    if (first.ready === null) throw new Error(await describe(part, first));
    void watch(part, entry, first);
    return first.ready;
  }

  /**
   * Runs a part that has an end, and answers with what it wrote to stdout.
   * @param {Part} part
   */
  async function runOnce(part) {
    const child = spawn(process.execPath, part.args, {
      cwd: part.cwd,
      env: part.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const exited = new Promise((resolve) => {
      child.once('error', () => resolve(-1));
      child.once('close', (code) => resolve(code)); // all output read
    });
    const last = writeLog(part.name, child, logs, line, { secret: part.secret });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    const { pid } = child;
    const entry = { name: part.name, stop: async () => {}, kill: () => {} };
    if (pid !== undefined) {
      guard.watch(pid);
      entry.stop = () => stopProcess(pid);
      entry.kill = () => process.kill(pid, 'SIGKILL');
    }
    running.push(entry);
    const code = await exited;
    running.splice(running.indexOf(entry), 1);
    if (pid !== undefined) guard.forget(pid);
    if (code !== 0) throw new Error(await describe(part, { exited, last }));
    return Buffer.concat(output).toString('utf8');
  }

  async function watch(part, entry, first) {
    let current = first;
    const crashes = [];
    for (;;) {
      const code = await current.exited;
      if (stopping) return;
      crashes.push(performance.now());
      const recent = crashes.filter((at) => performance.now() - at < calmMs).length;
      if (recent > (part.restarts ?? 0)) {
        line(`${await describe(part, { ...current, code })}${recent > 1 ? `, ${recent} times in short order` : ''}`);
        finish(part.name);
        return;
      }
      line(`${part.name} ended unexpectedly (${code ?? 'killed'}); starting it again`);
      await sleep(backOffMs * 2 ** (recent - 1));
      if (stopping) return;
      current = await launch(part, entry);
    }
  }

  async function launch(part, entry) {
    const child = spawn(process.execPath, part.args, {
      cwd: part.cwd,
      env: part.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true, // Ctrl-C is for us: we stop them in order
    });
    const exited = new Promise((resolve) => {
      child.once('error', () => resolve(-1));
      child.once('exit', (code) => resolve(code));
    });
    const last = writeLog(part.name, child, logs, line);
    if (child.pid === undefined) return { exited, last, ready: null };
    const { pid } = child;
    guard.watch(pid);
    exited.then(() => guard.forget(pid));
    entry.stop = () => stopProcess(pid, { graceMs: part.graceMs ?? 10_000 });
    entry.kill = () => process.kill(pid, 'SIGKILL');
    const ready = await Promise.race([
      new Promise((resolve) => {
        child.on('message', (message) => {
          if (/** @type {{ ready?: boolean }} */ (message)?.ready) resolve(message);
        });
      }),
      exited.then(() => null),
      sleep(part.readyMs ?? 60_000, null, { ref: false }),
    ]);
    if (ready === null) await entry.stop(); // too slow is as good as dead
    return { exited, last, ready };
  }

  async function describe(part, { exited, last }) {
    const code = await exited;
    const tail = last()
      .slice(-8)
      .map((text) => `\n    ${text}`);
    const how = code === null ? 'did not come up, or was killed' : `ended with exit ${code}`;
    return `${part.name} ${how}; see ${join(logs, `${part.name}.log`)}${tail.join('')}`;
  }

  /** Stops all, the last started first. */
  function stop() {
    stopping ??= (async () => {
      finish(null);
      for (const entry of [...running].reverse()) await entry.stop();
      guard.release();
    })();
    return stopping;
  }

  /** For the impatient: at once, without a word. The databases recover at their next start. */
  function kill() {
    for (const entry of running) {
      try {
        entry.kill();
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    }
  }

  return { guard, keep, start, runOnce, stop, kill, ended, stopping: () => stopping !== null };
}

/** Everything into the part's log; what is an error also onto the terminal, with the part's name. */
function writeLog(name, child, logs, line, { secret = false } = {}) {
  const file = createWriteStream(join(logs, `${name}.log`), { flags: 'a', mode: 0o600 });
  const last = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => {
      if (!secret || stream === child.stderr) file.write(`${text}\n`);
      last.push(readable(text));
      if (last.length > 50) last.shift();
      const trouble = errorIn(text, stream === child.stderr);
      if (trouble) line(`${name}: ${trouble}`);
    });
  }
  child.once('close', () => file.end());
  return () => last;
}

const ERROR_LEVEL = 50; // pino's

/** @returns {string | null} */
export function errorIn(text, isStderr) {
  const entry = parse(text);
  if (entry) return entry.level >= ERROR_LEVEL ? readable(text) : null;
  return isStderr && /(error|fatal|panic|exception)\b/i.test(text) ? text : null;
}

function readable(text) {
  const entry = parse(text);
  if (!entry) return text;
  const cause = entry.err?.message ?? entry.error?.message;
  return cause && cause !== entry.msg ? `${entry.msg}: ${cause}` : String(entry.msg ?? text);
}

function parse(text) {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null; // a line that only looks like one of pino's
  }
}
