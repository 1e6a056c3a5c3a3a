import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 24;

/** Random bytes are asked for in bulk: a charge needs a dozen ids, and asking costs more than the bytes. */
const pool = Buffer.alloc(8192);
let used = pool.length;

/** A random id in the processor's form: `pi_` and 24 letters and digits. */
export function newId(prefix: string, length = LENGTH): string {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let id = `${prefix}_`;
  for (const byte of pool.subarray(used, used + length)) id += ALPHABET[byte % ALPHABET.length];
  used += length;
  return id;
}
