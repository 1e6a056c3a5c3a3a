/**
 * The life of a subscription that a processor collects by itself. We follow: what it tells of its objects is joined to what
 * is known, and the state, the books and the access are functions of that. What is asked of us is an order to the
 * processor, and nothing has changed before it has answered. Grace is ours: how long a debt leaves what access.
 */
import { decideAboutInvoice } from './about-invoice.ts';
import { LISTENS_FOR } from './cancel.ts';
import { canonical } from './canonical.ts';
import { applied, type Because, type Decision, refused, refusedFor, unchanged } from './decision.ts';
import { accessLadder } from './dunning.ts';
import type { Effect } from './effect.ts';
import type { EventType } from './event-types.ts';
import {
  type FollowedInvoice,
  type Follows,
  freshnessOfInvoice,
  freshnessOfSubscription,
  keepInvoice,
  mirrorOf,
  NOTHING_SEEN,
  type SeenSubscription,
} from './followed.ts';
import type { Input, InputOf } from './input.ts';
import { invariant } from './invariant.ts';
import { bringIn, isToldByHalf, openOf } from './mirror.ts';
import { common } from './next-state.ts';
import type { OrderToDo } from './order.ts';
import { keep, refundNamed } from './refund.ts';
import type { Refusal, RefusalCode } from './refusal.ts';
import {
  type Accepted,
  type Draft,
  type Identity,
  isAccepted,
  isFollowable,
  type Subscription,
} from './subscription.ts';
import { boundary, dayOf, type Instant, instantOf } from './time.ts';
import { trialOf } from './trial.ts';

type Followed = Extract<Subscription, Accepted>;

/** What is not accepted yet has nothing to follow but what it begins with. */
export const isFollowed = (state: Subscription, input: Input): boolean =>
  state.collection === 'processor' && (isAccepted(state) || (state.state === 'draft' && input.type === 'subscribe'));

export function follow(state: Subscription, input: Input): Decision {
  if (state.state === 'draft') {
    invariant(input.type === 'subscribe', 'a draft is subscribed first');
    return begin(state, input);
  }
  invariant(isAccepted(state), 'what is followed was accepted');
  switch (input.type) {
    case 'subscription_seen':
      return taken(state, input, subscriptionSeen);
    case 'invoice_seen':
      return taken(state, input, invoiceSeen);
    case 'payment_seen':
      return paymentSeen(state, input);
    case 'object_stirred':
      return stirred(state, input);
    case 'order_answered':
      return orderAnswered(state, input);
    case 'checkout_expired':
      return state.state === 'incomplete' && !followsOf(state).seen
        ? neverBegun(state, input.at, 'checkout_expired')
        : unchanged('follow.begun');
    case 'access_step_due':
    case 'dunning_ended':
      return settle(state, followsOf(state), input.at, `follow.${input.type}`);
    case 'change':
    case 'cancel':
    case 'uncancel':
    case 'pause':
    case 'resume':
    case 'use_payment_method':
      return order(state, input);
    case 'payment_refunded':
      return input.asked ? elsewhere(state, input) : refunded(state, input);
    case 'refund_failed':
    case 'dispute_opened':
    case 'funds_withdrawn':
    case 'funds_reinstated':
    case 'dispute_closed':
    case 'retry_refund':
    case 'credit_refund':
      return elsewhere(state, input);
    case 'subscribe':
    case 'pay':
    case 'bill':
    case 'finalise':
    case 'apply_discount':
    case 'remove_discount':
    case 'migrate':
    case 'undo_migration':
    case 'credit_note':
    case 'void':
    case 'write_off':
    case 'record_payment':
    case 'withdraw_credit':
    case 'retry':
    case 'skip_retry':
    case 'hold':
    case 'release':
    case 'extend_grace':
      return refused(
        'processor_collects',
        `cannot ${input.type.replaceAll('_', ' ')}: ${state.processor} collects this subscription`,
      );
    case 'payment_succeeded':
    case 'payment_failed':
    case 'payment_needs_action':
    case 'payment_processing':
    case 'payment_canceled':
      return unchanged('follow.not_charged_by_us');
    case 'draft_expired':
    case 'incomplete_expired':
    case 'trial_reminder_due':
    case 'trial_ended':
    case 'period_ended':
    case 'retry_due':
    case 'draft_due':
    case 'invoice_overdue':
    case 'cancel_due':
      return giveOrder(state, { what: 'cancel', when: 'now' }, input);
    case 'resume_due':
    case 'grace_reminder_due':
    case 'hold_ended':
    case 'listening_ended':
      return unchanged('follow.waits');
  }
}

