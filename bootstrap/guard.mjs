/**
 * Stops the servers when their keeper is gone, however it went: a small process of its own that listens to its keeper on
 * a pipe. The pipe also ends when the keeper is killed with SIGKILL, and then nobody else could.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beganAt, stopProcess } from './processes.mjs';

/**
 * @typedef {{
 *   watch(pid: number, signal?: NodeJS.Signals): void,
 *   forget(pid: number): void,
 *   removeAtEnd(folder: string): void,
 *   release(): void,
 * }} Guard
 */

/** @returns {Guard} */
export function startGuard() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    cwd: '/',
    detached: true, // Ctrl-C goes to the whole group of the terminal, and the guard must outlive it
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  /** @type {import('node:net').Socket} */ (/** @type {unknown} */ (child.stdin)).unref();
  const tell = (message) => child.stdin.write(`${JSON.stringify(message)}\n`);
  return {
    watch: (pid, signal = 'SIGTERM') => tell({ watch: pid, began: beganAt(pid), signal }),
    forget: (pid) => tell({ forget: pid }),
    removeAtEnd: (folder) => tell({ remove: folder }),
    release: () => child.stdin.end(),
  };
}

async function keepGuard() {
  const watched = new Map();
  const folders = new Set();
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (message.watch) watched.set(message.watch, message);
    if (message.forget) watched.delete(message.forget);
    if (message.remove) folders.add(message.remove);
  }
  // Last started, first stopped: the database goes after those who write to it.
  for (const [pid, { began, signal }] of [...watched].reverse()) await stopProcess(pid, { signal, began });
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {}); // it ends with its keeper, not before
  await keepGuard();
}
