/**
 * The rules of a subscription's life. Pure: no clock, no I/O, no randomness; time is an argument. The live workflow, the
 * previews and the simulations all call this one function.
 *
 * There is no `default`: what a state ignores it names, so a new input is a compile error until each has thought of it.
 */

import { type AboutInvoice, decideAboutInvoice, isAboutInvoice, type OfLife } from './about-invoice.ts';
import { abandon, cancel, endNow, uncancel } from './cancel.ts';
import { change } from './changing.ts';
import { type AboutDebt, catchUp, decideAboutDebt, fallBehind, isAboutDebt, policyFor, untilNextTry } from './debt.ts';
import { applied, type Because, type Decision, refused, refusedFor, unchanged } from './decision.ts';
import { DEFAULT_POLICY } from './dunning.ts';
import type { Effect } from './effect.ts';
import { firstUsable } from './fallback.ts';
import { follow, isFollowed } from './follow.ts';
import { isSeen } from './followed.ts';
import { applyDiscount, cannotHold, redemptionOf, removeDiscount } from './holding.ts';
import type { Input, InputOf } from './input.ts';
import { CHARGE, totalOf } from './invoice.ts';
import { finalise, issue } from './invoicing.ts';
import { migrate, undoMigration } from './migrate.ts';
import { common, copyOf, having, identityOf, stillOpen } from './next-state.ts';
import {
  type Applied,
  awaited,
  overdue,
  paymentCanceled,
  paymentFailed,
  paymentNeedsAction,
  paymentProcessing,
  paymentSucceeded,
  payNow,
  stopRetries,
} from './payment.ts';
import { nextPeriod, periodFacts, startAnew } from './period.ts';
import { periodPrice } from './price-book.ts';
import type { Moment } from './shared.ts';
import {
  type Accepted,
  type Active,
  become,
  type Canceled,
  type Draft,
  type Incomplete,
  isAccepted,
  type PastDue,
  type Paused,
  type Subscription,
  type Trialing,
  type Unpaid,
} from './subscription.ts';
import { HOUR, type Instant, unfitAnchor } from './time.ts';
import { beginTrial, endTrial, remindOfTrialEnd, trialOf } from './trial.ts';

export const INCOMPLETE_EXPIRES_AFTER = 23 * HOUR;

export function decide(state: Subscription, input: Input): Decision {
  if (isFollowed(state, input)) return follow(state, input);
  if (isSeen(input)) return unchanged('engine.collects');
  if (isAboutDebt(input)) return decideAboutDebt(state, input);
  return isAboutInvoice(input) ? aboutInvoice(state, input) : decideLife(state, input);
}

type Lived = Exclude<OfLife, AboutDebt>;

function decideLife(state: Subscription, input: Lived): Decision {
  switch (state.state) {
    case 'draft':
      return decideDraft(state, input);
    case 'incomplete':
      return decideIncomplete(state, input);
    case 'trialing':
      return decideTrialing(state, input);
    case 'active':
      return decideActive(state, input);
    case 'past_due':
      return decidePastDue(state, input);
    case 'unpaid':
      return decideUnpaid(state, input);
    case 'paused':
      return decidePaused(state, input);
    case 'canceled':
      return decideCanceled(state, input);
  }
}

function decideDraft(state: Draft, input: Lived): Decision {
  switch (input.type) {
    case 'subscribe':
      return subscribe(state, input);
    case 'draft_expired': {
      const { at } = input;
      const canceled: Canceled = Object.assign(identityOf(state), {
        ...{ state: 'canceled' as const, reason: 'not_accepted' as const, endedAt: at, listensUntil: at },
      });
      return applied('draft.expired', become(state, canceled));
    }
    case 'change':
    case 'cancel':
    case 'uncancel':
    case 'pause':
    case 'resume':
    case 'migrate':
    case 'undo_migration':
    case 'pay':
    case 'use_payment_method':
    case 'bill':
    case 'finalise':
    case 'apply_discount':
    case 'remove_discount':
      return cannot(input, state);
    case 'payment_succeeded':
    case 'payment_failed':
    case 'payment_needs_action':
    case 'payment_processing':
    case 'payment_canceled':
    case 'incomplete_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'period_ended':
    case 'retry_due':
    case 'draft_due':
    case 'invoice_overdue':
    case 'cancel_due':
    case 'resume_due':
    case 'listening_ended':
      return unchanged('draft.waits');
  }
}

