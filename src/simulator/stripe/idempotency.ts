/** A POST with a key is done once; the same request again gets the same answer. https://docs.stripe.com/api/idempotent_requests */
import { createHash } from 'node:crypto';
import type { Tree } from '../form.ts';
import { keyInUse, keyReused } from './errors.ts';
import type { KeptAnswer } from './tables.ts';

export const KEYS_LIVE_MS = 24 * 60 * 60 * 1000;

/** Hashed, since parameters may hold a card number. */
export function fingerprintOf(path: string, params: Tree): string {
  return createHash('sha256')
    .update(`${path} ${canonical(params)}`)
    .digest('base64url');
}

function canonical(node: string | Tree): string {
  if (typeof node === 'string') return JSON.stringify(node);
  const keys = Object.keys(node).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(node[key]!)}`).join()}}`;
}

/** The answer that this key got before, if it is the same request and not too long ago. */
export function answerKept(kept: KeptAnswer | undefined, fingerprint: string, now: number): KeptAnswer | undefined {
  if (kept === undefined || now - kept.at > KEYS_LIVE_MS) return undefined;
  if (kept.fingerprint !== fingerprint) throw keyReused(kept.id);
  return kept;
}

/** Keys whose request is still being worked on. They live as long as the process, like the requests. */
export class KeysInUse {
  readonly #keys = new Set<string>();

  claim(key: string): () => void {
    if (this.#keys.has(key)) throw keyInUse(key);
    this.#keys.add(key);
    return () => this.#keys.delete(key);
  }
}
