import { expect, test } from 'vitest';
import { type Claim, contradiction, type Seen } from '../../src/domain/claim.ts';
import type { Fact } from '../../src/domain/input.ts';

const mark = 'ten_1/test/sub_1/inv_1_1/1';
const claim: Claim = { about: 'payment', id: 'P1', amount: 3000, currency: 'usd', mark };
const seen: Seen = { state: 'succeeded', amount: 3000, currency: 'usd', mark, payment: null, outcome: null };
const of = { invoice: 'inv_1_1', attempt: 1, payment: 'P1' } as const;
const paid: Fact = { type: 'payment_succeeded', ...of, amount: 3000 };
const failed: Fact = { type: 'payment_failed', ...of, decline: 'soft', code: 'x' };
const pending: Fact = { type: 'payment_processing', ...of };
const refunded: Fact = { type: 'payment_refunded', invoice: null, payment: 'P1', refund: 'R1', amount: 3000 };
const notRefunded: Fact = { type: 'refund_failed', payment: 'P1', refund: 'R1', amount: 3000, code: 'x' };
const opened: Fact = {
  ...{ type: 'dispute_opened', payment: 'P1', dispute: 'D1', amount: 3000, reason: 'general', inquiry: false },
};
const won: Fact = { type: 'dispute_closed', payment: 'P1', dispute: 'D1', outcome: 'won' };
const ofP1 = { payment: 'P1' };
const refund = { about: 'refund' } as const;
const dispute = { about: 'dispute', mark: null } as const;

test.each<[string, Fact, Partial<Claim>, Partial<Seen> | null, string | null]>([
  ['a payment that is there', paid, {}, {}, null],
  ['a payment that nobody knows', paid, {}, null, 'the processor knows no such object'],
  ['a payment of another amount', paid, {}, { amount: 1 }, 'the amount is another'],
  ['a payment of no amount', paid, {}, { amount: null }, 'the amount is another'],
  ['a payment in another currency', paid, {}, { currency: 'jpy' }, 'the currency is another'],
  ['a payment of somebody else', paid, {}, { mark: mark.replace('sub_1', 'sub_2') }, 'it is of another subscription'],
  ['a payment without a mark', paid, {}, { mark: null }, 'it is of another subscription'],
  ['a payment that is only under way', paid, {}, { state: 'processing' }, 'it is processing there'],
  ['a payment that failed', paid, {}, { state: 'failed' }, 'it is failed there'],
  ['no money, where there is some', failed, {}, {}, 'it is succeeded there'],
  ['no money, and so it is', failed, {}, { state: 'failed' }, null],
  ['under way, and by now it is there', pending, {}, {}, null],
  ['a refund', refunded, refund, ofP1, null],
  ['a refund of another payment', refunded, refund, { payment: 'P2' }, 'it is about another payment'],
  ['a refund that is not done', refunded, refund, { ...ofP1, state: 'processing' }, 'it is processing there'],
  ['no refund, where there is one', notRefunded, refund, ofP1, 'it is succeeded there'],
  ['no refund', notRefunded, refund, { ...ofP1, state: 'failed' }, null],
  ['a dispute', opened, dispute, { ...ofP1, state: 'open', mark: null }, null],
  ['a dispute, closed by now', opened, dispute, { ...ofP1, state: 'closed', mark: null, outcome: 'won' }, null],
  [
    'a dispute of another payment',
    opened,
    dispute,
    { payment: 'P2', state: 'open', mark: null },
    'it is about another payment',
  ],
  ['a verdict', won, dispute, { ...ofP1, state: 'closed', mark: null, outcome: 'won' }, null],
  ['the other verdict', won, dispute, { ...ofP1, state: 'closed', mark: null, outcome: 'lost' }, 'it is closed there'],
  ['a verdict before there is one', won, dispute, { ...ofP1, state: 'open', mark: null }, 'it is open there'],
])('%s', (_rule, fact, claimed, found, why) => {
  expect(contradiction(fact, { ...claim, ...claimed }, found && { ...seen, ...found })).toBe(why);
});