function subscribe(draft: Draft, input: InputOf<'subscribe'>): Decision {
  const { terms, quantity, paymentMethod, anchorDay = null, collect = CHARGE, discounts = [], at } = input;
  if (terms.currency !== draft.currency) {
    return refused(
      'currency_mismatch',
      `cannot subscribe: the plan costs ${terms.currency}, the customer pays ${draft.currency}`,
      'planId',
    );
  }
  const refusal = cannotHold(discounts, { terms }, input.shared);
  if (refusal) return refusedFor(refusal);
  const unfit = anchorDay === null ? null : unfitAnchor(anchorDay, terms.interval);
  if (unfit) return refused('anchor_day_unfit', `cannot subscribe: ${unfit}`, 'anchorDay');
  const trialDays = trialOf(input);
  if (typeof trialDays !== 'number') return trialDays;
  // Name by name: see `common`.
  const base: Incomplete = {
    state: 'incomplete',
    id: draft.id,
    tenant: draft.tenant,
    mode: draft.mode,
    customer: draft.customer,
    collection: draft.collection,
    processor: draft.processor,
    timeZone: draft.timeZone,
    currency: draft.currency,
    createdAt: draft.createdAt,
    version: draft.version,
    terms,
    quantity,
    paymentMethod,
    anchor: at,
    anchorDay,
    period: { index: 0, start: at, end: at },
    segments: [],
    carried: [],
    pending: null,
    cancelAt: null,
    invoices: [],
    invoiceCount: 0,
    settled: [],
    drafts: [],
    collect,
    discounts,
    refunds: [],
    disputes: [],
    expiresAt: at + INCOMPLETE_EXPIRES_AFTER,
    expiring: false,
  };
  const because = {
    ...{ plan: terms.planId, quantity, price: periodPrice(terms, quantity), trialDays },
    ...(discounts.length > 0 && { discounts: discounts.map(({ coupon }) => coupon).join(', ') }),
  };
  const redemptions = discounts.map(redemptionOf);
  if (trialDays > 0) return beginTrial(draft, base, trialDays, input, redemptions, because);
  const { state: opened, effects } = startAnew(base, input, true);
  const created: Effect = { type: 'announce', event: 'subscription.created', data: { plan: terms.planId }, at };
  // One that was sent is paid later: the service begins.
  if (opened.invoices.every(({ sent }) => sent)) {
    return applied(
      opened.invoices.length === 0 ? 'subscribe.nothing_due' : 'subscribe.invoiced',
      become(draft, common(opened, 'active')),
      [...redemptions, created, ...effects],
      because,
    );
  }
  return applied('subscribe.first_payment', become(draft, opened), [...redemptions, created, ...effects], because);
}

function decideIncomplete(state: Incomplete, input: Lived): Decision {
  switch (input.type) {
    case 'payment_succeeded':
      return after(paymentSucceeded(state, input), (paid) =>
        paid.invoices.length > 0 ? paid : activate(paid, input.at, 'first_payment'),
      );
    case 'payment_processing':
      // A debit takes days and is rarely returned: the service begins, as the ladder can still end it.
      return news(state, input, (open) =>
        after(paymentProcessing(state, open, input), (waiting) =>
          activate(waiting, input.at, 'first_payment_processing'),
        ),
      );
    case 'payment_failed':
      return news(state, input, (open) =>
        after(paymentFailed(state, open, input, null), (failed) => (failed.expiring ? giveUp(failed, input) : failed)),
      );
    case 'payment_needs_action':
      return news(state, input, (open) =>
        after(paymentNeedsAction(state, open, input), (waiting) =>
          waiting.expiring ? callOff(waiting, input.at) : waiting,
        ),
      );
    case 'payment_canceled':
      return news(state, input, (open) =>
        after(paymentCanceled(state, open, input), (stopped) => (stopped.expiring ? giveUp(stopped, input) : stopped)),
      );
    case 'pay':
      return state.expiring ? cannot(input, state) : pay(state, input);
    case 'use_payment_method':
      return useMethod(state, input, true);
    case 'cancel':
      // A payment may be on its way: it is called off first, and if it had succeeded the cancellation follows it.
      return finish('incomplete.cancel', having(state, { cancelAt: input.at }), input, { reason: input.reason });
    case 'incomplete_expired':
      return finish('incomplete.expired', state, input, { expiresAt: state.expiresAt });
    case 'subscribe':
    case 'change':
    case 'uncancel':
    case 'pause':
    case 'resume':
    case 'bill':
    case 'finalise':
    case 'apply_discount':
    case 'remove_discount':
    case 'migrate':
    case 'undo_migration':
      return cannot(input, state);
    case 'draft_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'period_ended':
    case 'retry_due':
    case 'draft_due':
    case 'invoice_overdue':
    case 'cancel_due':
    case 'resume_due':
    case 'listening_ended':
      return unchanged('incomplete.waits');
  }
}

