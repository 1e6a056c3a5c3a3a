/** Account numbers: a country's letters, the length that this country has, and the check digits of ISO 7064. */
import type { Span } from './card-number.ts';

/** As the IBAN registry has them. */
const LENGTHS: { readonly [country: string]: number } = {
  ...{ AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BI: 27, BR: 29, BY: 28, CH: 21, CR: 22 },
  ...{ CY: 28, CZ: 24, DE: 22, DJ: 27, DK: 18, DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FK: 18, FO: 18, FR: 27, GB: 22 },
  ...{ GE: 22, GI: 23, GL: 18, GR: 27, GT: 28, HN: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26, IT: 27, JO: 30 },
  ...{ KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20, LV: 21, LY: 25, MC: 27, MD: 24, ME: 22, MK: 19, MN: 20 },
  ...{ MR: 27, MT: 31, MU: 30, NI: 28, NL: 18, NO: 15, OM: 23, PK: 24, PL: 28, PS: 29, PT: 25, QA: 29, RO: 24, RS: 22 },
  ...{ RU: 33, SA: 24, SC: 31, SD: 18, SE: 24, SI: 19, SK: 24, SM: 27, SO: 23, ST: 25, SV: 28, TL: 23, TN: 24, TR: 26 },
  ...{ UA: 29, VA: 22, VG: 24, XK: 20, YE: 30 },
};

const BEGINNING = /(?<![A-Za-z0-9_])[A-Za-z]{2}[0-9]{2}/g;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const SIGN = /[0-9a-z]/i;
const SEPARATOR = /[\s\p{Zs}\p{Pd}.\p{Cf}]/u;

/** In a text that was folded. */
export function ibansIn(text: string): Span[] {
  const found: Span[] = [];
  for (const { index: start } of text.matchAll(BEGINNING)) {
    const length = LENGTHS[text.slice(start, start + 2).toUpperCase()];
    const taken = length === undefined ? null : take(text, start, length);
    if (taken && isRight(taken.signs)) found.push({ start, end: taken.end });
  }
  if (found.length === 0) return found;
  const others = [...text.matchAll(UUID)].map(({ 0: all, index }) => ({ start: index, end: index + all.length }));
  return found.filter(({ start, end }) => !others.some((other) => other.start <= start && end <= other.end));
}

/** So many signs from there on, with at most one separator between two of them; null where the text has fewer or more. */
function take(text: string, start: number, length: number): { signs: string; end: number } | null {
  let signs = '';
  let end = start;
  for (let separated = false; signs.length < length; end++) {
    const sign = text[end];
    if (sign === undefined) return null;
    if (SIGN.test(sign)) signs += sign;
    else if (separated || !SEPARATOR.test(sign)) return null;
    separated = !SIGN.test(sign);
  }
  return /[\p{L}\p{N}]/u.test(text[end] ?? ' ') ? null : { signs: signs.toUpperCase(), end };
}

function isRight(signs: string): boolean {
  let rest = 0;
  for (const sign of signs.slice(4) + signs.slice(0, 4)) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
