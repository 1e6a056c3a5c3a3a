import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCurrency } from '../../src/domain/currency.ts';
import { chargeStep, minimumCharge, readPaypal, toPaypal } from '../../src/processors/paypal-amounts.ts';
import { knownPaypalDeclines, paypalDecline } from '../../src/processors/paypal-declines.ts';
import { markOfPayment, markOfRefund, readMark } from '../../src/processors/paypal-marks.ts';

describe('amounts', () => {
  test.each([
    [1, 'usd', '0.01'],
    [99, 'usd', '0.99'],
    [100, 'usd', '1.00'],
    [123456, 'eur', '1234.56'],
    [500, 'jpy', '500'],
    [12300, 'huf', '123'],
    [100, 'twd', '1'],
    [1234, 'kwd', '1.234'],
  ])('%i %s are %s', (amount, currency, value) => {
    expect(toPaypal(amount, currency)).toEqual({ value, currency_code: currency.toUpperCase() });
    expect(readPaypal(value, currency.toUpperCase())).toEqual({ amount, currency });
  });

  test.each([
    ['1.001', 'USD'],
    ['0.5', 'JPY'],
    ['-1.00', 'USD'],
    ['1e3', 'USD'],
    [' 1.00', 'USD'],
    ['', 'USD'],
    ['1.', 'USD'],
    ['9999999999999', 'USD'],
    ['1.00', 'ZZZ'],
    [1, 'USD'],
    ['1.00', null],
  ])('%s %s is no amount', (value, currency) => {
    expect(readPaypal(value, currency)).toBeNull();
  });

  test('a shorter or longer text of the same amount is the same', () => {
    expect(readPaypal('1', 'USD')).toEqual({ amount: 100, currency: 'usd' });
    expect(readPaypal('1.5', 'USD')).toEqual({ amount: 150, currency: 'usd' });
    expect(readPaypal('7.00', 'JPY')).toEqual({ amount: 7, currency: 'jpy' });
  });

  test('whatever is written is read again; what is no step is refused', () => {
    const currency = fc.constantFrom('usd', 'eur', 'jpy', 'huf', 'twd', 'gbp', 'ils', 'thb').filter(isCurrency);
    fc.assert(
      fc.property(currency, fc.integer({ min: 1, max: 10_000_000_000 }), (code, n) => {
        const amount = n * chargeStep(code);
        const { value, currency_code } = toPaypal(amount, code);
        expect(readPaypal(value, currency_code)).toEqual({ amount, currency: code });
        expect(minimumCharge(code)).toBe(chargeStep(code));
      }),
    );
    expect(() => toPaypal(50, 'huf')).toThrow('in minor units');
    expect(() => toPaypal(0, 'usd')).toThrow('in minor units');
  });
});

describe('marks', () => {
  const whose = { tenant: 'ten_1', mode: 'test', subscription: 'sub_1', attempt: 2 } as const;
  test('are read as they were written', () => {
    const payment = { ...whose, invoice: 'inv_1_3' } as const;
    const refund = { ...whose, refund: 'ref_2GG279541U471931P' } as const;
    expect(readMark(markOfPayment(payment))).toEqual(payment);
    expect(readMark(markOfRefund(refund))).toEqual(refund);
  });

  test('of ids as long as ours are, they fit', () => {
    const id = '0'.repeat(26);
    const long = { ...whose, tenant: `ten_${id}`, subscription: `sub_${id}`, attempt: 12 } as const;
    expect(markOfPayment({ ...long, invoice: `inv_${id}_120` }).length).toBeLessThanOrEqual(127);
    expect(() => markOfPayment({ ...long, invoice: `inv_${id.repeat(3)}` })).toThrow('no mark');
  });

  test.each([
    null,
    '',
    'order 7',
    'ten_1/test/sub_1/inv_1_1',
    'ten_1/prod/sub_1/inv_1_1/1',
    'ten_1/test/sub_1/inv_1_1/0',
  ])('%s is none of ours', (mark) => {
    expect(readMark(mark)).toBeNull();
  });
});

describe('declines', () => {
  test.each(Object.entries(knownPaypalDeclines).flatMap(([decline, codes]) => codes.map((code) => [code, decline])))(
    '%s is %s',
    (code, decline) => {
      expect(paypalDecline(code.toUpperCase())).toEqual({ decline, code });
    },
  );
  test('each code has one class', () => {
    const codes = Object.values(knownPaypalDeclines).flat();
    expect(new Set(codes).size).toBe(codes.length);
  });
  test.each([
    ['SOMETHING_NEW', 'something_new'],
    [null, 'instrument_declined'],
    ['a sentence', 'instrument_declined'],
  ])('%s is soft', (code, kept) => {
    expect(paypalDecline(code)).toEqual({ decline: 'soft', code: kept });
  });
});
