import { describe, expect, test } from 'vitest';
import { formatsFor } from '../../src/documents/format.ts';
import { arithmeticIn, sentenceIn } from '../../src/documents/line-words.ts';
import { planChange } from '../../src/domain/change.ts';
import type { Accepted } from '../../src/domain/subscription.ts';
import { active, at, terms } from '../domain/builders.ts';

const plain = (text: string) => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ');
const german = (text: string) => plain(arithmeticIn(text, 'de', formatsFor('de-DE', 'UTC')));

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
    ['1204331 × 0.0005 EUR', '1204331 × 0,0005 €'],
    ['20% of 129.00 EUR, at least 25.00 EUR', '20% of 129,00 €, at least 25,00 €'],
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
