/** The examples of docs/conventions.md about recurring revenue. */
import type { HeldDiscount } from '../../src/domain/discount.ts';
import { formatMoney } from '../../src/domain/money.ts';
import { monthlyRecurring } from '../../src/domain/mrr.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import type { Interval } from '../../src/domain/time.ts';
import { active, START, terms } from './builders.ts';

const aMonth = (unitAmount: string, unit: Interval['unit'] = 'month', discounts: HeldDiscount[] = []) => {
  const sold = terms({ unitAmount, interval: { unit, count: 1 } });
  const amount = monthlyRecurring({ ...active(), terms: sold, discounts } as Subscription);
  return formatMoney({ amount, currency: 'usd' });
};
const off = (percent: string, duration: HeldDiscount['duration']): HeldDiscount[] => [
  { coupon: 'co_1', name: 'Welcome', kind: { percent }, duration, since: START },
];

export const mrrExamples: [string, () => string][] = [
  [
    'recurring revenue by interval',
    () =>
      `300.00 USD a year are \`${aMonth('30000', 'year')}\` a month, 30.00 USD a quarter \`${aMonth('3000', 'quarter')}\`, ` +
      `12.00 USD a week \`${aMonth('1200', 'week')}\`, and 1.00 USD a day \`${aMonth('100', 'day')}\`.`,
  ],
  [
    'recurring revenue with a discount',
    () =>
      `30.00 USD with 25% off for good: \`${aMonth('3000', 'month', off('25', 'forever'))}\`; ` +
      `with 50% off once: \`${aMonth('3000', 'month', off('50', 'once'))}\`.`,
  ],
];
