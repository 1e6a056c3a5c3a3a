/**
 * What the demo's company sells, as a catalog kept as code: change it, see what that changes with `hydra catalog diff
 * examples/billing.config.ts`, and bring it in with `hydra catalog push --publish examples/billing.config.ts`.
 */
import { defineCatalog, type Price } from 'hydra-billing';

const month = { unit: 'month', count: 1 } as const;
const year = { unit: 'year', count: 1 } as const;
const each = (model: 'flat' | 'per_unit', usd: string, eur: string) => [
  { currency: 'usd', model, unitAmount: usd },
  { currency: 'eur', model, unitAmount: eur },
];

/** A base price, seats that get cheaper, and a fee for setting it up. */
const business = (currency: string, [base, seat, many, setUp]: [string, string, string, string]): Price => ({
  currency,
  charges: [
    { id: 'base', name: 'Base', model: 'flat', unitAmount: base },
    {
      ...{ id: 'seats', name: 'Seats', model: 'graduated', included: 5 },
      tiers: [
        { upTo: 20, unitAmount: seat },
        { upTo: null, unitAmount: many },
      ],
    },
    { id: 'set_up', name: 'Set-up', timing: 'once', model: 'flat', unitAmount: setUp },
  ],
});
const support = (currency: string, minimum: number): Price => ({
  currency,
  charges: [{ id: 'share', name: 'Share of the plan', model: 'percentage', percent: '20', minimum }],
});

/** What the plans are good for. What is counted has a number in each, unless the plan is of the unlimited tier. */
const projects = { id: 'projects', name: 'Projects', type: 'limit' } as const;
const seats = { id: 'seats', name: 'Seats', type: 'limit' } as const;
const apiCalls = { id: 'api_calls', name: 'API calls', type: 'metered', meter: 'api_calls' } as const;
const dataExport = { id: 'export', name: 'Export of your data', type: 'boolean', essential: true } as const;
const reports = { id: 'reports', name: 'Reports', type: 'boolean' } as const;
const pro = [
  ...[
    { ...projects, limit: 50 },
    { ...seats, limit: 5 },
    { ...apiCalls, limit: 100_000 },
  ],
  ...[dataExport, reports],
];

export default defineCatalog({
  plans: [
    {
      ...{ id: 'basic', product: 'app', name: 'Basic', interval: month, trialDays: 0 },
      features: [{ ...projects, limit: 3 }, { ...seats, limit: 1 }, { ...apiCalls, limit: 1_000 }, dataExport],
      prices: each('flat', '1900', '1800'),
    },
    {
      ...{ id: 'pro', product: 'app', name: 'Pro', interval: month, trialDays: 14 },
      features: pro,
      prices: each('flat', '4900', '4500'),
    },
    {
      id: 'pro_yearly',
      product: 'app',
      name: 'Pro, yearly',
      interval: year,
      trialDays: 14,
      features: pro,
      prices: each('flat', '49000', '45000'),
    },
    {
      id: 'team',
      product: 'app',
      name: 'Team seat',
      interval: month,
      trialDays: 0,
      features: [
        { ...projects, limit: 10, perUnit: true },
        { ...seats, limit: 1, perUnit: true },
        { ...apiCalls, limit: 10_000, perUnit: true },
        dataExport,
      ],
      prices: each('per_unit', '1200', '1100'),
    },
    {
      id: 'business',
      product: 'app',
      name: 'Business',
      interval: month,
      trialDays: 0,
      tier: 'enterprise',
      features: [projects, seats, apiCalls, dataExport, reports],
      prices: [business('usd', ['9900', '1000', '800', '20000']), business('eur', ['9000', '900', '700', '18000'])],
      addOns: [
        { id: 'backup', name: 'Backup', prices: each('per_unit', '500', '450') },
        {
          id: 'support',
          name: 'Priority support',
          prices: [support('usd', 5_000), support('eur', 4_500)],
        },
      ],
    },
  ],
});
