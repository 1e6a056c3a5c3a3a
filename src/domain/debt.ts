/**
 * A debt from its beginning to its end: the ladder that it is on, what an operator does about that, and what becomes of a
 * subscription whose debt was never paid. The ladder itself is in `dunning.ts`.
 */
import { accessOf } from './access.ts';
import { endNow } from './cancel.ts';
import { applied, type Decision, refused, unchanged } from './decision.ts';
import {
  accessLadder,
  beginDunning,
  DEFAULT_POLICY,
  type Dunning,
  type HeldPolicy,
  nextRetry,
  policyOf,
} from './dunning.ts';
import type { Effect } from './effect.ts';
import type { EventType } from './event-types.ts';
import type { Input, InputOf } from './input.ts';
import type { OpenInvoice } from './invoice.ts';
import { attempt } from './invoicing.ts';
import { common, having, stillOpen } from './next-state.ts';
import { overdue, stopRetries } from './payment.ts';
import { startAnew } from './period.ts';
import type { Moment } from './shared.ts';
import {
  type Accepted,
  type Active,
  become,
  isAccepted,
  type PastDue,
  type Paused,
  type Subscription,
  type Unpaid,
} from './subscription.ts';
import type { Instant } from './time.ts';

type Step<S extends Subscription = Subscription> = { state: S; effects: Effect[] };

const ABOUT_DEBTS = [
  ...(['retry', 'skip_retry', 'hold', 'release', 'extend_grace'] as const),
  ...(['access_step_due', 'grace_reminder_due', 'hold_ended', 'dunning_ended'] as const),
] as const satisfies readonly Input['type'][];
export type AboutDebt = InputOf<(typeof ABOUT_DEBTS)[number]>;

const names: ReadonlySet<Input['type']> = new Set(ABOUT_DEBTS);
export const isAboutDebt = (input: Input): input is AboutDebt => names.has(input.type);

export function decideAboutDebt(state: Subscription, input: AboutDebt): Decision {
  if (input.type === 'retry' && isAccepted(state) && state.state !== 'incomplete') return retryAll(state, input.at);
  if (state.state === 'past_due') return ofDebtor(state, input);
  switch (input.type) {
    case 'access_step_due':
    case 'grace_reminder_due':
    case 'hold_ended':
    case 'dunning_ended':
      return unchanged(`${state.state}.waits`);
    case 'retry':
    case 'skip_retry':
    case 'hold':
    case 'release':
    case 'extend_grace': {
      const [what, as] = [input.type, state.state].map((name) => name.replaceAll('_', ' '));
      return refused(`not_while_${state.state}`, `cannot ${what}: subscription is ${as}`);
    }
  }
}

function ofDebtor(state: PastDue, input: AboutDebt): Decision {
  switch (input.type) {
    case 'retry':
      return retryAll(state, input.at);
    case 'skip_retry':
      return skip(state, input.at);
    case 'hold':
      return hold(state, input);
    case 'release':
      if (!state.dunning?.hold) return refused('not_on_hold', 'cannot release: the dunning is not on hold');
      return applied('dunning.released', goOn(state, state.dunning, input.at), [], { since: state.dunning.hold.since });
    case 'hold_ended':
      return state.dunning?.hold
        ? applied('dunning.hold_ended', goOn(state, state.dunning, input.at), [], { since: state.dunning.hold.since })
        : unchanged('past_due.waits');
    case 'extend_grace':
      return extendGrace(state, input);
    case 'grace_reminder_due':
      return remind(state, input.at);
    case 'access_step_due': {
      const level = 'restricted';
      const { restrictedUntil: until } = accessLadder(state);
      return applied(
        'access.restricted',
        { ...state, restricted: true },
        [tell('access.changed', { level, until }, input.at)],
        {
          since: state.since,
        },
      );
    }
    case 'dunning_ended':
      return endDunning(state, input);
  }
}

const tell = (event: EventType, data: Extract<Effect, { type: 'announce' }>['data'], at: Instant): Effect => ({
  ...{ type: 'announce', event, data, at },
});

export const owed = (state: Accepted): number => state.invoices.reduce((sum, { amount }) => sum + amount, 0);

