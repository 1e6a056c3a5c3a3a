/**
 * What the card networks forbid: whoever tries a card too often, or one that its bank has closed, is fined. Counted for a
 * card over all its invoices, whatever their amounts, which is stricter than they ask for.
 * Visa: 20 tries in 30 days, and never again after a decline of category 1. Mastercard: 10 in 24 hours, 35 in 30 days, and
 * a merchant advice code that says how long to wait, or that no try will help.
 */
import { DAY, HOUR, type Instant } from './time.ts';

/** A try of the card that took no money. */
export type CardTry = { at: Instant; code: string | null; advice: string | null };
/** `until: null`: for ever. `why` is a code. */
export type SchemeLimit = { until: Instant | null; why: 'card_closed' | 'scheme_limit' | 'scheme_advice' };

/** How far back anything of this looks, but for what holds for ever. */
export const SCHEME_WINDOW = 30 * DAY;

const LIMITS: { readonly [brand: string]: readonly { tries: number; within: number }[] } = {
  visa: [{ tries: 20, within: 30 * DAY }],
  mastercard: [
    { tries: 10, within: DAY },
    { tries: 35, within: 30 * DAY },
  ],
};

/** Visa's category 1, in the processors' words: the bank will never approve it. */
export const CATEGORY_1: ReadonlySet<string> = new Set([
  ...['pickup_card', 'lost_card', 'stolen_card', 'invalid_account', 'incorrect_number', 'invalid_number'],
  ...['revocation_of_authorization', 'revocation_of_all_authorizations', 'stop_payment_order', 'card_closed'],
  ...['do_not_try_again', '9500'],
]);

/** Mastercard's advice: never again, or how long to wait. */
const NEVER: ReadonlySet<string> = new Set(['03', '21']);
const WAITS: { readonly [advice: string]: number } = {
  '24': HOUR,
  '25': DAY,
  '26': 2 * DAY,
  '27': 4 * DAY,
  '28': 6 * DAY,
  '29': 8 * DAY,
  '30': 10 * DAY,
};

/** How long the advice of a network forbids another try; null for ever, undefined where it says nothing of that. */
export const adviceUntil = (advice: string, at: Instant): Instant | null | undefined =>
  NEVER.has(advice) || advice === 'do_not_try_again'
    ? null
    : WAITS[advice] === undefined
      ? undefined
      : at + WAITS[advice];

/** Null where the card may be tried at that time. `tries` are those of its last 30 days, and older ones that hold for ever. */
export function schemeLimit(brand: string | null, tries: readonly CardTry[], at: Instant): SchemeLimit | null {
  if (tries.some(({ code }) => code !== null && CATEGORY_1.has(code))) return { until: null, why: 'card_closed' };
  let until = at;
  let why: SchemeLimit['why'] = 'scheme_advice';
  for (const { advice, at: triedAt } of tries) {
    const wait = advice === null ? undefined : adviceUntil(advice, triedAt);
    if (wait === null) return { until: null, why };
    until = Math.max(until, wait ?? at);
  }
  const newestFirst = tries.map((each) => each.at).sort((a, b) => b - a);
  for (const { tries: most, within } of LIMITS[brand ?? ''] ?? []) {
    const first = newestFirst[most - 1];
    if (first === undefined || first + within <= until) continue;
    until = first + within;
    why = 'scheme_limit';
  }
  return until > at ? { until, why } : null;
}
