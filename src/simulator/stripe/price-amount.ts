/** What a quantity costs at a price, in whole minor units. */
import type { Price } from './wire.ts';

/** Stripe's decimals have up to twelve places. */
const PLACES = 12;
const ONE = 10n ** BigInt(PLACES);

/** Rounded once, half away from zero. */
export function amountOf(price: Pick<Price, 'unit_amount_decimal' | 'tiers' | 'tiers_mode'>, quantity: number): number {
  if (price.unit_amount_decimal !== null) return rounded(scaled(price.unit_amount_decimal) * BigInt(quantity));
  return rounded(price.tiers_mode === 'volume' ? byVolume(price.tiers!, quantity) : graduated(price.tiers!, quantity));
}

/** The part of an amount that falls into a part of its time; half away from zero. */
export function share(amount: number, part: number, whole: number): number {
  if (whole <= 0) return 0;
  const product = BigInt(Math.abs(amount)) * BigInt(part) * 2n + BigInt(whole);
  return Math.sign(amount) * Number(product / (BigInt(whole) * 2n));
}

type Tiers = NonNullable<Price['tiers']>;

/** All units cost what the tier of the whole quantity says. */
function byVolume(tiers: Tiers, quantity: number): bigint {
  const tier = tiers.find(({ up_to }) => up_to === null || quantity <= up_to)!;
  return cost(tier, quantity);
}

/** Each tier charges for the units that fall into it. */
function graduated(tiers: Tiers, quantity: number): bigint {
  let sum = 0n;
  let from = 0;
  for (const tier of tiers) {
    const units = Math.min(quantity, tier.up_to ?? quantity) - from;
    if (units <= 0 && from > 0) break;
    sum += cost(tier, units);
    from += units;
  }
  return sum;
}

const cost = ({ unit_amount_decimal, flat_amount_decimal }: Tiers[number], units: number) =>
  scaled(unit_amount_decimal ?? '0') * BigInt(units) + scaled(flat_amount_decimal ?? '0');

function scaled(decimal: string): bigint {
  const [whole, part = ''] = decimal.replace('-', '').split('.');
  const value = BigInt(whole! + part.slice(0, PLACES).padEnd(PLACES, '0'));
  return decimal.startsWith('-') ? -value : value;
}

function rounded(value: bigint): number {
  const half = value < 0n ? -ONE / 2n : ONE / 2n;
  return Number((value + half) / ONE);
}
