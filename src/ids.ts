import { randomBytes } from 'node:crypto';

/** Crockford's base32 in lower case: no letters that look like digits, and the order of texts is the order of values. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** `sub_` and 26 signs: ten of the millisecond, so that newer ids sort later, and sixteen of chance (80 bits). */
export function newId<Prefix extends string>(prefix: Prefix, now: number = Date.now()): `${Prefix}_${string}` {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time;
  const chance = Array.from(randomBytes(16), (byte) => ALPHABET[byte % 32]).join('');
  return `${prefix}_${time}${chance}`;
}

/** Ten signs that can be read out and typed: 50 bits of chance. */
export const newPromotionCode = (): string =>
  Array.from(randomBytes(10), (byte) => ALPHABET[byte % 32]!.toUpperCase()).join('');
