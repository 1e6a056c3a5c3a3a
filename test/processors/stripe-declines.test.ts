import { expect, test } from 'vitest';
import { declineClassOf, declineOf, knownDeclines } from '../../src/processors/stripe-declines.ts';

test.each([
  ['generic_decline', 'soft'],
  ['do_not_honor', 'soft'],
  ['card_velocity_exceeded', 'soft'],
  ['insufficient_funds', 'insufficient_funds'],
  ['expired_card', 'card_replaced'],
  ['incorrect_cvc', 'hard'],
  ['invalid_account', 'hard'],
  ['revocation_of_authorization', 'hard'],
  ['authentication_required', 'authentication_required'],
  ['lost_card', 'fraud_suspected'],
  ['stolen_card', 'fraud_suspected'],
  ['fraudulent', 'fraud_suspected'],
  ['processing_error', 'processor_trouble'],
  ['issuer_not_available', 'processor_trouble'],
  ['a_code_of_next_year', 'soft'],
] as const)('%s is %s', (code, decline) => {
  expect(declineClassOf(code)).toBe(decline);
});

test('no code has two meanings', () => {
  const codes = Object.values(knownDeclines).flat();
  expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
});

test.each([
  [
    'the bank’s reason comes first',
    { code: 'card_declined', decline_code: 'insufficient_funds' },
    'insufficient_funds',
    'insufficient_funds',
  ],
  ['Stripe’s code stands where the bank says nothing', { code: 'expired_card' }, 'card_replaced', 'expired_card'],
  ['nothing said is a plain decline', {}, 'soft', 'card_declined'],
  [
    'the network forbids another try',
    { decline_code: 'generic_decline', advice_code: 'do_not_try_again' },
    'hard',
    'generic_decline',
  ],
  [
    'which changes nothing where it was not tried anyway',
    { decline_code: 'lost_card', advice_code: 'do_not_try_again' },
    'fraud_suspected',
    'lost_card',
  ],
  [
    'what is no word is not kept',
    { code: '4242 4242 4242 4242', decline_code: 'Ada Lovelace' },
    'soft',
    'card_declined',
  ],
] as const)('%s', (_rule, told, decline, code) => {
  expect(declineOf(told)).toMatchObject({ decline, code });
});
