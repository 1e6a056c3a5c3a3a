/**
 * What a quantity costs under one price model. Exact, in big integers, until the one rounding at the end: half away from
 * zero. `docs/conventions.md` states where other engines differ.
 */
import { type Currency, decimalsOf } from './currency.ts';
import { invariant } from './invariant.ts';
import { divide, formatDecimal, formatMoney, prorate, toSafe } from './money.ts';

/**
 * `upTo` is inclusive and continuous: 100.5 units are in the second tier of 0 to 100. The last tier has no end. `from` only
 * repeats where the tier before ends, for catalogs that state both.
 */
export type Tier = {
  from?: number;
  upTo: number | null;
  unitAmount?: string;
  flatAmount?: string;
};

/** Amounts are decimals of minor units, since a price may lie below one. */
type Model =
  /** Costs the same whatever the quantity. */
  | { model: 'flat'; unitAmount: string }
  | { model: 'per_unit'; unitAmount: string }
  /** Each unit costs the price of the tier that it lies in. */
  | { model: 'graduated'; tiers: readonly Tier[] }
  /** All units cost the price of the tier that the last one lies in. */
  | { model: 'volume'; tiers: readonly Tier[] }
  /** The whole costs the flat amount of the tier that it lies in. */
  | { model: 'stairstep'; tiers: readonly Tier[] }
  /** Sold by the package; one that is begun is paid for. */
  | { model: 'package'; unitAmount: string; packageSize: number }
  /** Of an amount, and not of a quantity. */
  | { model: 'percentage'; percent: string; flatAmount?: string };

export type Rate = Model & {
  /** Units that cost nothing; tiers and packages count what is above them. */
  included?: number;
  /** In whole minor units. */
  minimum?: number;
  maximum?: number;
};

export type Rated = {
  amount: number;
  /** Where the amount is the quantity times this, and nothing else. */
  unitPrice: string | null;
  /** The arithmetic, where it is more than that. */
  words: string | null;
};

/** Decimals are counted in millionths of a millionth, products of two in the square of it. */
const PLACES = 12;
const ONE = 10n ** BigInt(PLACES);
const SQUARE = ONE * ONE;

/** A part of a period: all that is said for a whole one counts for it by its share of the time. */
export type Share = { part: number; whole: number };
const WHOLE: Share = { part: 1, whole: 1 };

/**
 * `measure` is a quantity, or for a percentage an amount in minor units: a decimal, since usage comes in fractions. Of a
 * part of a period the included units, the tiers, what is flat, the minimum and the maximum are that part of theirs.
 */
export function rate(given: Rate, measure: string, currency: Currency, share: Share = WHOLE): Rated {
  const { included = 0 } = given;
  const bound = (amount: number) => (share === WHOLE ? amount : prorate(amount, share.part, share.whole));
  const minimum = bound(given.minimum ?? 0);
  const maximum = given.maximum === undefined ? Number.MAX_SAFE_INTEGER : bound(given.maximum);
  const all = exact(measure);
  const free = partOf(BigInt(included) * ONE, share);
  const parts = partsOf(given, all > free ? all - free : 0n, currency, share);
  const price = toSafe(
    divide(
      parts.reduce((sum, part) => sum + part.price, 0n),
      SQUARE,
    ),
  );
  const amount = Math.min(Math.max(price, minimum), maximum);
  const isPlain = (given.model === 'flat' || given.model === 'per_unit') && included === 0 && amount === price;
  if (isPlain) return { amount, unitPrice: given.unitAmount, words: null };
  const money = (minor: number) => formatMoney({ amount: minor, currency });
  const counted = (count: string) => (given.model === 'percentage' ? formatPrice(count, currency) : count);
  const words = [
    included === 0 ? '' : `${counted(measure)} − ${counted(formatDecimal(free, PLACES))} included: `,
    parts.map((part) => part.words).join(' + '),
    amount > price ? `, raised to the minimum of ${money(minimum)}` : '',
    amount < price ? `, cut to the maximum of ${money(maximum)}` : '',
  ];
  return { amount, unitPrice: null, words: words.join('') };
}