type Step<S extends Subscription = Subscription> = { state: S; effects: Effect[] };

/** The first payment never came: nothing is owed, as nothing was used. */
const giveUp = (state: Incomplete, moment: Moment): Step => abandon(state, moment, 'payment_incomplete');

/** Calls off the payment that still could succeed. Its answer decides how this ends. */
function callOff(state: Incomplete, at: Instant): Step<Incomplete> {
  const effects = state.invoices.flatMap(({ id, attempts, collection }): Effect[] =>
    collection.step === 'needs_action'
      ? [{ type: 'cancel_payment', invoice: id, attempt: attempts, payment: collection.payment, at }]
      : [],
  );
  return { state, effects };
}

function finish(rule: string, state: Incomplete, moment: Moment, because: Because): Decision {
  const pending = state.invoices.some(
    ({ collection }) => collection.step === 'charging' || collection.step === 'needs_action',
  );
  const ending = copyOf(state);
  ending.expiring = true;
  const { state: next, effects } = pending ? callOff(ending, moment.at) : giveUp(ending, moment);
  return applied(rule, next, effects, because);
}

function activate(state: Incomplete, at: Instant, why: string): Step<Active> {
  const active: Active = become<Active>(state, common(state, 'active'));
  return { state: active, effects: [{ type: 'announce', event: 'subscription.activated', data: { why }, at }] };
}

function decideTrialing(state: Trialing, input: Lived): Decision {
  switch (input.type) {
    case 'trial_reminder_due':
      return remindOfTrialEnd(state, input.at);
    case 'trial_ended':
      return endTrial(state, input);
    case 'change':
      return change(state, input);
    case 'migrate':
      return migrate(state, input, change);
    case 'undo_migration':
      return undoMigration(state, input, change);
    case 'cancel':
      return cancel(state, input);
    case 'uncancel':
      return uncancel(state, input);
    case 'cancel_due':
      return cancelDue(state, input);
    case 'use_payment_method':
      return useMethod(state, input, false);
    case 'payment_succeeded':
      return after(paymentSucceeded(state, input));
    case 'bill':
      return billed(state, input);
    case 'apply_discount':
      return applyDiscount(state, input);
    case 'remove_discount':
      return removeDiscount(state, input);
    case 'draft_due':
    case 'finalise':
      return finalised(state, input);
    case 'subscribe':
    case 'pause':
    case 'resume':
    case 'pay':
      return cannot(input, state);
    case 'payment_failed':
    case 'payment_needs_action':
    case 'payment_processing':
    case 'payment_canceled':
      return unchanged('payment.old');
    case 'draft_expired':
    case 'incomplete_expired':
    case 'period_ended':
    case 'retry_due':
    case 'invoice_overdue':
    case 'resume_due':
    case 'listening_ended':
      return unchanged('trialing.waits');
  }
}

