/** An address in the lines that its country's post expects, the country's name in the reader's language. */
import type { Address } from '../domain/parties.ts';

/** Where the place comes first and its code after it: "Portland, OR 97204". */
const CODE_LAST = new Set(['US', 'CA', 'AU', 'BR', 'IN']);
/** Where the code has a line of its own. */
const CODE_ALONE = new Set(['GB', 'IE']);

export function addressLines({ line1, line2, city, postalCode, region, country }: Address, locale: string): string[] {
  const name = new Intl.DisplayNames(locale, { type: 'region', fallback: 'code' }).of(country) ?? country;
  const lines = (): (string | null)[] => {
    if (country === 'JP') return [postalCode && `〒${postalCode}`, joined('', region, city, line1), line2];
    if (CODE_ALONE.has(country)) return [line1, line2, city, postalCode];
    if (CODE_LAST.has(country)) return [line1, line2, joined(', ', city, joined(' ', region, postalCode))];
    return [line1, line2, joined(' ', postalCode, city)];
  };
  return [...lines(), name].filter((line): line is string => line !== null && line !== '');
}

const joined = (between: string, ...parts: (string | null)[]): string | null =>
  parts.filter((part) => part !== null && part !== '').join(between) || null;
