import { pastFailures } from '../../db/past-failures.ts';
import { inTenant } from '../../db/tenant.ts';
import { backtest, PEERS } from '../../domain/backtest.ts';
import { checkDunningPolicy } from '../../domain/dunning-check.ts';
import { generatedPortfolio } from '../../domain/dunning-portfolio.ts';
import { ok, READERS, route } from '../route.ts';
import { backtestBody, backtestReport } from '../schemas/dunning.ts';
import { sound } from './dunning-policies.ts';

/** So much is done between two answers to others. */
const MOST = 5_000;

export const dunningBacktest = route({
  tag: 'Dunning',
  who: READERS,
  grant: 'dunning_policies:read',
  method: 'post',
  path: '/api/admin/dunning-policies/backtest',
  summary: 'What a policy would have recovered',
  about:
    'Over the tenant’s own failures, or over made-up ones, beside the product’s default and what others do. Of the past only ' +
    'what was tried is known: a try passes from the time at which the invoice was paid. Nothing is kept, and nobody is charged.',
  pure: true,
  body: backtestBody,
  answers: { 200: { about: 'Each policy over the same failures.', schema: backtestReport } },
  async handle({ parts, scope, body: { policy, over, failures: wanted, seed } }) {
    if (policy) sound(checkDunningPolicy(policy));
    const failures =
      over === 'past'
        ? await inTenant(parts.db, scope, (trx) => pastFailures(trx, MOST))
        : generatedPortfolio(wanted, seed);
    const asked = policy ? [{ name: policy.name, policy }, ...PEERS] : PEERS;
    return ok({
      failures: failures.length,
      owedMinor: failures.reduce((sum, { amount }) => sum + amount, 0),
      results: asked.map(({ name, policy: rules }) => ({ name, ...backtest(failures, rules) })),
    });
  },
});