function decideActive(state: Active, input: Lived): Decision {
  switch (input.type) {
    case 'period_ended':
      return renew(state, input);
    case 'payment_succeeded':
      return after(paymentSucceeded(state, input));
    case 'payment_failed':
      return news(state, input, (open) =>
        after(paymentFailed(state, open, input, policyFor(state, input) ?? DEFAULT_POLICY), (failed) =>
          ifOverdue(failed, input),
        ),
      );
    case 'payment_needs_action':
      return news(state, input, (open) =>
        after(paymentNeedsAction(state, open, input), (waiting) => ifOverdue(waiting, input)),
      );
    case 'payment_processing':
      return news(state, input, (open) => after(paymentProcessing(state, open, input)));
    case 'payment_canceled':
      return news(state, input, (open) => after(paymentCanceled(state, open, input)));
    case 'retry_due':
      return retry(state, input);
    case 'change':
      return change(state, input);
    case 'migrate':
      return migrate(state, input, change);
    case 'undo_migration':
      return undoMigration(state, input, change);
    case 'cancel':
      return cancel(state, input);
    case 'uncancel':
      return uncancel(state, input);
    case 'cancel_due':
      return cancelDue(state, input);
    case 'pause':
      return pause(state, input);
    case 'pay':
      return pay(state, input);
    case 'use_payment_method':
      return useMethod(state, input, false);
    case 'bill':
      return billed(state, input);
    case 'apply_discount':
      return applyDiscount(state, input);
    case 'remove_discount':
      return removeDiscount(state, input);
    case 'draft_due':
    case 'finalise':
      return finalised(state, input);
    case 'invoice_overdue':
      return fellDue(state, input);
    case 'subscribe':
    case 'resume':
      return cannot(input, state);
    case 'draft_expired':
    case 'incomplete_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'resume_due':
    case 'listening_ended':
      return unchanged('active.waits');
  }
}

function decidePastDue(state: PastDue, input: Lived): Decision {
  switch (input.type) {
    case 'period_ended':
      return renew(state, input); // new periods are still invoiced while the ladder runs
    case 'payment_succeeded':
      return after(paymentSucceeded(state, input), (paid) => catchUp(paid, input));
    case 'payment_failed':
      return news(state, input, (open) =>
        after(paymentFailed(state, open, input, policyFor(state, input) ?? DEFAULT_POLICY)),
      );
    case 'payment_needs_action':
      return news(state, input, (open) => after(paymentNeedsAction(state, open, input)));
    case 'payment_processing':
      return news(state, input, (open) => after(paymentProcessing(state, open, input)));
    case 'payment_canceled':
      return news(state, input, (open) => after(paymentCanceled(state, open, input)));
    case 'retry_due':
      return retry(state, input);
    case 'migrate':
      return migrate(state, input, change);
    case 'undo_migration':
      return undoMigration(state, input, change);
    case 'cancel':
      return cancel(state, input);
    case 'uncancel':
      return uncancel(state, input);
    case 'cancel_due':
      return cancelDue(state, input);
    case 'pay':
      return pay(state, input);
    case 'use_payment_method':
      return useMethod(state, input, true);
    case 'bill':
      return billed(state, input);
    case 'apply_discount':
      return applyDiscount(state, input);
    case 'remove_discount':
      return removeDiscount(state, input);
    case 'draft_due':
    case 'finalise':
      return finalised(state, input);
    case 'invoice_overdue':
      return fellDue(state, input);
    case 'subscribe':
    case 'change':
    case 'pause':
    case 'resume':
      return cannot(input, state);
    case 'draft_expired':
    case 'incomplete_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'resume_due':
    case 'listening_ended':
      return unchanged('past_due.waits');
  }
}

function decideUnpaid(state: Unpaid, input: Lived): Decision {
  switch (input.type) {
    case 'payment_succeeded':
      return after(paymentSucceeded(state, input), (paid) => catchUp(paid, input));
    case 'payment_failed':
      return news(state, input, (open) => after(paymentFailed(state, open, input, null)));
    case 'payment_needs_action':
      return news(state, input, (open) => after(paymentNeedsAction(state, open, input)));
    case 'payment_processing':
      return news(state, input, (open) => after(paymentProcessing(state, open, input)));
    case 'payment_canceled':
      return news(state, input, (open) => after(paymentCanceled(state, open, input)));
    case 'migrate':
      return migrate(state, input, change);
    case 'undo_migration':
      return undoMigration(state, input, change);
    case 'cancel':
      return cancel(state, input.when === 'period_end' ? { ...input, when: 'now' } : input); // nothing is paid ahead
    case 'uncancel':
      return uncancel(state, input);
    case 'cancel_due':
      return cancelDue(state, input);
    case 'pay':
      return pay(state, input);
    case 'use_payment_method':
      return useMethod(state, input, true);
    case 'bill':
      return billed(state, input);
    case 'apply_discount':
      return applyDiscount(state, input);
    case 'remove_discount':
      return removeDiscount(state, input);
    case 'draft_due':
    case 'finalise':
      return finalised(state, input);
    case 'subscribe':
    case 'change':
    case 'pause':
    case 'resume':
      return cannot(input, state);
    case 'draft_expired':
    case 'incomplete_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'period_ended':
    case 'retry_due':
    case 'invoice_overdue':
    case 'resume_due':
    case 'listening_ended':
      return unchanged('unpaid.waits');
  }
}

