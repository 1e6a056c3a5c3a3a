import { createHmac } from 'node:crypto';

/** What a device says it is, a salted hash of its fingerprint, is kept in this form only: without the key it is nobody's. */
export const hashOfAnchor = (key: Buffer, anchor: string): Buffer => createHmac('sha256', key).update(anchor).digest();
