import type { Terms } from '../domain/price-book.ts';
import type { Uncarried } from './processor.ts';

type Priced = Extract<Terms, { model: string }>;

export const not = (path: string, carried: string, wanted: string): Uncarried => ({ path, carried, wanted });

/** What we would have to do ourselves can't be left to a processor: one price, for each period alike. */
export function beyondOnePrice(terms: Terms, quantity: number): Uncarried | null {
  if (!isPriced(terms)) return not('planId', 'one price', `${terms.charges.length} charges`);
  if (terms.model === 'flat' && quantity !== 1) return not('quantity', '1 of a flat price', String(quantity));
  if (terms.addOns?.length) return not('addOns', 'none', terms.addOns.map(({ id }) => id).join(', '));
  if (terms.phase) return not('planId', 'no phases', `the phase ${terms.phase.id}`);
  if (terms.term) return not('planId', 'no term', `a term of ${terms.term.periods} periods`);
  if (terms.minimumCharge) return not('planId', 'no minimum charge', String(terms.minimumCharge));
  if (terms.graceHours) return not('planId', 'no grace of invoices', `${terms.graceHours} hours`);
  return null;
}

export const isPriced = (terms: Terms): terms is Priced => 'model' in terms;