/** The policy that the subscription will be dunned by: the one it holds, or the one that was read for this decision. */
export const policyFor = (state: Subscription, { shared }: Moment): HeldPolicy | null =>
  state.state === 'past_due' && state.dunning ? state.dunning.policy : (shared?.dunning ?? null);

/** A debt begins: the policy of this moment is held until it is paid. */
export function fallBehind(state: Active, moment: Moment): Step<PastDue> {
  const { at, shared } = moment;
  const since = Math.min(...overdue(state).map(({ dueAt }) => dueAt));
  const { timeZone } = state;
  const dunning = shared?.dunning === undefined ? null : beginDunning(shared.dunning, { since, timeZone, at });
  const pastDue = become<PastDue>(
    state,
    Object.assign(common(state, 'past_due'), { since, restricted: false }, dunning && { dunning }),
  );
  return { state: pastDue, effects: [tell('subscription.past_due', { since, owed: owed(state) }, at)] };
}

/** Paid. Access comes back as soon as nothing overdue remains; a period that ran out meanwhile begins anew. */
export function catchUp(state: PastDue | Unpaid | Paused, moment: Moment): Subscription | Step {
  const { at } = moment;
  const behind = overdue(state);
  if (behind.length > 0) {
    return state.state === 'paused' ? state : { ...state, since: Math.min(...behind.map(({ dueAt }) => dueAt)) };
  }
  const since = state.state === 'paused' ? (state.owing ?? null) : state.since;
  const active = become<Active>(state, common(state, 'active'));
  const told = tell('subscription.recovered', { since }, at);
  if (state.state === 'past_due' || at < state.period.end) return { state: active, effects: [told] };
  const { state: opened, effects } = startAnew(active, moment, true);
  return { state: opened, effects: [told, ...effects] };
}

/** The debt stays; what becomes of the service is the policy's to say. */
function endDunning(state: PastDue, moment: Moment): Decision {
  const { at } = moment;
  const { since, dunning } = state;
  const policy = policyOf(state);
  const because = { since, owed: owed(state), ...(dunning?.policy && { policy: dunning.policy.id }) };
  const invoices = stopRetries(state.invoices);
  const baseline = dunning?.policy?.baseline;
  if (policy.end === 'cancel') {
    const { state: canceled, effects } = endNow(state, moment, 'dunning');
    return applied('dunning.canceled', canceled, effects, because);
  }
  if (policy.end === 'pause') {
    const paused: Paused = Object.assign(common(state, 'paused'), { resumeAt: null, owing: since, invoices });
    const told = tell('subscription.paused', { resumeAt: null, why: 'dunning' }, at);
    return applied('dunning.paused', become(state, paused), [told], because);
  }
  if (policy.end === 'downgrade' && baseline) {
    const left = invoices.map((open) =>
      open.failedAt === null ? open : stillOpen(open, { failedAt: null, left: true, collection: resting(open) }),
    );
    const moved = { terms: baseline, quantity: 1, pending: null, discounts: [], invoices: left };
    const active = become<Active>(state, Object.assign(common(state, 'active'), moved));
    const told = tell('subscription.downgraded', { plan: baseline.planId, owed: owed(state) }, at);
    const { state: opened, effects } = startAnew(active, moment, false);
    return applied('dunning.downgraded', opened, [told, ...effects], { ...because, plan: baseline.planId });
  }
  const unpaid: Unpaid = Object.assign(common(state, 'unpaid'), { since, invoices }, dunning && { dunning });
  return applied('dunning.ended', become(state, unpaid), [tell('subscription.unpaid', { since }, at)], because);
}

/** What is on its way, or waits for the customer, at the processor stands. */
const resting = ({ collection }: OpenInvoice): OpenInvoice['collection'] =>
  collection.step === 'retrying' ? { step: 'stopped' } : collection;

function remind(state: PastDue, at: Instant): Decision {
  const { dunning } = state;
  if (!dunning || dunning.remindAt === null) return unchanged('past_due.waits');
  const { graceUntil } = accessLadder(state);
  const told = tell('access.grace_ending', { until: graceUntil, owed: owed(state) }, at);
  return applied('access.grace_ending', { ...state, dunning: { ...dunning, remindAt: null } }, [told], { graceUntil });
}

