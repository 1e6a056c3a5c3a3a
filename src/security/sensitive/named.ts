/** What is known by how it is written or by the word beside it: tracks, security codes, secrets, tokens. */
import { isCardNumber, type Span } from './card-number.ts';

/** ISO/IEC 7813: the first track begins with its format, the second parts number and expiry by `=`, or `D` where it is read as hex. */
const TRACKS = [/%?b([0-9]{12,19})\^[^^\n]{2,40}\^[0-9]{4}[^\s?]{0,60}\??/gi, /;?([0-9]{13,19})[=d][0-9]{7,30}f?\??/gi];

export const tracksIn = (text: string): Span[] =>
  TRACKS.flatMap((track) =>
    [...text.matchAll(track)]
      .filter(({ 1: digits }) => isCardNumber(digits!))
      .map(({ 0: all, index }) => spanOf(index, all)),
  );

const CODE_NAMES =
  /(?<![\p{L}\p{N}])(?:cvv2?|cvc2?|cvn2?|cav2|csc|(?:card[ _-]?)?security[ _-]?(?:code|value)|card[ _-]?(?:verification|validation)[ _-]?(?:code|value|number)|kartenpr(?:ü|ue)fnummer|pr(?:ü|ue)fziffer|cryptogramme|c[oó]digo de seguridad|codice di sicurezza)(?![\p{L}\p{N}])["'\])]*(?:\s*(?:code|number|no\.?|nr\.?|is|was|ist|est|es))?[^\p{L}\p{N}]{0,5}([0-9](?:[ .-]?[0-9]){2,3})(?![0-9]|[.,][0-9])/dgiu;
const CODE_HINT = /cv[vcn]|cav2|csc|secur|card|ziffer|nummer|crypto|digo|codice/i;

/** Only the digits are taken: the word beside them may stay. */
export const codesIn = (text: string): Span[] =>
  CODE_HINT.test(text)
    ? [...text.matchAll(CODE_NAMES)].map(({ indices }) => ({ start: indices![1]![0], end: indices![1]![1] }))
    : [];

const SECRETS =
  /(?<![A-Za-z0-9])(?:(?:sk|rk|ek)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=_-]{16,}|[a-z]{2,8}_[A-Za-z0-9]+_secret_[A-Za-z0-9]{6,})/g;
const TOKENS =
  /(?<![A-Za-z0-9])(?:A21AA[A-Za-z0-9_-]{36,}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*|access_token\$(?:production|sandbox)\$[a-z0-9]{8,}\$[a-f0-9]{16,})/g;

export const hasHintOfSecret = (text: string): boolean => /[sre]k_|whsec_|_secret_|A21AA|eyJ|access_token/.test(text);
export const secretsIn = (text: string): Span[] =>
  [...text.matchAll(SECRETS)].map(({ 0: all, index }) => spanOf(index, all));
export const tokensIn = (text: string): Span[] =>
  [...text.matchAll(TOKENS)].map(({ 0: all, index }) => spanOf(index, all));

const spanOf = (start: number, all: string): Span => ({ start, end: start + all.length });
