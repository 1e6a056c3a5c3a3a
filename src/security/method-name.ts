import { createHmac } from 'node:crypto';
import type { Mode, PaymentMethodId } from '../domain/ids.ts';

/** Few of its signs are digits, so that no name looks like a card's number. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 26;

/**
 * Our name of a method whose name at the processor is kept sealed. The same each time, so that it is found again; made
 * with a key, since theirs is short enough to be tried.
 */
export function methodName(
  key: Buffer,
  { account, mode }: { account: string; mode: Mode },
  theirs: string,
): PaymentMethodId {
  const digest = createHmac('sha256', key)
    .update(JSON.stringify(['payment method', account, mode, theirs]))
    .digest();
  return `pm_${Array.from(digest.subarray(0, LENGTH), (byte) => ALPHABET[byte % 32]).join('')}`;
}
