/** A lock between processes: a file that names its holder. It is stale when its holder no longer runs. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beganAt, isSameProcess } from './processes.mjs';

/**
 * @typedef {{ pid: number, began: string | null, note: unknown }} Holder
 * @typedef {{ note(note: unknown): void, release(): void }} Lock
 */

/**
 * Takes the lock, or says who holds it.
 * @param {string} file
 * @param {unknown} [note] what the holder wants to tell those who come later
 * @returns {{ lock: Lock } | { holder: Holder }}
 */
export function tryLock(file, note = null) {
  mkdirSync(dirname(file), { recursive: true });
  const self = { pid: process.pid, began: beganAt(process.pid) };
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const write = (note) => writeFileSync(draft, JSON.stringify({ ...self, note }), { mode: 0o600 });
  write(note);
  try {
    for (;;) {
      try {
        linkSync(draft, file); // with its content at once, unlike a file that is created and then written
        return {
          lock: {
            note(note) {
              write(note);
              renameSync(draft, file);
            },
            release: () => rmSync(file, { force: true }),
          },
        };
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = readHolder(file);
      if (holder !== null && isSameProcess(holder.pid, holder.began)) return { holder };
      if (holder !== null) removeStale(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Runs the work while holding the lock; waits for another holder first.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(holder: Holder) => void} [onWait] called once, where there is somebody to wait for
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait = () => {}) {
  let told = false;
  for (;;) {
    const taken = tryLock(file);
    if ('lock' in taken) {
      try {
        return await work();
      } finally {
        taken.lock.release();
      }
    }
    if (!told) onWait(taken.holder);
    told = true;
    await sleep(100);
  }
}

/** @returns {Holder | null} who holds the lock, or held it when they died */
export function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    if (error instanceof SyntaxError) return { pid: -1, began: null, note: null }; // a torn file has no holder
    throw error;
  }
}

/** Two may find the same stale lock; the one who moved somebody's new lock away gives it back. */
function removeStale(file, stale) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== null && (moved.pid !== stale.pid || moved.began !== stale.began)) linkSync(aside, file);
  rmSync(aside, { force: true });
}
