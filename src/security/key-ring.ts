import { hkdfSync } from 'node:crypto';
import { invariant } from '../domain/invariant.ts';

/** Keys by their ids. New things are sealed under the current one; the others open what was sealed before. */
export type KeyRing = { readonly current: string; readonly keys: ReadonlyMap<string, Buffer> };

export const KEY_BYTES = 32;

/** `id:base64,id:base64`, the first is current. A message never quotes the text, since that is the secret. */
export function parseKeyRing(text: string): KeyRing {
  const entries = text.split(',').map((part, i) => parseKey(part.trim(), i + 1));
  const keys = new Map(entries);
  if (keys.size !== entries.length) throw new KeyRingError('two keys of the ring have the same id');
  return { current: entries[0]![0], keys };
}

function parseKey(part: string, position: number): [string, Buffer] {
  const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]+={0,2})$/.exec(part);
  if (!match) throw new KeyRingError(`key ${position} of the ring is not of the form id:base64`);
  const key = Buffer.from(match[2]!, 'base64');
  if (key.length !== KEY_BYTES) {
    throw new KeyRingError(`key ${position} of the ring has ${key.length} bytes, not ${KEY_BYTES}`);
  }
  return [match[1]!, key];
}

export class KeyRingError extends Error {
  override readonly name = 'KeyRingError';
}

/** A ring for another purpose, under the same ids: it rotates with the one that it is made from, and tells nothing of it. */
export const separated = ({ current, keys }: KeyRing, purpose: string): KeyRing => ({
  current,
  keys: new Map([...keys].map(([id, key]) => [id, Buffer.from(hkdfSync('sha256', key, '', purpose, KEY_BYTES))])),
});

/** A ring of one, for a key that is itself kept wrapped. */
export function ringOf(id: string, key: Buffer): KeyRing {
  invariant(key.length === KEY_BYTES, `a key has ${KEY_BYTES} bytes`);
  return { current: id, keys: new Map([[id, key]]) };
}
