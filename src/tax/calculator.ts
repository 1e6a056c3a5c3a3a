/**
 * Who says which taxes hold: the table that comes with the product, or a service outside. A service that is away is never
 * taken for "no tax": whoever asked waits and asks again.
 */
import { z } from 'zod';
import { isPercent, type TaxRules } from '../domain/tax.ts';
import { ratesOn } from '../domain/tax-rates.ts';
import { type TaxFacts, taxRules } from '../domain/tax-rules.ts';
import { ask, TaxServiceUnavailable } from './ask.ts';

export type TaxCalculator = {
  /** Whether asking it leaves the process: then it is never done inside a transaction. */
  outside: boolean;
  rulesFor(facts: TaxFacts): Promise<TaxRules>;
};

export const builtInCalculator: TaxCalculator = {
  outside: false,
  rulesFor: async (facts) => taxRules(facts, ratesOn),
};

const rate = z.object({
  jurisdiction: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]{1,20}){0,3}$/),
  name: z.string().min(1).max(100),
  percent: z.string().refine(isPercent),
});
const rates = z.array(rate).max(8);
/** The categories stand by themselves here, since what comes from outside is looked at anew. */
const rules = z
  .object({
    treatment: z.enum(['taxed', 'reverse_charge', 'exempt', 'not_registered']),
    note: z.enum(['reverse_charge', 'customer_exempt', 'outside_scope']).nullable(),
    rates: z.object({ standard: rates, reduced: rates, exempt: rates }),
  })
  .refine((answer) => (answer.treatment === 'taxed') === answer.rates.standard.length > 0, 'a rate for what is taxed');

/** It is sent the facts, and answers with the rules. */
export function outsideCalculator(options: { url: string; timeoutMs?: number }): TaxCalculator {
  const service = { name: 'tax calculator', ...options };
  return {
    outside: true,
    async rulesFor(facts) {
      const answer = rules.safeParse(await ask(service, facts));
      if (answer.success) return answer.data;
      const fields = answer.error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ');
      throw new TaxServiceUnavailable(service.name, `its answer is not understood (${fields})`);
    },
  };
}

export const createTaxCalculator = (url: string | undefined): TaxCalculator =>
  url === undefined ? builtInCalculator : outsideCalculator({ url });
