/**
 * What may not be kept, found in free text: card numbers and codes, tracks, account numbers, secrets and tokens of the
 * processors. Pure, and next to free for text that holds nothing of the kind.
 */
import { cardNumbersIn, type Span } from './sensitive/card-number.ts';
import { fold, hasOtherDigits } from './sensitive/fold.ts';
import { ibansIn } from './sensitive/iban.ts';
import { codesIn, hasHintOfSecret, secretsIn, tokensIn, tracksIn } from './sensitive/named.ts';

export type Kind = 'card_number' | 'track_data' | 'card_code' | 'iban' | 'processor_secret' | 'access_token';
export type Found = Span & { kind: Kind };

/** For people. */
export const KINDS: { readonly [K in Kind]: string } = {
  card_number: 'a card number',
  track_data: 'a card’s magnetic track',
  card_code: 'a card’s security code',
  iban: 'a bank account’s number',
  processor_secret: 'a payment processor’s secret',
  access_token: 'an access token',
};

const NOTHING: readonly Found[] = [];

/** By where they begin. They may overlap: the track holds the number. */
export function sensitiveIn(text: string): readonly Found[] {
  const seen = lookOver(text);
  const hint = hasHintOfSecret(text);
  if (seen.digits < 3 && seen.isPlain && !hint) return NOTHING;
  const found = hint ? [...named('processor_secret', secretsIn(text)), ...named('access_token', tokensIn(text))] : [];
  if (seen.isPlain || !hasOtherDigits(text)) found.push(...numbersIn(text, seen));
  else {
    const folded = fold(text);
    found.push(...numbersIn(folded, lookOver(folded)));
  }
  return found.length < 2 ? found : found.sort((a, b) => a.start - b.start || b.end - a.end);
}

function numbersIn(text: string, { digits, row, beginsIban }: Overview): readonly Found[] {
  if (digits < 3) return NOTHING;
  const codes = named('card_code', codesIn(text));
  const ibans = beginsIban ? named('iban', ibansIn(text)) : NOTHING;
  const cards =
    row < 13 ? NOTHING : [...named('track_data', tracksIn(text)), ...named('card_number', cardNumbersIn(text))];
  return [...codes, ...ibans, ...cards];
}

const named = (kind: Kind, spans: readonly Span[]): Found[] => spans.map(({ start, end }) => ({ kind, start, end }));

export const isSensitive = (text: string): boolean => sensitiveIn(text).length > 0;

/** The text with what was found struck out. Nothing is found in what comes back. */
export function redacted(text: string): string {
  let rest = text;
  for (let found = sensitiveIn(rest); found.length > 0; found = sensitiveIn(rest)) rest = struckOut(rest, found);
  return rest;
}

function struckOut(text: string, found: readonly Found[]): string {
  let out = '';
  let done = 0;
  for (const { kind, start, end } of found) {
    if (start >= done) out += `${text.slice(done, start)}[removed: ${kind}]`;
    done = Math.max(done, end);
  }
  return out + text.slice(done);
}

type Overview = {
  digits: number;
  /** The most of them without a letter in between. */
  row: number;
  /** A word has two letters and then a digit. */
  beginsIban: boolean;
  /** No script is used in which digits look otherwise. */
  isPlain: boolean;
};

/** All that most texts cost. */
function lookOver(text: string): Overview {
  const seen = { digits: 0, row: 0, beginsIban: false, isPlain: true };
  let row = 0;
  let signs = 0;
  let letters = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      seen.digits++;
      if (++row > seen.row) seen.row = row;
      if (signs++ === 2 && letters === 2) seen.beginsIban = true;
    } else if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) {
      row = 0;
      if (letters === signs++) letters++;
    } else if (code === 95) signs++;
    else {
      signs = 0;
      letters = 0;
      if (code > 0x65f || (code > 0xb1 && code < 0xbf)) seen.isPlain = false;
    }
  }
  return seen;
}

/** In any text or number of it, the names of its fields included. */
export function isSensitiveWithin(value: unknown): boolean {
  if (typeof value === 'string') return isSensitive(value);
  if (typeof value === 'number') return isSensitive(String(value));
  if (typeof value !== 'object' || value === null) return false;
  for (const name in value) {
    if (isSensitive(name) || isSensitiveWithin((value as Record<string, unknown>)[name])) return true;
  }
  return false;
}
