/**
 * Card numbers: an issuer's first digits, a length that this issuer gives, and a right check digit, all three. Digits may
 * be split in any way: by one separator that stays the same, or by spaces and dashes as people mix them.
 */
export type Span = { start: number; end: number };

type Issuer = { from: number; to: number; lengths: readonly number[] };

const between = (low: number, high: number): number[] => Array.from({ length: high - low + 1 }, (_, i) => low + i);
const issuer = (from: number, to: number, lengths: readonly number[]): Issuer => ({ from, to, lengths });

/** By the ranges of first digits that ISO/IEC 7812 gave to the networks. */
const ISSUERS: readonly Issuer[] = [
  issuer(4, 4, [13, 16, 19]), // Visa
  issuer(51, 55, [16]), // Mastercard
  issuer(2221, 2720, [16]),
  issuer(34, 34, [15]), // American Express
  issuer(37, 37, [15]),
  issuer(300, 305, [14, 16, 17, 18, 19]), // Diners Club
  issuer(3095, 3095, [14, 16, 17, 18, 19]),
  issuer(36, 36, between(14, 19)),
  issuer(38, 39, [14, 16, 17, 18, 19]),
  issuer(6011, 6011, between(16, 19)), // Discover
  issuer(644, 649, between(16, 19)),
  issuer(65, 65, between(16, 19)),
  issuer(3528, 3589, between(16, 19)), // JCB
  issuer(62, 62, between(16, 19)), // UnionPay
  issuer(81, 81, between(16, 19)),
  issuer(5018, 5018, between(13, 19)), // Maestro
  issuer(5020, 5020, between(13, 19)),
  issuer(5038, 5038, between(13, 19)),
  issuer(5612, 5612, between(13, 19)),
  issuer(5893, 5893, between(13, 19)),
  issuer(6304, 6304, between(13, 19)),
  issuer(6390, 6390, between(13, 19)),
  issuer(67, 67, between(13, 19)),
  issuer(2200, 2204, between(16, 19)), // Mir
  issuer(60, 60, [16]), // RuPay, Hipercard
  issuer(508, 508, [16]),
  issuer(506, 506, [16, 18, 19]), // Verve, Elo
  issuer(636, 636, between(16, 19)), // InterPayment, Elo
  issuer(9792, 9792, [16]), // Troy
];

const SHORTEST = 13;
const LONGEST = 19;

export function isCardNumber(digits: string): boolean {
  if (digits.length < SHORTEST || digits.length > LONGEST) return false;
  const isIssued = ISSUERS.some(({ from, to, lengths }) => {
    const first = Number(digits.slice(0, String(from).length));
    return first >= from && first <= to && lengths.includes(digits.length);
  });
  return isIssued && passesLuhn(digits);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/** What has long rows of digits by chance or by its nature, and is known by its shape. */
const ELSE = [
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, // a UUID
  /[a-z]_0[0-9a-hjkmnp-tv-z]{25}(?![0-9A-Za-z])/g, // an id of ours
  /(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{24,}(?![0-9A-Za-z])/g, // a hash
  /(?<![0-9A-Za-z])(?=[0-9]*[A-F])[0-9A-F]{24,}(?![0-9A-Za-z])/g,
  /(?<!\d)(?:0[1-9]|[12]\d|3[01])([-/. ])(?:0[1-9]|1[0-2])\1(?:19|20|21)\d\d(?!\d)/g, // a day
];

/** What may stand between two groups of one number; marks and formats that nobody sees are not counted. */
const GAP = /^[^\p{L}\p{N}]{1,3}$/u;
const UNSEEN = /[\p{M}\p{Cf}]/gu;
const SPACES_AND_DASHES = /^[\s\p{Zs}\p{Pd}\u2212]+$/u;

type Group = Span & { digits: string; gap: string | null };

/** In a text that was folded. */
export function cardNumbersIn(text: string): Span[] {
  return chainsOf(groupsIn(withoutElse(text))).flatMap(inChain);
}

const withoutElse = (text: string): string =>
  ELSE.reduce((rest, shape) => rest.replace(shape, (match) => 'x'.repeat(match.length)), text);

function groupsIn(text: string): Group[] {
  const groups: Group[] = [];
  for (const { 0: digits, index } of text.matchAll(/[0-9]+/g)) {
    const before = groups.at(-1);
    const end = index + digits.length;
    if (!before) groups.push({ start: index, end, digits, gap: null });
    else {
      const gap = index - before.end > 24 ? 'x' : text.slice(before.end, index).replace(UNSEEN, '');
      if (gap === '') Object.assign(before, { end, digits: before.digits + digits });
      else groups.push({ start: index, end, digits, gap: GAP.test(gap) ? gap : null });
    }
  }
  return groups;
}

/** A gap of null begins another chain. */
function chainsOf(groups: readonly Group[]): Group[][] {
  const chains: Group[][] = [];
  for (const group of groups) {
    if (group.gap === null) chains.push([group]);
    else chains.at(-1)!.push(group);
  }
  return chains;
}

function inChain(groups: readonly Group[]): Span[] {
  const found: Span[] = [];
  for (let first = 0; first < groups.length; first++) {
    let digits = '';
    for (let last = first; last < groups.length; last++) {
      digits += groups[last]!.digits;
      if (digits.length > LONGEST) break;
      const taken = groups.slice(first, last + 1);
      if (isCardNumber(digits) && isOneNumber(taken))
        found.push({ start: groups[first]!.start, end: groups[last]!.end });
    }
  }
  return found;
}

function isOneNumber(groups: readonly Group[]): boolean {
  if (groups.length === 1) return !isMilliseconds(groups[0]!.digits);
  const gaps = groups.slice(1).map(({ gap }) => gap!);
  const isSplitAlike = gaps.every((gap) => gap === gaps[0]) || gaps.every((gap) => SPACES_AND_DASHES.test(gap));
  // Six and thirteen is how some cards are printed; otherwise a time with a number beside it is a time.
  const isPrinted = groups.length === 2 && groups[0]!.digits.length === 6;
  return isSplitAlike && (isPrinted || !groups.some(({ digits }) => isMilliseconds(digits)));
}

/** Of a time up to the year 2100. */
const isMilliseconds = (digits: string): boolean => digits.length === 13 && Number(digits) < 4_102_444_800_000;
