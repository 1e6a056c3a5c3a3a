/** Keys for programs. Shown once; afterwards only a hash is there, and the beginning by which a key is found. */
import { createHash, randomBytes } from 'node:crypto';
import type { Mode } from '../domain/ids.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const SHAPE = /^(sk_(test|live)_[A-Za-z0-9]{8})[A-Za-z0-9]{32}$/;

export type NewKey = { secret: string; prefix: string; hash: Buffer };

export function newServiceKey(mode: Mode): NewKey {
  const prefix = `sk_${mode}_${letters(8)}`;
  const secret = `${prefix}${letters(32)}`;
  return { secret, prefix, hash: hashOfKey(secret) };
}

/** Null where it can't be one of ours; then nobody is asked. */
export const prefixOf = (secret: string): string | null => SHAPE.exec(secret)?.[1] ?? null;

/** Fast on purpose: 190 bits of chance need no slow hash. */
export const hashOfKey = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Bytes that would favour the first letters are thrown away. */
function letters(count: number): string {
  let text = '';
  while (text.length < count) {
    for (const byte of randomBytes(count)) {
      if (byte < 4 * ALPHABET.length && text.length < count) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}
