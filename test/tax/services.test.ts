/** Services outside, over HTTP: what they say holds, and their silence is never taken for an answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TaxFacts } from '../../src/domain/tax-rules.ts';
import { parseVatId, type WellFormed } from '../../src/domain/vat-id.ts';
import { TaxServiceUnavailable } from '../../src/tax/ask.ts';
import { builtInCalculator, outsideCalculator } from '../../src/tax/calculator.ts';
import { formChecker, viesChecker } from '../../src/tax/tax-ids.ts';
import { createTaxes } from '../../src/tax/taxes.ts';
import { type FakeService, startService } from './service.ts';

let service: FakeService;
beforeAll(async () => {
  service = await startService();
});
beforeEach(() => {
  service.asked.length = 0;
});
afterAll(() => service?.stop());

const nowhere = 'http://127.0.0.1:1/ask';
const facts: TaxFacts = {
  seller: {
    country: 'US',
    region: 'WA',
    registrations: [{ country: 'US', region: 'WA', scheme: 'domestic', number: '1', from: '2020-01-01', to: null }],
    belowEuThreshold: true,
    unknownTaxIds: 'taxed',
  },
  buyer: { country: 'US', region: 'WA', taxExempt: false, taxId: null },
  day: '2026-11-21',
};
const king = {
  treatment: 'taxed',
  note: null,
  rates: {
    standard: [
      { jurisdiction: 'US-WA', name: 'State', percent: '6.5' },
      { jurisdiction: 'US-WA-KING', name: 'County', percent: '3.85' },
    ],
    reduced: [],
    exempt: [],
  },
};

describe('a calculator', () => {
  const calculator = () => outsideCalculator({ url: service.url, timeoutMs: 200 });
  test('gets the facts, and its rules hold', async () => {
    service.answer = { body: king };
    expect(await calculator().rulesFor(facts)).toEqual(king);
    expect(service.asked).toEqual([facts]);
  });
  test.each<[string, FakeService['answer'], string]>([
    ['is down', { status: 503 }, 'it answered 503'],
    ['is too late', { afterMs: 2_000, body: king }, 'none within 200 ms'],
    ['says nothing', { body: {} }, 'its answer is not understood (treatment, note, rates)'],
    ['says no JSON', { text: '<html>' }, 'its answer is no JSON'],
    ['says too much', { text: 'x'.repeat(70_000) }, 'its answer has 70000 characters'],
    [
      'taxes without a rate',
      { body: { ...king, rates: { ...king.rates, standard: [] } } },
      'not understood (the whole)',
    ],
    [
      'says a rate that is none',
      { body: { ...king, rates: { ...king.rates, reduced: [{ jurisdiction: 'US-WA', name: 'a', percent: '6,5' }] } } },
      'not understood (rates.reduced.0.percent)',
    ],
  ])('that %s: no rules, and never none', async (_what, answer, why) => {
    service.answer = answer;
    const asked = calculator().rulesFor(facts);
    await expect(asked).rejects.toThrow(TaxServiceUnavailable);
    await expect(asked).rejects.toThrow(
      `the tax calculator gives no answer: ${why.startsWith('not') ? 'its answer is ' : ''}${why}`,
    );
  });
  test('that is not there: neither, and its address is not told', async () => {
    const asked = outsideCalculator({ url: nowhere }).rulesFor(facts);
    await expect(asked).rejects.toThrow('the tax calculator gives no answer: it can’t be reached');
  });
  test('is the table where none is named', async () => {
    expect(createTaxes({}).calculator).toBe(builtInCalculator);
    expect((await builtInCalculator.rulesFor(facts)).rates.standard).toMatchObject([{ percent: '6.5' }]);
    expect(createTaxes({ TAX_CALCULATOR_URL: service.url }).calculator.outside).toBe(true);
  });
});

describe('a checker of VAT ids', () => {
  const greek = parseVatId('EL094259216') as WellFormed;
  const check = (id = greek) => viesChecker({ url: service.url, timeoutMs: 200 }).check(id);
  test.each<[string, FakeService['answer'], 'valid' | 'invalid' | 'unknown', object]>([
    [
      'it was given to somebody',
      {
        body: {
          valid: true,
          requestDate: '2026-11-21',
          requestIdentifier: 'WAPI1',
          name: 'OTE',
          address: 'ATHENS',
          other: 1,
        },
      },
      'valid',
      { valid: true, requestDate: '2026-11-21', requestIdentifier: 'WAPI1', name: 'OTE', address: 'ATHENS' },
    ],
    ['it was not', { body: { valid: false } }, 'invalid', { valid: false }],
    [
      'the member state’s register is away',
      { body: { actionSucceed: false, errorWrappers: [{ error: 'MS_UNAVAILABLE' }] } },
      'unknown',
      { error: 'MS_UNAVAILABLE' },
    ],
    ['it is no id', { body: { errorWrappers: [{ error: 'INVALID_INPUT' }] } }, 'invalid', { error: 'INVALID_INPUT' }],
    ['nothing', { body: {} }, 'unknown', {}],
    ['an error', { status: 500 }, 'unknown', { error: 'the tax id service gives no answer: it answered 500' }],
    [
      'nonsense',
      { body: { valid: 'yes' } },
      'unknown',
      { error: 'the tax id service gives no answer: its answer is not understood' },
    ],
    ['it too late', { afterMs: 2_000 }, 'unknown', { error: 'the tax id service gives no answer: none within 200 ms' }],
  ])('says %s', async (_what, answer, state, evidence) => {
    service.answer = answer;
    expect(await check()).toEqual({ checker: 'vies', state, answer: { number: 'EL094259216', ...evidence } });
    expect(service.asked).toEqual([{ countryCode: 'EL', vatNumber: '094259216' }]);
  });
  test('is asked of ids that it knows, and of no others', async () => {
    const swiss = parseVatId('CHE100155212') as WellFormed;
    expect(await check(swiss)).toEqual({
      checker: 'form',
      state: 'unknown',
      answer: { number: 'CHE100155212', wellFormed: true },
    });
    expect(service.asked).toEqual([]);
    service.answer = { body: { valid: true } };
    expect((await check(parseVatId('XI980780684') as WellFormed)).state).toBe('valid');
  });
  test('by form alone no id is valid', async () => {
    expect((await formChecker.check(greek)).state).toBe('unknown');
  });
});
