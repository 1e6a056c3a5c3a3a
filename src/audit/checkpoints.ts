/**
 * Where checkpoints are kept: outside of the database's reach. A folder here; a bucket that only takes new objects is a
 * few lines more.
 */
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Checkpoints = {
  add(line: string, at: Date): Promise<void>;
  lines(): AsyncIterable<string>;
};

/** A file a day. Each line is written at once, so those of several relays stand one after the other. */
export const checkpointsIn = (folder: string): Checkpoints => ({
  async add(line, at) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await appendFile(join(folder, `${at.toISOString().slice(0, 10)}.jsonl`), `${line}\n`, { mode: 0o600 });
  },
  async *lines() {
    const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    for (const file of files.filter((name) => name.endsWith('.jsonl')).sort()) {
      for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
        if (line !== '') yield line;
      }
    }
  },
});