const followsOf = ({ follows }: Followed): Follows => follows ?? NOTHING_SEEN;

// What the processor tells.

function subscriptionSeen(state: Followed, { seen, terms, at }: InputOf<'subscription_seen'>): Decision {
  const follows = followsOf(state);
  const because = { theirs: seen.id, as: seen.state, version: seen.version };
  if (follows.seen && follows.seen.id !== seen.id) return unchanged('follow.another');
  const freshness = freshnessOfSubscription(follows, seen);
  switch (freshness) {
    case 'old':
      return unchanged('follow.old');
    case 'tie':
      return readBack(state, { what: 'subscription', id: seen.id, version: seen.version }, at, because);
    case 'known':
    case 'news': {
      const next: Follows = freshness === 'news' ? { ...follows, seen: withoutNotes(seen) } : follows;
      const linked: Effect[] = follows.seen ? [] : [{ type: 'link_subscription', theirs: seen.id, at }];
      const { state: told, effects } = remindedOfTrial(state, next, seen, at);
      return settle(state, told, at, 'follow.subscription', because, [...linked, ...effects], terms);
    }
  }
}

const withoutNotes = ({ trialEnding: _, ...seen }: SeenSubscription): SeenSubscription => seen;

function remindedOfTrial(state: Followed, follows: Follows, seen: SeenSubscription, at: Instant) {
  const until = seen.period.end;
  if (!seen.trialEnding || seen.state !== 'trialing' || follows.reminded === until) {
    return { state: follows, effects: [] };
  }
  const data = { until, paymentMethod: state.paymentMethod };
  const told: Effect = { type: 'announce', event: 'subscription.trial_will_end', data, at };
  return { state: { ...follows, reminded: until }, effects: [told] };
}

/** Whichever of the terms that we know are those of the price that the processor has. */
function termsOf({ terms }: Followed, { seen, order }: Follows, told?: Accepted['terms']): Accepted['terms'] {
  const known = [terms, ...(order && 'terms' in order ? [order.terms] : []), ...(told ? [told] : [])];
  return known.find((each) => seen?.plan?.id === each.planId && seen.plan.book === each.priceBookId) ?? terms;
}

function invoiceSeen(state: Followed, { seen, at }: InputOf<'invoice_seen'>): Decision {
  const follows = followsOf(state);
  if (seen.currency !== state.currency) return unchanged('follow.other_currency');
  const held = follows.invoices.find(({ id }) => id === seen.id);
  const because = { theirs: seen.id, as: seen.state, version: seen.version };
  const freshness = freshnessOfInvoice(follows, seen);
  switch (freshness) {
    case 'old':
      return unchanged('follow.old');
    case 'tie':
      return readBack(state, { what: 'invoice', id: seen.id, version: seen.version }, at, because);
    case 'known':
    case 'news': {
      const begun = { mirrored: false, voided: false, lost: false, paid: 0, asked: false, confirming: 0 };
      const { needsAction, ...look } = seen;
      const before: FollowedInvoice = held ?? { ...begun, ...look };
      const lines = before.mirrored ? null : (look.lines ?? before.lines);
      const next: FollowedInvoice = freshness === 'news' ? { ...before, ...look, lines } : { ...before, lines };
      const isWaiting = needsAction === true && next.state === 'open' && next.attempts > next.confirming;
      const invoice = isWaiting ? { ...next, confirming: next.attempts } : next;
      const isFailure = next.state === 'open' && next.attempts > (held?.attempts ?? 0) && !isWaiting;
      const { attempts: attempt, nextAttemptAt: retryAt } = next;
      const data = { invoice: mirrorOf(seen.id), attempt };
      const told: Effect[] = isWaiting
        ? [{ type: 'announce', event: 'payment.needs_action', data, at }]
        : isFailure
          ? [{ type: 'announce', event: 'payment.failed', data: { ...data, retryAt }, at }]
          : [];
      const kept = { ...follows, invoices: keepInvoice(follows.invoices, invoice) };
      return settle(state, kept, at, 'follow.invoice', because, told);
    }
  }
}

