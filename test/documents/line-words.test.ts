import { describe, expect, test } from 'vitest';
import { formatsFor } from '../../src/documents/format.ts';
import { arithmeticIn, sentenceIn } from '../../src/documents/line-words.ts';
import { type ChangeRequest, planChange } from '../../src/domain/change.ts';
import { type Rate, rate } from '../../src/domain/rating.ts';
import type { Accepted } from '../../src/domain/subscription.ts';
import { active, at, hybrid, terms } from '../domain/builders.ts';

const plain = (text: string) => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ');
const german = (text: string) => plain(arithmeticIn(text, 'de', formatsFor('de-DE', 'UTC')));

const rated = (given: Rate, measure: string) => rate(given, measure, 'eur').words!;
const tiers = [
  { upTo: 20, unitAmount: '1000', flatAmount: '500' },
  { upTo: null, unitAmount: '800' },
];
const change = (over: Partial<ChangeRequest> = {}) =>
  planChange(
    active() as Accepted,
    { terms: hybrid([{ id: 'backup', quantity: 2 }]), quantity: 8, when: 'now', proration: 'invoice_now', ...over },
    at('2027-01-16'),
  ).lines;
/** Everything that the engine says on a line, as the code makes it. */
const SAID = [
  ...change().flatMap(({ description, proration }) => [description, proration!]),
  ...['Credit carried to the next invoice', 'Credit from the last invoice', 'Carried from the last invoice'],
  'Below the smallest charge: carried to the next invoice',
  rated({ model: 'graduated', tiers, included: 5 }, '30'),
  rated({ model: 'package', unitAmount: '900', packageSize: 100 }, '3'),
  rated({ model: 'package', unitAmount: '900', packageSize: 100 }, '250'),
  rated({ model: 'percentage', percent: '12.5', flatAmount: '30', included: 1000, minimum: 5000 }, '12900'),
  rated({ model: 'volume', tiers, maximum: 100 }, '30'),
  `(${rated({ model: 'per_unit', unitAmount: '900', included: 2 }, '5')}), 20 of 31 days, up to the anchor on 2027-04-01`,
  '10 of 31 days, since it ends on 2027-01-11; of that 5 of 31 days, after a later change',
].filter((text) => text !== null);
/** Names that somebody gave, and currencies. */
const NAMES = /\b(Business|Pro|Base|Seats|Set|up|Backup|Support|EUR|USD|JPY)\b/g;

test.each(['de', 'fr', 'es', 'ja'] as const)('in %s no word of ours is left in English', (language) => {
  const formats = formatsFor(language, 'UTC');
  for (const text of SAID) {
    const shown = arithmeticIn(text, language, formats);
    const words = (of: string) => of.replaceAll(NAMES, '').match(/\p{L}{2,}/gu) ?? [];
    const ours = new Set(words(text).map((word) => word.toLowerCase()));
    const left = words(shown).filter((word) => ours.has(word.toLowerCase()) && !SAME[language]!.includes(word));
    expect([shown, left]).toEqual([shown, []]);
  }
});
/** Words that are written alike. */
const SAME = { de: ['in'], fr: ['maximum', 'minimum'], es: [], ja: [] } as Record<string, string[]>;

describe('what the engine writes', () => {
  test('of a change is in the reader’s language', () => {
    const request = {
      terms: terms({ planId: 'max', name: 'Max', unitAmount: '9900' }),
      quantity: 1,
      when: 'now',
      proration: 'invoice_now',
    } as const;
    const { lines } = planChange(active() as Accepted, request, at('2027-01-16'));
    expect(lines.map(({ description }) => sentenceIn(description, 'de'))).toEqual([
      'Nicht genutzte Zeit: Pro',
      'Verbleibende Zeit: Max',
    ]);
    expect(german(lines[0]!.proration!)).toBe(
      '30,00 $ × 31/31 − 30,00 $ × 15/31, je auf die kleinste Einheit gerundet',
    );
    for (const { description, proration } of lines) {
      for (const language of ['fr', 'es', 'ja'] as const) {
        expect(sentenceIn(description, language)).not.toMatch(/time on/);
        expect(sentenceIn(proration!, language)).not.toMatch(/rounded/);
      }
    }
  });

  test.each([
    ['Credit carried to the next invoice', 'Guthaben, vorgetragen auf die nächste Rechnung'],
    ['Credit from the last invoice', 'Guthaben aus der letzten Rechnung'],
    ['10 of 31 days, since it ends on 2027-01-11', '10 von 31 Tagen, da es am 11. Januar 2027 endet'],
    ['8 − 5 included: 3 × 10.00 EUR', '8 − 5 enthalten: 3 × 10,00 €'],
    ['3 packages of 100 × 9.00 EUR', '3 Pakete zu 100 × 9,00 €'],
    [
      '12.5% of 129.00 EUR, raised to the minimum of 25.00 EUR',
      '12,5 % von 129,00 €, angehoben auf den Mindestbetrag von 25,00 €',
    ],
    ['1204331 × 0.0005 EUR', '1204331 × 0,0005 €'],
    ['3 × 1000 JPY', '3 × 1.000 ¥'],
    ['1 × 1.5 KWD', '1 × 1,500 KWD'],
    ['5 ABC', '5 ABC'],
    ['2027-02-30', '2027-02-30'],
  ])('%s', (text, wanted) => {
    expect(german(text)).toBe(wanted);
  });

  test('a plan’s own name stays', () => {
    expect(sentenceIn('Time on my hands', 'de')).toBe('Time on my hands');
    expect(sentenceIn('Unused time on Pro', 'en')).toBe('Unused time on Pro');
  });
});
