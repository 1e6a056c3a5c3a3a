/** A processor's objects as they are seen, with the boring defaults. */

import { decide } from '../../src/domain/decide.ts';
import type { SeenInvoice, SeenLine, SeenPayment, SeenSubscription } from '../../src/domain/followed.ts';
import type { Followable } from '../../src/domain/input.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { at, draft, input, must, START, subscribe } from './builders.ts';

export const MONTH = { start: START, end: at('2027-02-01') };
export const NEXT = { start: at('2027-02-01'), end: at('2027-03-01') };

/** `version` is the day of the year on which it was so. */
export const subscription = (version: number, over: Partial<SeenSubscription> = {}): SeenSubscription => ({
  ...{ id: 'theirs_1', version, asOf: START + version * 86_400_000, state: 'active' },
  ...{ plan: { book: 'pb_1', id: 'pro' }, quantity: 1, anchor: START, period: MONTH, cancelAt: null, resumeAt: null },
  ...{ endedAt: null, reason: 'requested', paymentMethod: 'pm_1' },
  ...over,
});

export const line = (over: Partial<SeenLine> = {}): SeenLine => ({
  ...{ name: 'Pro', product: 'app', quantity: 1, unitPrice: '3000', amount: 3000, discount: 0 },
  taxes: [{ rate: 'txr_1', amount: 570, inclusive: false }],
  ...{ period: MONTH, proration: false },
  ...over,
});

export const invoice = (version: number, over: Partial<SeenInvoice> = {}): SeenInvoice => ({
  ...{ id: 'in_1', version, state: 'open', number: 'F00D-0001', currency: 'usd', total: 3570, amountDue: 3570 },
  ...{ amountPaid: 0, attempts: 0, nextAttemptAt: null, issuedAt: START, dueAt: null, voidedAt: null, lostAt: null },
  lines: [line()],
  ...over,
});

export const payment = (over: Partial<SeenPayment> = {}): SeenPayment => ({
  ...{ invoice: 'in_1', payment: 'pi_1', amount: 3570, at: START },
  ...over,
});

export const seen = {
  subscription: (...of: Parameters<typeof subscription>): Followable => ({
    type: 'subscription_seen',
    seen: subscription(...of),
  }),
  invoice: (...of: Parameters<typeof invoice>): Followable => ({ type: 'invoice_seen', seen: invoice(...of) }),
  payment: (...of: Parameters<typeof payment>): Followable => ({ type: 'payment_seen', seen: payment(...of) }),
};

export const followedDraft = () => draft({ collection: 'processor' });

/** Asked for, and not answered yet. */
export const begun = (): Subscription => must(decide(followedDraft(), input(subscribe()))).state;

export const followed = (...facts: Followable[]): Subscription =>
  facts.reduce((state, fact) => {
    const decision = decide(state, input(fact));
    return decision.outcome === 'applied' ? decision.state : state;
  }, begun());

/** Begun, and the order answered. */
export const running = (...facts: Followable[]): Subscription =>
  followed(seen.subscription(1), { type: 'order_answered', order: 1, refused: null }, ...facts);
