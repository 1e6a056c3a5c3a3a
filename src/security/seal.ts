/**
 * AES-256-GCM with a random nonce each time. The place where a value stands is part of what is authenticated: moved to
 * another row, column, table or tenant, it doesn't open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

export type Place = { tenant: string; table: string; column: string; row: string };

const ALGORITHM = 'aes-256-gcm';
const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `v1.<key id>.<nonce, ciphertext and tag in base64url>` */
export function seal(ring: KeyRing, plain: string | Buffer, place: Place): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, ring.keys.get(ring.current)!, nonce).setAAD(associated(place, ring.current));
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${ring.current}.${sealed.toString('base64url')}`;
}

export function unseal(ring: KeyRing, sealed: string, place: Place): Buffer {
  const { keyId, bytes } = parse(sealed, place);
  const key = ring.keys.get(keyId);
  if (!key) throw new SealError(`no key ${keyId} in the ring`, place);
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(associated(place, keyId))
    .setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SealError('changed, moved, or sealed under another key', place, { cause });
  }
}

/** Whether it would be sealed under another key today. */
export const isStale = (ring: KeyRing, sealed: string): boolean => !sealed.startsWith(`${VERSION}.${ring.current}.`);

class SealError extends Error {
  override readonly name = 'SealError';
  constructor(why: string, { table, column, row }: Place, options?: ErrorOptions) {
    super(`cannot open ${table}.${column} of ${row}: ${why}`, options);
  }
}

function parse(sealed: string, place: Place): { keyId: string; bytes: Buffer } {
  const [version, keyId, body, ...rest] = sealed.split('.');
  const bytes = Buffer.from(body ?? '', 'base64url');
  if (version !== VERSION || keyId === undefined || rest.length > 0 || bytes.length < NONCE_BYTES + TAG_BYTES) {
    throw new SealError('not a sealed value', place);
  }
  return { keyId, bytes };
}

/** A JSON array, since with a plain separator two places could read the same. */
const associated = ({ tenant, table, column, row }: Place, keyId: string): Buffer =>
  Buffer.from(JSON.stringify([VERSION, keyId, tenant, table, column, row]));