function decidePaused(state: Paused, input: Lived): Decision {
  switch (input.type) {
    case 'resume':
    case 'resume_due':
      return isOwing(state) && overdue(state).length > 0
        ? refused('debt_unpaid', 'cannot resume: it was paused for a debt that is still open')
        : resume(state, input);
    case 'payment_succeeded':
      return after(paymentSucceeded(state, input), (paid) => (isOwing(paid) ? catchUp(paid, input) : paid));
    case 'payment_failed':
      return news(state, input, (open) => after(paymentFailed(state, open, input, null)));
    case 'payment_needs_action':
      return news(state, input, (open) => after(paymentNeedsAction(state, open, input)));
    case 'payment_processing':
      return news(state, input, (open) => after(paymentProcessing(state, open, input)));
    case 'payment_canceled':
      return news(state, input, (open) => after(paymentCanceled(state, open, input)));
    case 'migrate':
      return migrate(state, input, change);
    case 'undo_migration':
      return undoMigration(state, input, change);
    case 'cancel':
      return cancel(state, input);
    case 'uncancel':
      return uncancel(state, input);
    case 'cancel_due':
      return cancelDue(state, input);
    case 'pay':
      return pay(state, input);
    case 'use_payment_method':
      return useMethod(state, input, isOwing(state));
    case 'bill':
      return billed(state, input);
    case 'apply_discount':
      return applyDiscount(state, input);
    case 'remove_discount':
      return removeDiscount(state, input);
    case 'draft_due':
    case 'finalise':
      return finalised(state, input);
    case 'subscribe':
    case 'change':
    case 'pause':
      return cannot(input, state);
    case 'draft_expired':
    case 'incomplete_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'period_ended':
    case 'retry_due':
    case 'invoice_overdue':
    case 'listening_ended':
      return unchanged('paused.waits');
  }
}

/** It is never revived: late money is recorded, and a debt can still be paid. */
function decideCanceled(state: Canceled, input: Lived): Decision {
  switch (input.type) {
    case 'payment_succeeded':
      return isAccepted(state) ? after(paymentSucceeded(state, input)) : unchanged('canceled.never_accepted');
    case 'payment_failed':
      return isAccepted(state)
        ? news(state, input, (open) => after(paymentFailed(state, open, input, null)))
        : unchanged('canceled.never_accepted');
    case 'payment_needs_action':
      return isAccepted(state)
        ? news(state, input, (open) => after(paymentNeedsAction(state, open, input)))
        : unchanged('canceled.never_accepted');
    case 'payment_processing':
      return isAccepted(state)
        ? news(state, input, (open) => after(paymentProcessing(state, open, input)))
        : unchanged('canceled.never_accepted');
    case 'payment_canceled':
      return isAccepted(state)
        ? news(state, input, (open) => after(paymentCanceled(state, open, input)))
        : unchanged('canceled.never_accepted');
    case 'pay':
      return isAccepted(state) ? pay(state, input) : cannot(input, state);
    case 'subscribe':
    case 'change':
    case 'cancel':
    case 'uncancel':
    case 'pause':
    case 'resume':
    case 'migrate':
    case 'undo_migration':
    case 'use_payment_method':
    case 'bill':
    case 'finalise':
    case 'apply_discount':
    case 'remove_discount':
      return cannot(input, state);
    case 'draft_expired':
    case 'incomplete_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'period_ended':
    case 'retry_due':
    case 'draft_due':
    case 'invoice_overdue':
    case 'cancel_due':
    case 'resume_due':
    case 'listening_ended':
      return unchanged('canceled.listens');
  }
}

// What the states share.

const cannot = (input: Input, state: Subscription): Decision =>
  refused(
    `not_while_${state.state}`,
    `cannot ${input.type.replaceAll('_', ' ')}: subscription is ${state.state.replaceAll('_', ' ')}`,
  );