/** All that is owed, but for what an attempt is under way for: its answer is the answer. */
function retryAll(state: Extract<Subscription, Accepted>, at: Instant): Decision {
  const { paymentMethod } = state;
  const idle = state.invoices.filter(({ collection: { step } }) => step === 'retrying' || step === 'stopped');
  if (idle.length === 0) {
    return state.invoices.length > 0
      ? unchanged('retry.joined')
      : refused('nothing_owed', 'cannot retry: nothing is to be paid');
  }
  const tries = idle.map((open) => attempt(open, paymentMethod, false, at));
  const tried = new Map(tries.map(({ open }) => [open.id, open]));
  const invoices = state.invoices.map((open) => tried.get(open.id) ?? open);
  const effects = tries.map(({ effect }) => effect);
  return applied('dunning.retried_by_hand', having(state, { invoices }), effects, { invoices: tries.length });
}

/** The try that comes next is left out, and the one after it is the next. */
function skip(state: PastDue, at: Instant): Decision {
  const times = state.invoices.flatMap(({ collection: to }) => (to.step === 'retrying' ? [to.at] : []));
  if (times.length === 0) return refused('no_retry_planned', 'cannot skip: no retry is planned');
  const first = Math.min(...times);
  const invoices = state.invoices.map((open) => {
    const isNext = open.collection.step === 'retrying' && open.collection.at === first;
    return isNext ? untilNextTry(state, open, Math.max(first, at)) : open;
  });
  return applied('dunning.skipped', having(state, { invoices }), [], { skipped: first });
}

/** The step of the ladder after that time, or its end. */
export function untilNextTry(state: Active | PastDue, open: OpenInvoice, at: Instant): OpenInvoice {
  const { failedAt, lastClass: decline = 'soft' } = open;
  const policy = state.state === 'past_due' ? policyOf(state) : DEFAULT_POLICY;
  const next = nextRetry({ decline, failedAt: failedAt ?? at, at }, state.timeZone, policy);
  return stillOpen(open, { collection: next === null ? { step: 'stopped' } : { step: 'retrying', at: next } });
}

function hold(state: PastDue, { until, at }: InputOf<'hold'>): Decision {
  if (until !== null && until <= at) return past('hold', until, at);
  const before = state.dunning ?? { policy: null, remindAt: null };
  const dunning: Dunning = { ...before, hold: { since: before.hold?.since ?? at, until } };
  return applied('dunning.held', { ...state, dunning }, [], { until });
}

/** The ladder goes on where it stood: the time on hold is added to it. */
function goOn(state: PastDue, { hold, ...dunning }: Dunning, at: Instant): PastDue {
  const held = hold ? Math.max(at - hold.since, 0) : 0;
  const { remindAt } = dunning;
  return {
    ...state,
    dunning: {
      ...{ ...dunning, heldFor: (dunning.heldFor ?? 0) + held },
      remindAt: remindAt === null ? null : remindAt + held,
    },
  };
}

/** Whoever is restricted already has full access again. */
function extendGrace(state: PastDue, { until, at }: InputOf<'extend_grace'>): Decision {
  if (until <= at) return past('extend the grace', until, at);
  const { graceUntil } = accessLadder(state);
  if (until <= graceUntil) return past('extend the grace', until, graceUntil);
  const before = state.dunning ?? { policy: null, remindAt: null };
  const extended: PastDue = { ...state, restricted: false, dunning: { ...before, graceUntil: until } };
  const { level } = accessOf(extended, at);
  const told = state.restricted ? [tell('access.changed', { level, until }, at)] : [];
  return applied('access.grace_extended', extended, told, { before: graceUntil, until });
}

function past(what: string, until: Instant, least: Instant): Decision {
  const [wanted, earliest] = [until, least].map((instant) => new Date(instant).toISOString());
  return refused('date_past', `cannot ${what} until ${wanted}: that is not after ${earliest}`, 'until');
}
