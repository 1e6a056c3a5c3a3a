import type { PriceBook } from '../domain/price-book.ts';

const month = { unit: 'month', count: 1 } as const;
const year = { unit: 'year', count: 1 } as const;
const each = (model: 'flat' | 'per_unit', usd: string, eur: string) => [
  { currency: 'usd', model, unitAmount: usd },
  { currency: 'eur', model, unitAmount: eur },
];

/** What the demo's company sells. */
export const demoPriceBook: PriceBook = {
  plans: [
    { id: 'basic', product: 'app', name: 'Basic', interval: month, trialDays: 0, prices: each('flat', '1900', '1800') },
    { id: 'pro', product: 'app', name: 'Pro', interval: month, trialDays: 14, prices: each('flat', '4900', '4500') },
    {
      id: 'pro_yearly',
      product: 'app',
      name: 'Pro, yearly',
      interval: year,
      trialDays: 14,
      prices: each('flat', '49000', '45000'),
    },
    {
      id: 'team',
      product: 'app',
      name: 'Team seat',
      interval: month,
      trialDays: 0,
      prices: each('per_unit', '1200', '1100'),
    },
  ],
};