/** Turns what a payment's news did into a decision, moving on where the state says so. Null is news told before. */
function after<S extends Accepted>(done: Applied<S> | null, moveOn?: (state: S) => Subscription | Step): Decision {
  if (!done) return unchanged('payment.known');
  const { rule, effects, because } = done;
  const moved = moveOn ? moveOn(done.state) : (done.state as S & Subscription);
  return 'effects' in moved
    ? applied(rule, moved.state, [...effects, ...moved.effects], because)
    : applied(rule, moved, effects, because);
}

/** Only the latest attempt can fail, wait or be called off; older news changes nothing. */
function news(
  state: Accepted,
  input: Parameters<typeof awaited>[1],
  then: (open: NonNullable<ReturnType<typeof awaited>>) => Decision,
): Decision {
  const open = awaited(state, input);
  return open ? then(open) : unchanged('payment.old');
}

/** Without an invoice there was nothing to pay, and nothing to give back. */
function aboutInvoice(state: Subscription, input: AboutInvoice): Decision {
  if (!isAccepted(state)) return isTold(input) ? unchanged(`${state.state}.never_invoiced`) : cannot(input, state);
  const done = decideAboutInvoice(state, input);
  if ('left' in done) return unchanged(done.left);
  if ('code' in done) return refusedFor(done);
  const wasClosed = done.state.invoices.length < state.invoices.length;
  return after(done, (next) => (wasClosed ? moveOn(next, input) : next));
}

const isTold = ({ type }: AboutInvoice): boolean => /^(payment_refunded|refund_failed|dispute_|funds_)/.test(type);

const isOwing = (state: Subscription): state is Paused => state.state === 'paused' && state.owing !== undefined;

/** An invoice is not waited for any more. */
function moveOn(state: Extract<Subscription, Accepted>, moment: Moment): Subscription | Step {
  if (state.state === 'past_due' || state.state === 'unpaid' || isOwing(state)) return catchUp(state, moment);
  if (state.state === 'incomplete' && state.invoices.length === 0) return activate(state, moment.at, 'first_payment');
  return state;
}

function renew(state: Active | PastDue, moment: Moment): Decision {
  const { at } = moment;
  const { term } = state.terms;
  if (term && term.left === 0 && term.atEnd === 'cancel') {
    const { state: canceled, effects } = endNow(state, moment, 'term_ended');
    return applied('term.ended', canceled, effects, { periods: term.periods });
  }
  const { state: renewed, effects } = nextPeriod(state, moment);
  const told: Effect = { type: 'announce', event: 'subscription.renewed', data: { period: renewed.period.index }, at };
  return applied('renewal', renewed, [told, ...effects], periodFacts(renewed));
}

type Billable = Exclude<Extract<Subscription, Accepted>, Incomplete | Canceled>;

/** What is no part of the plan. It waits for the next invoice, or is an invoice of its own. */
function billed(state: Billable, input: InputOf<'bill'>): Decision {
  const { lines, when, collect } = input;
  const because = { lines: lines.length, amount: totalOf(lines), when };
  if (when === 'next_invoice') {
    return applied('bill.next_invoice', having(state, { carried: [...state.carried, ...lines] }), [], because);
  }
  const { state: invoiced, effects } = issue(state, lines, input, true, collect ?? state.collect);
  return applied('bill.now', invoiced, effects, because);
}

function finalised(state: Billable, input: InputOf<'finalise' | 'draft_due'>): Decision {
  const draft = state.drafts?.find(({ id }) => id === input.invoice);
  if (!draft) return refused('not_a_draft', `cannot finalise: invoice ${input.invoice} is no draft`, 'id');
  const { state: issued, effects } = finalise(state, draft, input);
  return applied('invoice.finalised', issued, effects, { invoice: draft.id, finaliseAt: draft.finaliseAt });
}

/** One that was sent was not paid in time. */
function fellDue(state: Active | PastDue, input: InputOf<'invoice_overdue'>): Decision {
  const { invoice, at } = input;
  const invoices = state.invoices.map((open) =>
    open.id === invoice ? stillOpen(open, { failedAt: open.dueAt }) : open,
  );
  const late = having(state, { invoices });
  const told: Effect = { type: 'announce', event: 'invoice.overdue', data: { invoice }, at };
  const { state: next, effects } =
    late.state === 'active' ? fallBehind(late, input) : { state: late, effects: [] as Effect[] };
  return applied('invoice.overdue', next, [told, ...effects], { invoice });
}

