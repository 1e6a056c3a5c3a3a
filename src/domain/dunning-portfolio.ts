/**
 * Failures made up for a backtest, the same for the same seed. The numbers are assumptions, and `docs/dunning.md` says
 * where they come from; a tenant's own past is the better ground wherever there is enough of it.
 */
import type { Failure } from './backtest.ts';
import type { DeclineClass } from './input.ts';
import { addDays, DAY, dayOf, HOUR, type Instant, instantOf } from './time.ts';

type Chance = () => number;

/** Of a hundred first failures. */
const MIX: readonly [DeclineClass, number][] = [
  ['insufficient_funds', 44],
  ['soft', 28],
  ['card_replaced', 11],
  ['hard', 6],
  ['authentication_required', 4],
  ['fraud_suspected', 4],
  ['processor_trouble', 3],
];
/** The share that pays when asked, without a try of ours, and how many days that takes on average. */
const ACTS: { readonly [Class in DeclineClass]: readonly [share: number, days: number] } = {
  insufficient_funds: [0.12, 6],
  soft: [0.2, 6],
  card_replaced: [0.55, 6],
  hard: [0.4, 7],
  authentication_required: [0.6, 3],
  fraud_suspected: [0.25, 8],
  processor_trouble: [0.05, 4],
  no_payment_method: [0.4, 7],
};
const AMOUNTS = [900, 1900, 2900, 4900, 9900, 19900, 49900];
const ZONES = ['America/New_York', 'America/Los_Angeles', 'Europe/Berlin', 'Europe/London', 'Asia/Tokyo', 'UTC'];
const YEAR_BEGINS = Date.UTC(2027, 0, 1);
const HORIZON_DAYS = 30;

export function generatedPortfolio(count: number, seed = 1): Failure[] {
  const chance = seeded(seed);
  return Array.from({ length: count }, () => failure(chance));
}

function failure(chance: Chance): Failure {
  const decline = drawn(chance, MIX);
  // Renewals fall on the first of a month more often than on another day.
  const day = chance() < 0.15 ? addDays('2027-01-01', 31 * Math.floor(chance() * 12)) : null;
  const failedAt =
    (day ? Date.parse(`${day.slice(0, 8)}01T00:00:00Z`) : YEAR_BEGINS + Math.floor(chance() * 365) * DAY) +
    Math.floor(chance() * 24) * HOUR;
  const timeZone = ZONES[Math.floor(chance() * ZONES.length)]!;
  const amount = AMOUNTS[Math.floor(chance() ** 2 * AMOUNTS.length)]!;
  const [share, days] = ACTS[decline];
  const actsAt = chance() < share ? failedAt - Math.log(1 - chance()) * days * DAY : null;
  return { decline, failedAt, timeZone, amount, passes: passesOf(chance, decline, failedAt, timeZone), actsAt };
}

type Span = Failure['passes'][number];

function passesOf(chance: Chance, decline: DeclineClass, failedAt: Instant, timeZone: string): Span[] {
  switch (decline) {
    case 'insufficient_funds':
      return chance() < 0.22 ? [] : withMoney(chance, failedAt, timeZone);
    case 'soft':
      // Banks that say no for the day: half the cards stay so, the others pass on one day in three.
      return chance() < 0.5 ? [] : onDays(failedAt, () => chance() < 0.33);
    case 'processor_trouble':
      return chance() < 0.95
        ? [{ from: failedAt + Math.floor(chance() * 36) * HOUR, to: Number.MAX_SAFE_INTEGER }]
        : [];
    default:
      return [];
  }
}

/** Money comes with wages, twice a month or every other Friday, in the small hours; and is gone some days later. */
function withMoney(chance: Chance, failedAt: Instant, timeZone: string): Span[] {
  const isMonthly = chance() < 0.6;
  const fortnight = Math.floor(chance() * 2);
  const reach = 0.55 + chance() * 0.3;
  const first = dayOf(failedAt, timeZone);
  const spans: Span[] = [];
  for (let i = 1; i <= HORIZON_DAYS; i++) {
    const day = addDays(first, i);
    if (!(isMonthly ? isMonthlyPayday(day) : isFortnightlyPayday(day, fortnight)) || chance() > reach) continue;
    const from = instantOf(day, timeZone, 5 * HOUR);
    spans.push({ from, to: from + (1 + Math.floor(chance() * 5)) * DAY });
  }
  return spans;
}

const isMonthlyPayday = (day: string): boolean => day.endsWith('-15') || addDays(day, 1).endsWith('-01');
const isFortnightlyPayday = (day: string, which: number): boolean => {
  const days = Date.parse(`${day}T00:00:00Z`) / DAY;
  // 1 January 1970 was a Thursday.
  return days % 7 === 1 && Math.floor(days / 7) % 2 === which;
};

const onDays = (failedAt: Instant, isGood: () => boolean): Span[] =>
  Array.from({ length: HORIZON_DAYS }, (_, i) => ({
    from: failedAt + i * DAY + 8 * HOUR,
    to: failedAt + (i + 1) * DAY + 8 * HOUR,
  })).filter(isGood);

function drawn<T>(chance: Chance, parts: readonly [T, number][]): T {
  let left = chance() * parts.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of parts) {
    left -= weight;
    if (left < 0) return value;
  }
  return parts[0]![0];
}

/** Mulberry32: small, even, and the same on every machine. */
function seeded(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
