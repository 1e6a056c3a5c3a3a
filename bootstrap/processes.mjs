/** Processes by id, and what makes an id trustworthy: the moment at which its process began. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * When the process began, in the system's own words; null where none runs under this id. Ids are used again, so an id
 * that was written down is believed only together with this.
 * @param {number} pid
 * @returns {string | null}
 */
export function beganAt(pid) {
  if (process.platform === 'linux') {
    try {
      // The name in parentheses may hold anything, so count fields from its end: state is the 1st, start time the 20th.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return fields[0] === 'Z' ? null : (fields[19] ?? null);
    } catch (error) {
      if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
      throw error;
    }
  }
  if (!exists(pid)) return null;
  if (process.platform === 'win32') return 'unknown';
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch (error) {
    if (error.status === 1) return null; // ps found no such process
    throw error;
  }
}

/** @param {number} pid @param {string | null} began */
export const isSameProcess = (pid, began) => began !== null && beganAt(pid) === began;

/**
 * The command line of a process, or an empty string.
 * @param {number} pid
 */
export function commandOf(pid) {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    if (process.platform === 'win32') return '';
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH' || error.status === 1) return '';
    throw error;
  }
}

/**
 * Asks a process to end, insists after a while, and returns when it is gone.
 * @param {number} pid
 * @param {{ signal?: NodeJS.Signals, graceMs?: number, began?: string | null }} [how]
 */
export async function stopProcess(pid, { signal = 'SIGTERM', graceMs = 10_000, began = beganAt(pid) } = {}) {
  if (!isSameProcess(pid, began)) return;
  send(pid, signal);
  const insistAt = performance.now() + graceMs;
  let insisted = false;
  for (let pauseMs = 5; isSameProcess(pid, began); pauseMs = Math.min(pauseMs * 2, 100)) {
    if (!insisted && performance.now() > insistAt) {
      send(pid, 'SIGKILL');
      insisted = true;
    }
    await sleep(pauseMs);
  }
}

function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // it ended by itself in between
  }
}

/**
 * Calls back when whoever started us is gone. npm runs its scripts in a shell, and passes signals on to that shell
 * alone, which dies of them without telling us.
 * @param {() => void} onAbandoned
 * @param {number} [everyMs]
 * @returns {() => void} stops looking
 */
export function watchStarter(onAbandoned, everyMs = 300) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return () => {};
  const shell = process.ppid;
  const isShell = / -c /.test(commandOf(shell));
  const starters = isShell ? [shell, parentOf(shell)] : [shell];
  const timer = setInterval(() => {
    if (starters.every(exists)) return;
    clearInterval(timer);
    onAbandoned();
  }, everyMs).unref();
  return () => clearInterval(timer);
}

function parentOf(pid) {
  if (process.platform === 'linux')
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
}
