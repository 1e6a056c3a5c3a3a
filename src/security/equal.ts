import { createHash, timingSafeEqual } from 'node:crypto';

/** Takes as long whatever differs. Both sides are hashed first, so that not even a length can be measured. */
export const constantTimeEqual = (a: string | Buffer, b: string | Buffer): boolean =>
  timingSafeEqual(digest(a), digest(b));

const digest = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest();
