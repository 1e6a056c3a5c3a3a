/** Prices as a person says them: in a diff of two versions, on a terminal, in a preview. */
import type { Currency } from './currency.ts';
import { formatMoney } from './money.ts';
import type { Charge, Price, Priced } from './price-book.ts';
import { formatPrice, type Rate, type Tier } from './rating.ts';
import type { Interval } from './time.ts';

export const intervalInWords = ({ unit, count }: Interval): string =>
  count === 1 ? `each ${unit}` : `each ${count} ${unit}s`;

export const priceInWords = (price: Price): string => pricedInWords(price, price.currency);

function pricedInWords(priced: Priced, currency: Currency): string {
  if (!('charges' in priced)) return rateInWords(priced, currency);
  return priced.charges.map((charge) => `${charge.name}: ${chargeInWords(charge, currency)}`).join('; ');
}

export const chargeInWords = (charge: Charge, currency: Currency): string =>
  `${rateInWords(charge, currency)}${charge.timing === 'once' ? ', once' : ''}${charge.meter === undefined ? '' : `, of meter ${charge.meter}`}`;

function rateInWords(rate: Rate, currency: Currency): string {
  const money = (amount: number) => formatMoney({ amount, currency });
  const { included, minimum, maximum } = rate;
  return [
    modelInWords(rate, currency),
    ...(included ? [`${included} included`] : []),
    ...(minimum ? [`at least ${money(minimum)}`] : []),
    ...(maximum !== undefined ? [`at most ${money(maximum)}`] : []),
  ].join(', ');
}

function modelInWords(rate: Rate, currency: Currency): string {
  const price = (amount: string) => formatPrice(amount, currency);
  switch (rate.model) {
    case 'flat':
      return price(rate.unitAmount);
    case 'per_unit':
      return `${price(rate.unitAmount)} a unit`;
    case 'package':
      return `${price(rate.unitAmount)} for each ${rate.packageSize} units`;
    case 'percentage':
      return `${rate.percent}% of the plan${rate.flatAmount === undefined ? '' : ` and ${price(rate.flatAmount)}`}`;
    case 'graduated':
      return tiersInWords(rate.tiers, currency, 'a unit');
    case 'volume':
      return tiersInWords(rate.tiers, currency, 'for every unit');
    case 'stairstep':
      return tiersInWords(rate.tiers, currency, '');
  }
}

function tiersInWords(tiers: readonly Tier[], currency: Currency, each: string): string {
  return tiers
    .map(({ upTo, unitAmount, flatAmount }, i) => {
      const start = tiers[i - 1]?.upTo;
      const span = upTo === null ? (start ? `above ${start}` : 'any number') : `to ${upTo}`;
      const parts = [
        ...(unitAmount === undefined ? [] : [`${formatPrice(unitAmount, currency)} ${each}`]),
        ...(flatAmount === undefined ? [] : [`${formatPrice(flatAmount, currency)} flat`]),
      ];
      return `${span} ${parts.length > 0 ? parts.join(' and ') : 'free'}`;
    })
    .join(', ');
}