/** What was not proven has no effect of its own: the object itself is asked. */
function stirred(state: Followed, { what, id, at }: InputOf<'object_stirred'>): Decision {
  const follows = followsOf(state);
  if (what === 'subscription' && follows.seen && follows.seen.id !== id) return unchanged('follow.another');
  const held = what === 'subscription' ? follows.seen : follows.invoices.find((invoice) => invoice.id === id);
  return readBack(state, { what, id, version: held?.version ?? 0 }, at, { theirs: id }, 'follow.stirred');
}

function paymentSeen(state: Followed, { seen, at }: InputOf<'payment_seen'>): Decision {
  const follows = followsOf(state);
  const { payment, amount, invoice } = seen;
  const isKnown = [...state.settled, ...follows.waiting].some((known) => known.payment === payment);
  if (isKnown) return unchanged('payment.known');
  const waiting = [...follows.waiting, seen].sort((a, b) => (a.payment < b.payment ? -1 : 1));
  return settle(state, { ...follows, waiting }, at, 'follow.payment', { invoice, payment, amount });
}

/** Two that can't be ordered: the object itself says which of them holds. */
function readBack(state: Followed, object: Object, at: Instant, because: Because, rule = 'follow.tie'): Decision {
  const [follows, asked] = asking(followsOf(state), object, at);
  return applied(rule, { ...state, follows }, asked, because);
}

/** All that follows from what is known by now: the books, what else has to be asked, and the state. */
function settle(
  before: Followed,
  known: Follows,
  at: Instant,
  rule: string,
  because: Because = {},
  first: readonly Effect[] = [],
  told?: Accepted['terms'],
): Decision {
  const booked = bookAll(before, known, at);
  const held = { ...before, settled: booked.settled, terms: termsOf(before, known, told) };
  const { seen } = booked.follows;
  const [follows, asked] =
    seen && isOfOtherTerms(held, seen) && known.seen !== before.follows?.seen
      ? asking(booked.follows, { what: 'subscription', id: seen.id, version: seen.version }, at)
      : [booked.follows, []];
  const state = seen ? shaped(held, follows, seen, at) : { ...held, follows };
  invariant(isFollowable(before.state, state.state), `no way from ${before.state} to ${state.state}`);
  const effects = [...first, ...booked.effects, ...asked];
  effects.push(...earned(before, state, effects), ...changesTold(before, state, at));
  if (effects.length === 0 && canonical(state) === canonical(before)) return unchanged('follow.known');
  return applied(rule, state, effects, because);
}

/** Bounded: the database's unique keys stand behind it. */
const REMEMBERED = 24;

function bookAll(before: Followed, known: Follows, at: Instant) {
  let follows = known;
  let { settled } = before;
  const effects: Effect[] = [];
  for (const held of known.invoices) {
    const brought = bringIn(held, follows.waiting, { timeZone: before.timeZone, at });
    effects.push(...brought.effects);
    let { invoice } = brought;
    if (isToldByHalf(invoice)) {
      const [next, asked] = asking(follows, { what: 'invoice', id: held.id, version: held.version }, at);
      effects.push(...asked);
      follows = next;
      invoice = { ...invoice, asked: true };
    }
    const taken = brought.applied.map(({ payment }) => ({ invoice: mirrorOf(held.id), payment }));
    settled = [...settled, ...taken].slice(-REMEMBERED);
    const waiting = follows.waiting.filter((payment) => !brought.applied.includes(payment));
    follows = { ...follows, waiting, invoices: keepInvoice(follows.invoices, invoice) };
  }
  return { follows, settled, effects };
}

