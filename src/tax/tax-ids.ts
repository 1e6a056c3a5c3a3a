/**
 * Whether a tax id was given to anyone. By its form alone that is not known: only a service that asks the authorities can
 * say so, and what it said is kept as evidence.
 */
import { z } from 'zod';
import { isEu } from '../domain/country.ts';
import type { TaxIdState } from '../domain/tax-rules.ts';
import type { WellFormed } from '../domain/vat-id.ts';
import { ask, TaxServiceUnavailable } from './ask.ts';

export type TaxIdAnswer = { checker: string; state: TaxIdState; answer: Record<string, string | boolean> };

export type TaxIdChecker = { check(id: WellFormed): Promise<TaxIdAnswer> };

export const formChecker: TaxIdChecker = {
  check: async ({ number }) => ({ checker: 'form', state: 'unknown', answer: { number, wellFormed: true } }),
};

/** As the Commission's VIES has it; of all that it may say only this is read. */
const vies = z.object({
  valid: z.boolean().optional(),
  requestDate: z.string().max(64).optional(),
  requestIdentifier: z.string().max(64).optional(),
  name: z.string().max(500).optional(),
  address: z.string().max(1_000).optional(),
  errorWrappers: z.array(z.object({ error: z.string().max(100) })).optional(),
});

/**
 * A service that answers like VIES: asked for `{ countryCode, vatNumber }`, it says whether that is `valid`. It knows the
 * member states and Northern Ireland; of other ids the form is all that is checked.
 */
export function viesChecker(options: { url: string; timeoutMs?: number }): TaxIdChecker {
  const service = { name: 'tax id service', ...options };
  return {
    async check(id) {
      const { prefix, number, country } = id;
      if (!isEu(country) && prefix !== 'XI') return formChecker.check(id);
      try {
        const said = vies.safeParse(
          await ask(service, { countryCode: prefix, vatNumber: number.slice(prefix.length) }),
        );
        if (!said.success) throw new TaxServiceUnavailable(service.name, 'its answer is not understood');
        const { errorWrappers, valid, ...evidence } = said.data;
        const error = errorWrappers?.[0]?.error;
        const answer = { number, ...evidence, ...(valid !== undefined && { valid }), ...(error && { error }) };
        return { checker: 'vies', state: stateOf(valid, error), answer: withoutUndefined(answer) };
      } catch (error) {
        // A member state's register is often away. The customer is kept, and the id is checked again later.
        if (!(error instanceof TaxServiceUnavailable)) throw error;
        return { checker: 'vies', state: 'unknown', answer: { number, error: error.message } };
      }
    },
  };
}

function stateOf(valid: boolean | undefined, error: string | undefined): TaxIdState {
  if (error !== undefined) return error === 'INVALID_INPUT' ? 'invalid' : 'unknown';
  return valid === undefined ? 'unknown' : valid ? 'valid' : 'invalid';
}

const withoutUndefined = (answer: Record<string, string | boolean | undefined>): Record<string, string | boolean> =>
  Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | boolean
  >;

export const createTaxIdChecker = (url: string | undefined): TaxIdChecker =>
  url === undefined ? formChecker : viesChecker({ url });
