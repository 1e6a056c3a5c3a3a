import { parseKeyRing } from '../src/security/key-ring.ts';

/** Of no secret, and the same in all processes of a benchmark. */
export const INBOX_KEYS = `bench:${Buffer.alloc(32, 'b').toString('base64')}`;
export const KEYS = parseKeyRing(INBOX_KEYS);
