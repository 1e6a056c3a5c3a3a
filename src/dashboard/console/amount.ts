import { fractionDigits } from '../base/format.ts';

/** What somebody typed, `12.5`, in minor units. Null where it is no amount in that currency; no floating point touches it. */
export function minorOf(typed: string, currency: string): number | null {
  const digits = fractionDigits(currency);
  const [, whole, part = ''] = /^\s*(\d{1,12})(?:[.,](\d+))?\s*$/.exec(typed) ?? [];
  if (whole === undefined || part.length > digits) return null;
  const minor = Number(whole + part.padEnd(digits, '0'));
  return Number.isSafeInteger(minor) ? minor : null;
}