type Part = { price: bigint; words: string };

const partOf = (value: bigint, { part, whole }: Share): bigint =>
  part === whole ? value : (value * BigInt(part)) / BigInt(whole);

function partsOf(given: Rate, quantity: bigint, currency: Currency, share: Share): Part[] {
  const times = (price: string, count: bigint, what = formatDecimal(count, PLACES)): Part => ({
    price: exact(price) * count,
    words: `${what} × ${formatPrice(price, currency)}`,
  });
  const once = (price: string): Part => {
    const own = partOf(exact(price), share);
    return { price: own * ONE, words: formatPrice(formatDecimal(own, PLACES), currency) };
  };
  const priced = ({ unitAmount, flatAmount }: Tier, count: bigint): Part[] => [
    ...(unitAmount === undefined || count === 0n ? [] : [times(unitAmount, count)]),
    ...(flatAmount === undefined ? [] : [once(flatAmount)]),
  ];
  switch (given.model) {
    case 'flat':
      return [once(given.unitAmount)];
    case 'per_unit':
      return [times(given.unitAmount, quantity)];
    case 'graduated':
      return orNothing(
        spansOf(given.tiers, share)
          // The first tier counts at zero usage too, with its flat amount.
          .filter(({ from }) => from === 0n || quantity > from)
          .flatMap(({ tier, from, to }) => priced(tier, (to === null || quantity < to ? quantity : to) - from)),
        currency,
      );
    case 'volume':
      return orNothing(priced(tierOf(given.tiers, quantity, share), quantity), currency);
    case 'stairstep':
      return orNothing(priced({ ...tierOf(given.tiers, quantity, share), unitAmount: undefined }, quantity), currency);
    case 'package': {
      const size = BigInt(given.packageSize) * ONE;
      const packages = (quantity + size - 1n) / size;
      return [
        times(
          given.unitAmount,
          packages * ONE,
          `${packages} ${packages === 1n ? 'package' : 'packages'} of ${given.packageSize}`,
        ),
      ];
    }
    case 'percentage': {
      const amount = formatPrice(formatDecimal(quantity, PLACES), currency);
      const share = { price: (exact(given.percent) / 100n) * quantity, words: `${given.percent}% of ${amount}` };
      return [share, ...(given.flatAmount === undefined ? [] : [once(given.flatAmount)])];
    }
  }
}

/** A tier without a price of its own is free, and says so. */
const orNothing = (parts: Part[], currency: Currency): Part[] =>
  parts.length > 0 ? parts : [{ price: 0n, words: formatPrice('0', currency) }];

const spansOf = (tiers: readonly Tier[], share: Share): { tier: Tier; from: bigint; to: bigint | null }[] =>
  tiers.map((tier, i) => ({
    tier,
    from: partOf(BigInt(tiers[i - 1]?.upTo ?? 0) * ONE, share),
    to: tier.upTo === null ? null : partOf(BigInt(tier.upTo) * ONE, share),
  }));

function tierOf(tiers: readonly Tier[], quantity: bigint, share: Share): Tier {
  const found = spansOf(tiers, share).find(({ to }) => to === null || quantity <= to);
  invariant(found, 'the last tier has no end');
  return found.tier;
}

function exact(decimal: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,18})(?:\.(\d{1,12}))?$/.exec(decimal) ?? [];
  invariant(whole !== undefined, `a decimal such as "0.05", got ${decimal}`);
  return BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, '0'));
}

/** A decimal of minor units as people write it: "0.05" cents are 0.0005 USD. */
export function formatPrice(price: string, currency: Currency): string {
  const digits = decimalsOf(currency);
  return `${formatDecimal(exact(price), PLACES + digits, digits)} ${currency.toUpperCase()}`;
}