type Object = { what: 'subscription' | 'invoice'; id: string; version: number };

/** The object itself is asked what it is, once at a time: what was asked before may not know yet what is asked now. */
function asking(follows: Follows, { what, id, version }: Object, at: Instant): [Follows, Effect[]] {
  if (follows.reading.some((each) => each.id === id)) {
    const reading = follows.reading.map((each) => (each.id === id ? { ...each, again: true } : each));
    return [{ ...follows, reading }, []];
  }
  const read = follows.reads + 1;
  const reading = [...follows.reading, { id, version, again: false }];
  return [{ ...follows, reads: read, reading }, [{ type: 'read_back', what, theirs: id, version, read, at }]];
}

/** What was asked for has come; and is asked for once more, where news came meanwhile that it may not know of. */
function taken<I extends InputOf<'subscription_seen' | 'invoice_seen'>>(
  state: Followed,
  input: I,
  take: (state: Followed, input: I) => Decision,
): Decision {
  const { id, read } = input.seen;
  const follows = followsOf(state);
  const open = follows.reading.find((each) => each.id === id && each.version === read);
  if (!open) return take(state, input);
  const waited = { ...state, follows: { ...follows, reading: follows.reading.filter((each) => each !== open) } };
  const decision = take(waited, input);
  if (decision.outcome === 'refused') return decision;
  const {
    state: after,
    effects,
    because,
  } = decision.outcome === 'applied' ? decision : { ...NO_CHANGE, state: waited };
  if (!open.again) return applied(decision.rule, after, effects, because);
  const object = objectOf(after as Followed, input);
  const [next, asked] = asking(followsOf(after as Followed), object, input.at);
  return applied(decision.rule, { ...(after as Followed), follows: next }, [...effects, ...asked], because);
}

const NO_CHANGE = { effects: [], because: {} };

/** As it is known by now. */
function objectOf(state: Followed, { type, seen }: InputOf<'subscription_seen' | 'invoice_seen'>): Object {
  const { seen: subscription, invoices } = followsOf(state);
  const what = type === 'invoice_seen' ? 'invoice' : 'subscription';
  const held = what === 'invoice' ? invoices.find(({ id }) => id === seen.id) : subscription;
  return { what, id: seen.id, version: held?.version ?? seen.version };
}

const isOfOtherTerms = ({ terms }: Followed, { plan }: SeenSubscription): boolean =>
  plan !== null && (plan.id !== terms.planId || plan.book !== terms.priceBookId);

/** It is over: what was invoiced for later days is earned on its last, whichever of the two was learned first. */
function earned(before: Followed, state: Followed, effects: readonly Effect[]): Effect[] {
  if (state.state !== 'canceled') return [];
  const isNews = before.state !== 'canceled' || effects.some(({ type }) => type === 'mirror_invoice');
  const { endedAt: at, timeZone } = state;
  return isNews ? [{ type: 'earn_rest', day: dayOf(at, timeZone), at }] : [];
}

