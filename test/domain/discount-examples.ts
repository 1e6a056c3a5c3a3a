/** The examples of docs/conventions.md about discounts. */
import {
  afterInvoice,
  afterPeriod,
  type DiscountableLine,
  discounted,
  type HeldDiscount,
} from '../../src/domain/discount.ts';
import { formatMoney } from '../../src/domain/money.ts';
import { START } from './builders.ts';

const usd = (amount: number) => formatMoney({ amount, currency: 'usd' });
const held = (coupon: HeldDiscount['coupon'], kind: HeldDiscount['kind'], over: Partial<HeldDiscount> = {}) =>
  ({ coupon, name: coupon, kind, duration: 'forever', since: START, ...over }) satisfies HeldDiscount;
const tenPercent = held('co_percent', { percent: '10' });
const twentyOff = held('co_amount', { amount: 2000, currency: 'usd' });
const tenOff = held('co_ten', { amount: 1000, currency: 'usd' });

const PERIOD = { from: '2027-01-01', to: '2027-02-01' };
const line = (amount: number): DiscountableLine => ({ amount, period: PERIOD });
const takenOff = (lines: DiscountableLine[], ...discounts: HeldDiscount[]) =>
  discounted(lines, discounts, 'usd').map(({ discount = 0 }) => discount);
const major = (amount: number) => usd(amount).replace(' USD', '');

export const discountExamples: [string, () => string][] = [
  [
    'several discounts',
    () => {
      const [both = 0] = takenOff([line(10_000)], twentyOff, tenPercent);
      return `100.00 USD with 20.00 USD off and 10% off: \`100.00 − 10.00 − 20.00 = ${usd(10_000 - both)}\`.`;
    },
  ],
  [
    'a discount over several lines',
    () => {
      const parts = takenOff([line(2000), line(1000)], tenOff);
      return `10.00 USD off lines of 20.00 and 10.00 USD: \`${parts.map(major).join(' + ')} = 10.00 USD\`.`;
    },
  ],
  [
    'an amount above the price',
    () => {
      const [taken = 0] = takenOff([line(700)], tenOff);
      return `10.00 USD off 7.00 USD: \`${usd(taken)}\` are taken off, and the other 3.00 USD are lost.`;
    },
  ],
  [
    'an amount and a part of a period',
    () => {
      const [taken = 0] = takenOff([{ ...line(3097), earning: { days: 31, from: 15, to: 31 } }], tenOff);
      return `10.00 USD off a period of 31 days, changed on its 16th: the change has \`${usd(taken)}\` off.`;
    },
  ],
  [
    'periods of a discount',
    () => {
      let discounts: HeldDiscount[] = [held('co_two', { percent: '10' }, { duration: { periods: 2 } })];
      const prices = [3000, 3000, 3000].map((price) => {
        discounts = afterPeriod(discounts);
        const lines = discounted([line(price)], discounts, 'usd');
        discounts = afterInvoice(discounts, lines);
        return major(price - (lines[0]?.discount ?? 0));
      });
      return `10% off 30.00 USD for two periods: \`${prices.join(', ')}\`.`;
    },
  ],
];
