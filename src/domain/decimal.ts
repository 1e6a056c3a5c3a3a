/** Exact decimals of either sign, counted in millionths of a millionth. What is used may be a fraction, and is never a float. */
import { formatDecimal } from './money.ts';

export const PLACES = 12;
export const ONE = 10n ** BigInt(PLACES);

/** Null where it is no decimal, or has more digits than are kept. */
export function parseDecimal(text: string): bigint | null {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,30})(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  if (whole === undefined) return null;
  const value = BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, '0'));
  return sign === '-' ? -value : value;
}

export const decimalText = (value: bigint): string =>
  value < 0n ? `-${formatDecimal(-value, PLACES)}` : formatDecimal(value, PLACES);

/** A number as JSON brought it, exactly as it was written; null where it has more digits than are kept. */
export function decimalOf(value: number): bigint | null {
  const text = String(value);
  if (!text.includes('e')) return parseDecimal(text);
  const written = value.toFixed(PLACES);
  return Number(written) === value ? parseDecimal(written) : null;
}