/** The subscription as the processor has it, with the access that we leave it. */
function shaped(before: Followed, follows: Follows, seen: SeenSubscription, at: Instant): Followed {
  const { anchor, period, cancelAt, paymentMethod, quantity } = seen;
  const base = {
    ...common(before, seen.state),
    ...{ follows, quantity, paymentMethod, anchor },
    period: { ...period, index: seen.state === 'trialing' ? -1 : indexOf(before, anchor, period.start) },
    cancelAt: seen.state === 'canceled' ? null : cancelAt,
    invoices: follows.invoices.flatMap((invoice) => openOf(invoice) ?? []),
  };
  switch (seen.state) {
    case 'incomplete':
      return { ...base, state: 'incomplete', expiresAt: period.end, expiring: false };
    case 'trialing':
    case 'active':
      return { ...base, state: seen.state };
    case 'past_due': {
      const since = owingSince(base, seen);
      const { graceUntil, restrictedUntil } = accessLadder({ since, timeZone: before.timeZone });
      return at < restrictedUntil
        ? { ...base, state: 'past_due', since, restricted: at >= graceUntil }
        : { ...base, state: 'unpaid', since };
    }
    case 'unpaid':
      return { ...base, state: 'unpaid', since: owingSince(base, seen) };
    case 'paused':
      return { ...base, state: 'paused', resumeAt: seen.resumeAt };
    case 'canceled': {
      const endedAt = seen.endedAt ?? seen.asOf;
      return { ...base, state: 'canceled', reason: seen.reason, endedAt, listensUntil: endedAt + LISTENS_FOR };
    }
  }
}

/** Since the oldest invoice that was tried in vain; where none is known yet, since it was said to be late. */
const owingSince = ({ invoices }: Accepted, { asOf }: SeenSubscription): Instant => {
  const failed = invoices.flatMap(({ failedAt }) => failedAt ?? []);
  return failed.length > 0 ? Math.min(...failed) : asOf;
};

/** Counted from the anchor, as ours are. */
function indexOf({ terms, timeZone }: Followed, anchor: Instant, start: Instant): number {
  let index = 0;
  while (boundary(anchor, terms.interval, index + 1, timeZone) <= start) index++;
  return index;
}

/** What changed for whoever listens. */
function changesTold(before: Followed, after: Followed, at: Instant): Effect[] {
  const effects: Effect[] = [];
  const tell = (event: EventType, data: Extract<Effect, { type: 'announce' }>['data'] = {}) =>
    effects.push({ type: 'announce', event, data, at });
  const { terms, quantity } = after;
  if (before.state !== after.state) {
    switch (after.state) {
      case 'trialing':
        tell('subscription.trial_started', { plan: terms.planId, until: after.period.end });
        break;
      case 'active':
        if (before.state === 'past_due' || before.state === 'unpaid') {
          tell('subscription.recovered', { since: before.since });
        } else if (before.state === 'paused') tell('subscription.resumed');
        else tell('subscription.activated', { why: before.state === 'trialing' ? 'trial_ended' : 'first_payment' });
        break;
      case 'past_due':
        tell('subscription.past_due', { since: after.since, owed: owed(after) });
        break;
      case 'unpaid':
        tell('subscription.unpaid', { since: after.since, owed: owed(after) });
        break;
      case 'paused':
        tell('subscription.paused', { resumeAt: after.resumeAt });
        break;
      case 'canceled':
        tell('subscription.canceled', { reason: after.reason });
        break;
    }
  } else if (after.state === 'past_due' && before.state === 'past_due' && after.restricted && !before.restricted) {
    tell('access.changed', { level: 'restricted' });
  }
  if (after.state === 'canceled' || !before.follows?.seen) return effects;
  if (before.period.start < after.period.start) tell('subscription.renewed', { period: after.period.index });
  if (before.cancelAt !== after.cancelAt) {
    if (after.cancelAt === null) tell('subscription.cancel_undone');
    else tell('subscription.cancel_planned', { cancelAt: after.cancelAt });
  }
  if (before.quantity !== quantity || before.terms.planId !== terms.planId) {
    tell('subscription.changed', { plan: terms.planId, quantity });
  }
  return effects;
}

const owed = ({ invoices }: Accepted): number => invoices.reduce((sum, { amount }) => sum + amount, 0);

// What it is told to do.

