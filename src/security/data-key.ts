/** Each customer's fields are sealed under a key of its own, which is kept wrapped by the ring: rotation rewraps keys. */
import { randomBytes } from 'node:crypto';
import { KEY_BYTES, type KeyRing, ringOf } from './key-ring.ts';
import { isStale, type Place, seal, unseal } from './seal.ts';

const DATA_KEY = 'data';

export function newDataKey(ring: KeyRing, place: Place): { wrapped: string; fields: KeyRing } {
  const key = randomBytes(KEY_BYTES);
  return { wrapped: seal(ring, key, place), fields: ringOf(DATA_KEY, key) };
}

export const unwrapDataKey = (ring: KeyRing, wrapped: string, place: Place): KeyRing =>
  ringOf(DATA_KEY, unseal(ring, wrapped, place));

/** Null where it is under the current key already. */
export const rewrapDataKey = (ring: KeyRing, wrapped: string, place: Place): string | null =>
  isStale(ring, wrapped) ? seal(ring, unseal(ring, wrapped, place), place) : null;
