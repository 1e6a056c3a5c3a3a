/**
 * Every digit of every script as the ASCII digit that it means, index by index: what is found in the folded text stands
 * at the same place in the text.
 */
const OTHER_DIGIT = /(?![0-9])\p{N}/gu;
const DECIMAL = /^\p{Nd}$/u;
const FILLER = '\u2060';

export const hasOtherDigits = (text: string): boolean => text.search(OTHER_DIGIT) >= 0;

export const fold = (text: string): string =>
  text.replace(OTHER_DIGIT, (sign) => asAscii(sign).padEnd(sign.length, FILLER));

function asAscii(sign: string): string {
  const compatible = sign.normalize('NFKC');
  if (/^[0-9]$/.test(compatible)) return compatible;
  return DECIMAL.test(sign) ? String(decimalValue(sign.codePointAt(0)!)) : sign;
}

/** Decimal digits stand in runs of ten, from nought to nine, and a run begins where no decimal digit stands before it. */
function decimalValue(codePoint: number): number {
  let first = codePoint;
  while (DECIMAL.test(String.fromCodePoint(first - 1))) first--;
  return (codePoint - first) % 10;
}