function begin(draft: Draft, input: InputOf<'subscribe'>): Decision {
  const { terms, quantity, paymentMethod, at, trial } = input;
  if (terms.currency !== draft.currency) {
    return refused(
      'currency_mismatch',
      `cannot subscribe: the plan costs ${terms.currency}, the customer pays ${draft.currency}`,
    );
  }
  const ours = input.discounts?.length
    ? 'discounts'
    : input.anchorDay !== undefined
      ? 'anchorDay'
      : input.collect?.by === 'send'
        ? 'collect'
        : null;
  if (ours) {
    return refused('not_carried', `cannot subscribe with ${ours}: ${draft.processor} collects, and has it not`, ours);
  }
  const trialDays = trialOf(input);
  if (typeof trialDays !== 'number') return trialDays;
  const { state: _, expiresAt: __, ...identity } = draft;
  const isOrdered = !input.checkout;
  const todo: OrderToDo = { what: 'create', terms, quantity, paymentMethod, trialDays };
  const first = { ...todo, n: 1 } as const;
  const follows: Follows = isOrdered ? { ...NOTHING_SEEN, orders: 1, order: first } : NOTHING_SEEN;
  const begun: Followed = {
    ...(identity satisfies Identity),
    ...{ terms, quantity, paymentMethod, anchor: at, anchorDay: null, period: { index: 0, start: at, end: at } },
    ...{ segments: [], carried: [], pending: null, cancelAt: null, invoices: [], invoiceCount: 0, settled: [] },
    ...{ state: 'incomplete', expiresAt: draft.expiresAt, expiring: false, follows },
  };
  const effects: Effect[] = [
    ...(trial && trialDays > 0
      ? [{ type: 'use_trial', product: terms.product, once: trial.perCustomer === 'once', at } as const]
      : []),
    ...(isOrdered ? [{ type: 'tell_processor', order: first, theirs: null, version: 0, at } as const] : []),
    { type: 'announce', event: 'subscription.created', data: { plan: terms.planId }, at },
  ];
  return applied('follow.begun', begun, effects, { plan: terms.planId, quantity, trialDays });
}

type Asked = InputOf<'change' | 'cancel' | 'uncancel' | 'pause' | 'resume' | 'use_payment_method'>;

function order(state: Followed, input: Asked): Decision {
  const name = input.type.replaceAll('_', ' ');
  const follows = followsOf(state);
  const { seen } = follows;
  if (state.state === 'canceled') return refused('not_while_canceled', `cannot ${name}: subscription is canceled`);
  if (follows.order || !seen) {
    const what = follows.order?.what.replaceAll('_', ' ') ?? 'create';
    return refused('order_pending', `cannot ${name}: ${state.processor} has not answered to ${what} yet`);
  }
  const todo = orderOf(state, input);
  return 'code' in todo ? refusedFor(todo) : giveOrder(state, todo, input);
}

function giveOrder(state: Followed, todo: OrderToDo, { type, at }: Input): Decision {
  const follows = followsOf(state);
  invariant(follows.seen !== null, 'what is told something has been seen');
  const n = follows.orders + 1;
  const ordered = { ...todo, n };
  const next: Followed = { ...state, follows: { ...follows, orders: n, order: ordered } };
  const { id: theirs, version } = follows.seen;
  return applied(`follow.${type}`, next, [{ type: 'tell_processor', order: ordered, theirs, version, at }], {
    order: n,
  });
}

