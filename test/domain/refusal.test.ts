/** What takes a value says which field was at fault, the value that was asked for, and the one that holds. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Creditable } from '../../src/domain/credit-note.ts';
import { decide } from '../../src/domain/decide.ts';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import type { Command, Input, TrialTerms } from '../../src/domain/input.ts';
import { REFUSALS, type RefusalCode } from '../../src/domain/refusal.ts';
import { NOTHING_SHARED, type Shared } from '../../src/domain/shared.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { active, at, draft, incomplete, input, run, START, subscribe, terms } from './builders.ts';

const NOW = at('2027-01-10');
const ask = (of: Command, shared: Partial<Shared> = {}, when = NOW): Input => ({
  ...input(of, when),
  shared: { ...NOTHING_SHARED, ...shared },
});
const held = (over: Partial<HeldDiscount> = {}): HeldDiscount => ({
  ...{ coupon: 'co_1', name: 'Spring', kind: { percent: '10' }, duration: 'once', since: START, ...over },
});
const sold = (discounts: HeldDiscount[], shared?: Partial<Shared>) => ask(subscribe({ discounts }), shared);
const trial: TrialTerms = {
  ...{ paymentMethod: 'required', atEnd: 'charge', reminderDays: null, perCustomer: 'once', isAsked: true },
};
const tried = (over: Partial<Extract<Command, { type: 'subscribe' }>>, shared?: Partial<Shared>) =>
  ask(subscribe({ trialDays: 14, trial, ...over }), shared);
const changed = (over: Partial<Extract<Command, { type: 'change' }>>) =>
  ask({ type: 'change', terms: terms(), quantity: 2, when: null, proration: null, ...over });
const canceled = (over: Partial<Extract<Command, { type: 'cancel' }>>) =>
  ask({ type: 'cancel', when: 'now', reason: null, ...over });

const invoice: Creditable = {
  ...{ id: 'inv_1_1', state: 'paid', currency: 'usd', total: 3000, creditApplied: 0, paid: 3000, notes: 0 },
  ...{ creditedOpen: 0, creditedBack: 0, issuedAt: START, payments: [], amountDue: 3000 },
  lines: [
    {
      ...{ description: 'Pro', quantity: 1, amount: 3000, discount: 0, taxes: [], period: null, product: 'app' },
      ...{ carried: false, earning: null, credited: 0 },
    },
  ],
};
const books = (over: Partial<Creditable> = {}): Partial<Shared> => ({
  credit: 500,
  books: {
    of: { invoices: ['inv_1_1'], payments: [], unusedAfter: null, refundable: true },
    invoices: { inv_1_1: { ...invoice, ...over } },
    refundable: [],
  },
});
const note = (over: Partial<Extract<Command, { type: 'credit_note' }>>, of?: Partial<Creditable>) =>
  ask(
    { type: 'credit_note', invoice: 'inv_1_1', lines: null, amount: null, to: 'credit', reason: 'x', ...over },
    books(of),
  );
const withdrawn = (amount: number) => ask({ type: 'withdraw_credit', amount, name: 'ref_1' }, books());

const ruled = terms({ changes: { up: { when: 'period_end' } } });
const bound = () =>
  run(
    draft(),
    [subscribe({ terms: terms({ term: { periods: 12, left: 12, atEnd: 'renew' } as never }) }), START],
    [{ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 1, payment: 'pi_1', amount: 3000 }, START],
  );
const eleven = Array.from({ length: 11 }, (_, i) => held({ coupon: `co_${i}`, promotionCode: 'promo_1' }));
const used = { code: 'coupon_exhausted', detail: 'it was redeemed 5 times, and 5 is the most' } as const;

type Row = [code: RefusalCode, path: string, asked: string, holds: string, of: Subscription, input: Input];
const rows: Row[] = [
  ['currency_mismatch', 'planId', 'eur', 'usd', draft(), ask(subscribe({ terms: terms({ currency: 'eur' }) }))],
  ['currency_mismatch', 'planId', 'eur', 'usd', active(), changed({ terms: terms({ currency: 'eur' }) })],
  ['anchor_day_unfit', 'anchorDay', '32', '31', draft(), ask(subscribe({ anchorDay: 32 }))],
  ['coupon_exhausted', 'couponId', '5', '5 is the most', draft(), sold([held()], { usedUp: { co_1: used } })],
  ['coupon_not_for_plan', 'couponId', 'pro', 'basic', draft(), sold([held({ plans: ['basic'] })])],
  [
    ...(['coupon_not_in_currency', 'promotionCode', 'eur', 'usd', draft()] as const),
    sold([held({ kind: { amount: 5, currency: 'eur' }, promotionCode: 'promo_1' })]),
  ],
  ['discount_held', 'couponId', 'co_1', '2027-01-01', draft(), sold([held(), held()])],
  ['too_many_discounts', 'promotionCode', '11', '10', draft(), sold(eleven)],
  [
    ...(['discount_not_held', 'couponId', 'co_2', 'none', active()] as const),
    ask({ type: 'remove_discount', coupon: 'co_2' }),
  ],
  ['trial_used', 'trialDays', '14 days', '2026-05-01', draft(), tried({}, { trialUsedAt: at('2026-05-01') })],
  ['payment_method_required', 'paymentMethodId', 'none', 'asks for', draft(), tried({ paymentMethod: null })],
  [
    ...(['change_not_offered', 'when', 'now', 'period_end'] as const),
    ...([run(active(), [{ ...changeTo(ruled) }, NOW]), changed({ terms: ruled, quantity: 3, when: 'now' })] as const),
  ],
  [
    ...(['within_term', 'planId', '1 month', '1 year', bound()] as const),
    changed({ terms: terms({ interval: { unit: 'year', count: 1 } }) }),
  ],
  ['within_term', 'at', 'now', '2028-01-01', bound(), canceled({})],
  ['within_term', 'at', '2027-02-05', '2028-01-01', bound(), canceled({ when: '2027-02-05' })],
  ['cancel_date_past', 'at', '2027-01-05', '2027-01-10', active(), canceled({ when: '2027-01-05' })],
  ['nothing_unused', 'credit', '2027-01-25', 'none', active(), canceled({ when: '2027-01-25', creditTo: 'credit' })],
  [
    ...(['resume_date_past', 'resumeAt', '2027-01-02', '2027-01-10', active()] as const),
    ask({ type: 'pause', resumeAt: at('2027-01-02') }),
  ],
  ['not_a_draft', 'id', 'inv_1_9', 'no draft', active(), ask({ type: 'finalise', invoice: 'inv_1_9' })],
  [
    ...(['invoice_not_open', 'id', 'inv_1_1', 'not open', active()] as const),
    ask({ type: 'pay', invoice: 'inv_1_1', paymentMethod: null, onSession: true }),
  ],
  [
    ...(['invoice_not_open', 'id', 'inv_1_1', 'not open', active()] as const),
    ask({ type: 'write_off', invoice: 'inv_1_1', reason: 'x' }),
  ],
  ['invoice_unknown', 'id', 'inv_1_7', 'sub_1', active(), note({ invoice: 'inv_1_7' })],
  ['credit_exceeds_remainder', 'amount', '30.01 USD', '30.00 USD', active(), note({ amount: 3001 })],
  [
    ...(['credit_exceeds_remainder', 'lines.0.amount', '30.01 USD', '30.00 USD', active()] as const),
    note({ lines: [{ line: 0, amount: 3001 }] }),
  ],
  [
    ...(['credit_line_unknown', 'lines.0.line', 'line 4', '1', active()] as const),
    note({ lines: [{ line: 4, amount: 1 }] }),
  ],
  ['credit_insufficient', 'amount', '5.01 USD', '5.00 USD', active(), withdrawn(501)],
  ['credit_not_refundable', 'amount', '5.00 USD', '0.00 USD', active(), withdrawn(500)],
  [
    ...(['refund_not_failed', 'id', 'ref_9', 'not failed', active()] as const),
    ask({ type: 'retry_refund', refund: 'ref_9' }),
  ],
  [
    ...(['not_while_incomplete', 'amount', '20.00 USD', '30.00 USD', incomplete()] as const),
    ask({
      ...{ type: 'record_payment', invoice: 'inv_1_1', payment: 'pay_1', amount: 2000 },
      ...{ receivedAt: NOW, reference: 'TRANSFER' },
    }),
  ],
];

function changeTo(of: typeof ruled): Command {
  return { type: 'change', terms: of, quantity: 2, when: 'now', proration: 'none', byOperator: true };
}

describe('a refusal of a value names its field, what was asked and what holds', () => {
  test.each(rows)('%s: %s is %s, and %s', (code, path, asked, holds, state, given) => {
    const refusal = decide(state, given);
    expect(refusal).toMatchObject({ outcome: 'refused', code, path });
    expect(refusal).toHaveProperty('detail', expect.stringContaining(asked));
    expect(refusal).toHaveProperty('detail', expect.stringContaining(holds));
  });

  /** They say what state stands in the way, and no other value would do; or they are told by another test. */
  const OTHERS: RefusalCode[] = [
    ...(['no_change', 'not_canceling', 'payment_disputed', 'payment_in_flight', 'invoice_written_off'] as const),
    ...([
      'invoice_partly_settled',
      'invoice_not_creditable',
      'invoice_given_back',
      'already_there',
      'changed_meanwhile',
    ] as const),
    ...(['changed_since'] as const),
    // In coupon.test.ts; the API knows by which field the coupon was named.
    ...(['below_minimum_amount', 'coupon_archived', 'coupon_expired', 'not_first_time'] as const),
    'promotion_code_unknown',
    // In debt.test.ts.
    ...(['date_past', 'debt_unpaid', 'no_retry_planned', 'not_on_hold', 'nothing_owed'] as const),
    // Where the processor collects: in follow-orders.test.ts and its neighbours.
    ...(['not_carried', 'order_pending', 'processor_collects'] as const),
  ];
  test('and that is all of them', () => {
    const told = new Set<string>([...rows.map(([code]) => code), ...OTHERS]);
    expect(Object.keys(REFUSALS).filter((code) => !told.has(code))).toEqual([]);
  });

  test('none is listed that nobody raises', () => {
    const folder = new URL('../../src/domain/', import.meta.url);
    const files = readdirSync(folder).filter((file) => file !== 'refusal.ts');
    const source = files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n');
    expect(Object.keys(REFUSALS).filter((code) => !source.includes(`'${code}'`))).toEqual([]);
  });
});
