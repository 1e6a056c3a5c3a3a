/**
 * The simulator's database file: JSON lines, one per committed change, replayed at start.
 *
 * A line is written with one system call before the request is answered, so a killed process keeps what it answered.
 * It isn't fsynced: the loss of power is not among the troubles that a simulator has to survive.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type Row = { readonly id: string };
/** What one transaction changed: rows put, and rows removed (null). */
export type Change = readonly (readonly [table: string, id: string, row: Row | null])[];

/** A file with this many more changes than living rows is written anew at start. */
const COMPACT_ABOVE = 5_000;
const NEWLINE = 0x0a;

export class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  append(change: Change): void {
    writeSync(this.#file, `${JSON.stringify(change)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Reads the file, hands each change to `apply`, and answers how many there were. A torn last line is cut off. */
export function replay(path: string, apply: (change: Change) => void): number {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a+');
  try {
    const bytes = readFileSync(file);
    let start = 0;
    let changes = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const change = JSON.parse(bytes.toString('utf8', start, end)) as Change;
      apply(change);
      changes += change.length;
      start = end + 1;
    }
    // A last line without its newline was never answered: the process died while writing it.
    if (start < bytes.length) ftruncateSync(file, start);
    return changes;
  } finally {
    closeSync(file);
  }
}

/** Writes the living rows into a new file and puts it in the old one's place, when enough of the old one is history. */
export function compact(path: string, changes: number, rows: Change): void {
  if (changes - rows.length < COMPACT_ABOVE) return;
  const next = `${path}.next`;
  const file = openSync(next, 'w');
  try {
    for (const row of rows) writeSync(file, `${JSON.stringify([row])}\n`);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
}
