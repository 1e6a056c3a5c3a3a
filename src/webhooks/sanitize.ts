import { isSensitive } from '../security/sensitive.ts';

/**
 * Zero-data-retention by construction: of an event only what a list allows is taken, and each taken value has to look
 * like what the list says it is. What doesn't is dropped, so a card number has no field in which it could pass.
 */
export type Shape = (value: unknown) => string | number | boolean | null;
export type Allowed = { readonly [path: string]: Shape };
export type Sanitized = { readonly [path: string]: string | number | boolean | null };

/** Every listed path is there afterwards, null where the event had nothing fit to keep. */
export function sanitize(object: unknown, allowed: Allowed): Sanitized {
  const kept: { [path: string]: string | number | boolean | null } = {};
  for (const { path, keys, shape } of pathsOf(allowed)) kept[path] = shape(at(object, keys));
  return kept;
}

type Path = { path: string; keys: readonly string[]; shape: Shape };
/** A list is taken apart once, and not for each event. */
const takenApart = new WeakMap<Allowed, readonly Path[]>();

function pathsOf(allowed: Allowed): readonly Path[] {
  const known = takenApart.get(allowed);
  if (known) return known;
  const paths = Object.entries(allowed).map(([path, shape]) => ({ path, keys: path.split('.'), shape }));
  takenApart.set(allowed, paths);
  return paths;
}

function at(object: unknown, keys: readonly string[]): unknown {
  let value = object;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

export const matching =
  (pattern: RegExp): Shape =>
  (value) =>
    typeof value === 'string' && pattern.test(value) && !holdsCardNumber(value) && !isSensitive(value) ? value : null;

/** A run of 13 to 19 digits with an issuer's first digit and a right check digit. A time in milliseconds is none. */
export const holdsCardNumber = (value: string): boolean =>
  (value.match(/\d{13,}/g) ?? []).some((run) => {
    for (let start = 0; start + 13 <= run.length; start++) {
      for (let end = start + 13; end <= Math.min(run.length, start + 19); end++) {
        if (/[2-6]/.test(run[start]!) && passesLuhn(run.slice(start, end))) return true;
      }
    }
    return false;
  });

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/** A reference of the processor's, or of ours: `pi_…`, `sub_…`. A reference may be expanded into its object. */
export const id = (...prefixes: string[]): Shape => {
  const shape = matching(new RegExp(`^(${prefixes.join('|')})_[A-Za-z0-9_]{1,120}$`));
  return (value) => shape(typeof value === 'object' && value !== null && 'id' in value ? value.id : value);
};

/** Ids of our own making. They are random, so only one that is digits and nothing else could be a card number. */
export const ours = (prefix: string): Shape => {
  const pattern = new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,120}$`);
  return (value) => {
    if (typeof value !== 'string' || !pattern.test(value)) return null;
    const digits = value.slice(prefix.length + 1).replaceAll(/[_-]/g, '');
    return /^\d+$/.test(digits) && holdsCardNumber(digits) ? null : value;
  };
};

/** What we have written on PayPal's objects: our own ids, each as it would stand alone. */
export const MARK: Shape = (value) => {
  const parts = typeof value === 'string' && value.length <= 127 ? value.split('/') : [];
  const [tenant, mode, subscription, subject, attempt] = parts;
  const isOfSubscription =
    ours('ten')(tenant) !== null && (mode === 'test' || mode === 'live') && ours('sub')(subscription) !== null;
  const isOfAttempt =
    parts.length === 5 && (ours('inv')(subject) ?? ours('ref')(subject)) !== null && counter(attempt) !== null;
  const isOurs = isOfSubscription && (parts.length === 3 || isOfAttempt);
  return isOurs ? (value as string) : null;
};

/** A word of a fixed vocabulary: a state, a code, a brand. */
export const word: Shape = matching(/^[a-z][a-z0-9_]{0,63}$/);
export const currency: Shape = matching(/^[a-z]{3}$/);
export const lastFour: Shape = matching(/^\d{4}$/);
/** A small number written out, as metadata has it. */
export const counter: Shape = (value) =>
  typeof value === 'string' && /^[1-9]\d{0,5}$/.test(value) ? Number(value) : null;
/** Minor units; shorter than any card number. */
export const amount: Shape = (value) =>
  Number.isSafeInteger(value) && Math.abs(value as number) < 1e12 ? (value as number) : null;
/** Seconds since the epoch. */
export const seconds: Shape = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 1e11 ? (value as number) : null;
export const flag: Shape = (value) => (typeof value === 'boolean' ? value : null);
/** A name that the seller has chosen for a plan or a product. */
export const slug: Shape = matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
export const decimal: Shape = matching(/^-?\d{1,12}(\.\d{1,12})?$/);
/** A count. */
export const whole: Shape = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e9 ? (value as number) : null;