function orderOf(state: Followed, input: Asked): OrderToDo | Refusal {
  const not = (code: RefusalCode, detail: string, path?: string): Refusal => ({ code, detail, ...(path && { path }) });
  const whileIn = (what: string) =>
    not(`not_while_${state.state}`, `cannot ${what}: subscription is ${state.state.replaceAll('_', ' ')}`);
  switch (input.type) {
    case 'change': {
      const { terms, quantity, when, proration } = input;
      if (state.state === 'incomplete' || state.state === 'paused') return whileIn('change');
      if (when === 'period_end') {
        return not('not_carried', `cannot change at period_end: ${state.processor} changes now`, 'when');
      }
      return { what: 'change', terms, quantity, proration: proration ?? 'invoice_now' };
    }
    case 'cancel': {
      const { when, at, creditTo } = input;
      if (creditTo) return not('not_carried', `cannot credit unused days: ${state.processor} collects`, 'creditTo');
      if (when === 'now' || when === 'period_end') return { what: 'cancel', when };
      const day = instantOf(when, state.timeZone);
      return day <= at
        ? not('cancel_date_past', `cannot cancel on ${when}: it is ${dayOf(at, state.timeZone)}`)
        : { what: 'cancel', when: day };
    }
    case 'uncancel':
      return state.cancelAt === null
        ? not('not_canceling', 'cannot undo a cancellation: none is planned')
        : { what: 'uncancel' };
    case 'pause':
      if (state.state !== 'active') return whileIn('pause');
      return input.resumeAt !== null && input.resumeAt <= input.at
        ? not('resume_date_past', `cannot pause until ${new Date(input.resumeAt).toISOString()}: that is over`)
        : { what: 'pause', resumeAt: input.resumeAt };
    case 'resume':
      return state.state === 'paused' ? { what: 'resume' } : whileIn('resume');
    case 'use_payment_method':
      return { what: 'use_payment_method', paymentMethod: input.paymentMethod };
  }
}

function orderAnswered(state: Followed, { order: n, refused: code, at }: InputOf<'order_answered'>): Decision {
  const follows = followsOf(state);
  if (follows.order?.n !== n) return unchanged('follow.answered');
  const { what } = follows.order;
  if (code !== null && !follows.seen) return neverBegun(state, at, code);
  const next: Follows = { ...follows, order: null, answered: { order: n, refused: code } };
  const told: Effect[] =
    code === null ? [] : [{ type: 'announce', event: 'subscription.order_refused', data: { what, code }, at }];
  return applied('follow.answered', { ...state, follows: next }, told, { order: n, what, refused: code });
}

function neverBegun(state: Followed, at: Instant, code: string): Decision {
  const follows = followsOf(state);
  const answered = { order: follows.orders, refused: code };
  const canceled: Followed = {
    ...common(state, 'canceled'),
    ...{ reason: 'not_accepted', endedAt: at, listensUntil: at + LISTENS_FOR },
    follows: { ...follows, order: null, answered },
  };
  const told: Effect = { type: 'announce', event: 'subscription.canceled', data: { reason: 'not_accepted' }, at };
  return applied('follow.refused', canceled, [told], { refused: code });
}

// Money that goes back, at the processor.

/** No credit note is ours to issue: what was invoiced there stands, and what went back is what it costs us. */
function refunded(state: Followed, input: InputOf<'payment_refunded'>): Decision {
  const { payment, refund: name, amount, at } = input;
  const refund = refundNamed(name);
  const before = state.refunds?.find(({ id }) => id === refund);
  if (before) return unchanged('refund.known');
  const invoice = state.settled.find((known) => known.payment === payment)?.invoice ?? null;
  const refunds = keep(state.refunds, { id: refund, invoice, payment, amount, attempt: 1, step: 'done' });
  return applied(
    'follow.refunded',
    { ...state, refunds },
    [
      { type: 'record_refund', refund, name, note: null, invoice, payment, amount, unapplied: 0, at },
      { type: 'announce', event: 'refund.succeeded', data: { refund, payment, amount }, at },
    ],
    { payment, refund: name, amount },
  );
}

/** As with those that we collect. */
function elsewhere(state: Followed, input: Parameters<typeof decideAboutInvoice>[1]): Decision {
  const done = decideAboutInvoice(state, input);
  if ('left' in done) return unchanged(done.left);
  if ('code' in done) return refusedFor(done);
  // What we collect by ourselves is written anew without it.
  const { follows } = state;
  return applied(done.rule, follows ? { ...done.state, follows } : done.state, done.effects, done.because);
}