/** One that was sent may be tried before it is due, and that makes nobody late. */
const ifOverdue = (state: Active, moment: Moment): Active | Step<PastDue> =>
  overdue(state).length > 0 ? fallBehind(state, moment) : state;

function retry(state: Active | PastDue, input: InputOf<'retry_due'>): Decision {
  const methods = policyFor(state, input)?.fallbacks ? input.shared?.methods : undefined;
  const method = methods ? firstUsable(state, methods, input.at) : state.paymentMethod;
  if (methods && method === null) return noMethodUsable(state, input);
  const tried = payNow(state, input.invoice, method, false, input.at);
  if ('code' in tried) return unchanged(`retry.${tried.code}`);
  return applied('dunning.retry', tried.state, tried.effects, { invoice: input.invoice });
}

/** Each has failed today, is dead, or is at a limit of its network: this try is left out. */
function noMethodUsable(state: Active | PastDue, { invoice, at }: InputOf<'retry_due'>): Decision {
  const invoices = state.invoices.map((open) => (open.id === invoice ? untilNextTry(state, open, at) : open));
  return applied('dunning.no_method_usable', having(state, { invoices }), [], { invoice });
}

function pay(state: Extract<Subscription, Accepted>, input: InputOf<'pay'>): Decision {
  const method = input.paymentMethod ?? state.paymentMethod;
  const tried = payNow(having(state, { paymentMethod: method }), input.invoice, method, input.onSession, input.at);
  if ('code' in tried) return refusedFor(tried);
  return applied('pay.asked', tried.state, tried.effects, { invoice: input.invoice, paymentMethod: method });
}

/** A new method is tried at once on what waits for one. */
function useMethod(
  state: Extract<Subscription, Accepted>,
  input: InputOf<'use_payment_method'>,
  tryNow: boolean,
): Decision {
  const { paymentMethod, at } = input;
  const stuck = tryNow
    ? state.invoices.filter(({ collection }) => collection.step === 'stopped' || collection.step === 'retrying')
    : [];
  const start: Step = { state: having(state, { paymentMethod }), effects: [] };
  const { state: next, effects } = stuck.reduce<Step>((step, { id }) => {
    const tried = payNow(step.state as typeof state, id, paymentMethod, true, at);
    return 'code' in tried ? step : { state: tried.state, effects: [...step.effects, ...tried.effects] };
  }, start);
  return applied('payment_method.used', next, effects, { paymentMethod, tried: stuck.length });
}

function cancelDue(state: Exclude<Extract<Subscription, Accepted>, Incomplete | Canceled>, moment: Moment): Decision {
  const { state: canceled, effects } = endNow(state, moment, 'requested');
  return applied('cancel.due', canceled, effects, { cancelAt: state.cancelAt });
}

function pause(state: Active, input: InputOf<'pause'>): Decision {
  const { resumeAt, at } = input;
  if (resumeAt !== null && resumeAt <= at) {
    const [until, now] = [resumeAt, at].map((instant) => new Date(instant).toISOString());
    return refused('resume_date_past', `cannot pause until ${until}: it is ${now}`, 'resumeAt');
  }
  const invoices = stopRetries(state.invoices);
  const paused: Paused = Object.assign(common(state, 'paused'), { resumeAt, invoices });
  const told: Effect = { type: 'announce', event: 'subscription.paused', data: { resumeAt }, at };
  return applied('pause', become(state, paused), [told], { resumeAt });
}

/** Inside the period that is paid, it goes on as it was. After it, a new one begins, from now. */
function resume(state: Paused, input: InputOf<'resume' | 'resume_due'>): Decision {
  const { at } = input;
  const active = become<Active>(state, common(state, 'active'));
  const told: Effect = { type: 'announce', event: 'subscription.resumed', data: {}, at };
  if (at < state.period.end) return applied('resume.same_period', active, [told], periodFacts(active));
  const { state: opened, effects } = startAnew(active, input, input.type === 'resume');
  return applied('resume.new_period', opened, [told, ...effects], periodFacts(opened));
}
