/** Stripe's published test cards, and tokens of the simulator's own. https://docs.stripe.com/testing */
import { createHash } from 'node:crypto';
import { type Behaviour, type Lasting, OK } from './behaviour.ts';
import { declineFor } from './declines.ts';
import { Refused } from './errors.ts';

export type Card = {
  number: string;
  brand: string;
  funding: 'credit' | 'debit' | 'prepaid';
  country: string;
  lasting: Lasting;
};

const declines = (code: string): Behaviour => ({ kind: 'declines', code, on: 'any_use' });
const declinesCharge = (code: string): Behaviour => ({ kind: 'declines', code, on: 'charge' });
const disputed = (reason: string, inquiry = false): Behaviour => ({ kind: 'disputed', reason, inquiry });
const authenticates = (when: 'always' | 'unless_set_up' | 'on_session', decline: string | null = null): Behaviour => ({
  kind: 'authenticates',
  when,
  decline,
});

type Published = readonly [
  token: string,
  number: string,
  brand: string,
  behaviour: Behaviour,
  funding?: Card['funding'],
];

const published: readonly Published[] = [
  ['visa', '4242424242424242', 'visa', OK],
  ['visa_debit', '4000056655665556', 'visa', OK, 'debit'],
  ['mastercard', '5555555555554444', 'mastercard', OK],
  ['mastercard_debit', '5200828282828210', 'mastercard', OK, 'debit'],
  ['mastercard_prepaid', '5105105105105100', 'mastercard', OK, 'prepaid'],
  ['amex', '378282246310005', 'amex', OK],
  ['discover', '6011111111111117', 'discover', OK],
  ['diners', '3056930009020004', 'diners', OK],
  ['jcb', '3566002020360505', 'jcb', OK],
  ['unionpay', '6200000000000005', 'unionpay', OK],
  ['chargeCustomerFail', '4000000000000341', 'visa', declinesCharge('generic_decline')],
  ['chargeDeclined', '4000000000000002', 'visa', declines('generic_decline')],
  ['chargeDeclinedInsufficientFunds', '4000000000009995', 'visa', declines('insufficient_funds')],
  ['chargeDeclinedLostCard', '4000000000009987', 'visa', declines('lost_card')],
  ['chargeDeclinedStolenCard', '4000000000009979', 'visa', declines('stolen_card')],
  ['chargeDeclinedExpiredCard', '4000000000000069', 'visa', declines('expired_card')],
  ['chargeDeclinedIncorrectCvc', '4000000000000127', 'visa', declines('incorrect_cvc')],
  ['chargeDeclinedProcessingError', '4000000000000119', 'visa', declines('processing_error')],
  ['chargeDeclinedVelocityLimitExceeded', '4000000000006975', 'visa', declines('card_velocity_exceeded')],
  ['authenticationRequiredOnSetup', '4000002500003155', 'visa', authenticates('unless_set_up')],
  ['authenticationRequired', '4000002760003184', 'visa', authenticates('always')],
  ['authenticationRequiredSetupForOffSession', '4000003800000446', 'visa', authenticates('on_session')],
  [
    'authenticationRequiredChargeDeclinedInsufficientFunds',
    '4000008260003178',
    'visa',
    authenticates('always', 'insufficient_funds'),
  ],
  ['threeDSecure2Required', '4000000000003220', 'visa', authenticates('unless_set_up')],
  ['createDispute', '4000000000000259', 'visa', disputed('fraudulent')],
  ['createDisputeProductNotReceived', '4000000000002685', 'visa', disputed('product_not_received')],
  ['createDisputeInquiry', '4000000000001976', 'visa', disputed('fraudulent', true)],
  ['refundFail', '4000000000005126', 'visa', { kind: 'refund_fails' }],
  ['pendingRefund', '4000000000007726', 'visa', { kind: 'refund_pends' }],
];

const card = ([, number, brand, habit, funding = 'credit']: Published): Card => ({
  number,
  brand,
  funding,
  country: 'US',
  lasting: { habit, left: null },
});

const byNumber = new Map(published.map((row) => [row[1], card(row)]));
const byToken = new Map(published.map((row) => [row[0], card(row)]));
const visa = byToken.get('visa')!;

const A_DAY = 86_400;

/** `pm_sim_…`: behaviours that no real card has, on a Visa that otherwise works. */
const ours: readonly (readonly [pattern: RegExp, lasting: (n: number) => Lasting])[] = [
  [/^failsTimes(\d+)$/, (n) => ({ habit: declinesCharge('insufficient_funds'), left: n })],
  [/^fails_(\d+)_times$/, (n) => ({ habit: declinesCharge('insufficient_funds'), left: n })],
  [/^hangs(\d*)$/, (n) => ({ habit: { kind: 'hangs', seconds: n || 30 }, left: null })],
  [/^500ThenOk$/, () => ({ habit: { kind: 'server_error' }, left: 1 })],
  [/^429ThenOk$/, () => ({ habit: { kind: 'rate_limited', retryAfter: 1 }, left: 1 })],
  [/^answerLost(\d*)$/, (n) => ({ habit: { kind: 'answer_lost', requests: n || 2 }, left: null })],
  [/^processing$/, () => ({ habit: { kind: 'processes', seconds: A_DAY, decline: null }, left: null })],
  [
    /^processingFails$/,
    () => ({ habit: { kind: 'processes', seconds: A_DAY, decline: 'insufficient_funds' }, left: null }),
  ],
];

/** The card behind `pm_card_visa`, `tok_visa`, `pm_card_visa_chargeDeclined`, `pm_sim_answerLost`; or nothing. */
export function cardOfToken(token: string): Card | undefined {
  const own = /^(?:pm|tok)_sim_(\w+)$/.exec(token)?.[1];
  if (own !== undefined) {
    for (const [pattern, lasting] of ours) {
      const match = pattern.exec(own);
      if (match) return { ...visa, lasting: lasting(Number(match[1] ?? 0)) };
    }
    return undefined;
  }
  const name = /^(?:pm_card|tok)_(\w+)$/.exec(token)?.[1] ?? '';
  return byToken.get(name) ?? byToken.get(name.replace(/^visa_/, ''));
}

export function cardOfNumber(typed: string): Card {
  const number = typed.replaceAll(/[\s-]/g, '');
  const known = byNumber.get(number);
  if (known !== undefined) return known;
  const code = passesLuhn(number) ? 'test_mode_live_card' : 'incorrect_number';
  throw new Refused(402, { type: 'card_error', ...declineFor(code), param: 'number' });
}

/** The same card has the same fingerprint, and the number can't be read from it. */
export function fingerprint(card: Card): string {
  return createHash('sha256').update(`fingerprint ${card.number}`).digest('base64url').slice(0, 16);
}

function passesLuhn(number: string): boolean {
  if (!/^\d{12,19}$/.test(number)) return false;
  let sum = 0;
  [...number].reverse().forEach((digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return sum % 10 === 0;
}
