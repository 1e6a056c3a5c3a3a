/** What an invoice comes to: its lines, less what its discounts take off. Pure. */
import { share } from './price-amount.ts';
import type { Coupon, InvoiceLine } from './wire.ts';

export type Applied = { discount: string; coupon: Coupon };
export type Totals = {
  lines: InvoiceLine[];
  subtotal: number;
  total: number;
  discountAmounts: { amount: number; discount: string }[];
};

/** One discount after the other, each on what those before it left. What is below zero is no matter for a discount. */
export function totals(given: readonly InvoiceLine[], applied: readonly Applied[]): Totals {
  const taken = given.map(() => [] as { amount: number; discount: string }[]);
  const left = given.map(({ subtotal }) => subtotal);
  const discountAmounts = applied.map(({ discount, coupon }) => {
    const open = given.map((line, index) => (isDiscountable(line, coupon) ? Math.max(0, left[index]!) : 0));
    const parts = amountsOff(coupon, open);
    parts.forEach((amount, index) => {
      if (open[index] === 0) return;
      left[index]! -= amount;
      taken[index]!.push({ amount, discount });
    });
    return { amount: sum(parts), discount };
  });
  const subtotal = sum(given.map((line) => line.subtotal));
  return {
    lines: given.map((line, index) => ({
      ...line,
      discount_amounts: taken[index]!,
      pretax_credit_amounts: taken[index]!.map((each) => ({ ...each, type: 'discount' as const })),
    })),
    subtotal,
    total: subtotal - sum(discountAmounts.map(({ amount }) => amount)),
    discountAmounts,
  };
}

function isDiscountable(line: InvoiceLine, { applies_to }: Coupon): boolean {
  if (!line.discountable) return false;
  return applies_to === undefined || applies_to.products.includes(line.pricing?.price_details?.product ?? '');
}

/** A fixed amount is shared among the lines so that its parts add up to it. */
function amountsOff({ percent_off, amount_off }: Coupon, open: readonly number[]): number[] {
  if (percent_off !== null) return open.map((amount) => share(amount, Math.round(percent_off * 10_000), 1_000_000));
  const whole = sum(open);
  const off = Math.min(amount_off!, whole);
  let before = 0;
  let given = 0;
  return open.map((amount) => {
    before += amount;
    const part = share(off, before, whole) - given;
    given += part;
    return part;
  });
}

export const sum = (amounts: readonly number[]) => amounts.reduce((all, each) => all + each, 0);
