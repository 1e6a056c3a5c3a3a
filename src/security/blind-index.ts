import { createHmac } from 'node:crypto';

/** Equal for equal addresses of one tenant and mode; without the key nothing can be tried against it. */
export const blindIndex = (key: Buffer, { tenant, mode }: { tenant: string; mode: string }, email: string): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([tenant, mode, normaliseEmail(email)]))
    .digest();

/** Case is ignored in the local part as well: people type it as they like, and no provider in use tells them apart. */
const normaliseEmail = (email: string): string => email.normalize('NFKC').trim().toLowerCase();
