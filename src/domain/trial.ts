/** A trial: who has one, what the customer is told of its end, and what comes then. */
import { endNow } from './cancel.ts';
import { applied, type Because, type Decision, refused, unchanged } from './decision.ts';
import type { Effect } from './effect.ts';
import type { InputOf } from './input.ts';
import { common } from './next-state.ts';
import { anchorAfter, nextPeriod, periodFacts } from './period.ts';
import { periodPrice } from './price-book.ts';
import { type Accepted, type Active, become, type Draft, type Paused, type Trialing } from './subscription.ts';
import { type Instant, plusDays } from './time.ts';

/** How many days it is tried: what was asked for, or what the plan gives to who has not had it yet. */
export function trialOf({
  terms,
  trialDays,
  trial,
  paymentMethod,
  shared,
  collect,
}: InputOf<'subscribe'>): number | Decision {
  if (!trial || trialDays === 0) return trialDays;
  const usedAt = trial.perCustomer === 'once' ? (shared?.trialUsedAt ?? null) : null;
  if (usedAt !== null) {
    const day = new Date(usedAt).toISOString().slice(0, 10);
    return trial.isAsked
      ? refused(
          'trial_used',
          `cannot begin a trial of ${trialDays} days of ${terms.product}: one per customer, and this one’s began on ${day}`,
          'trialDays',
        )
      : 0;
  }
  if (trial.paymentMethod === 'required' && paymentMethod === null && collect?.by !== 'send') {
    const detail = `cannot begin the trial of ${terms.name}: it asks for a payment method, and there is none`;
    return refused('payment_method_required', detail, 'paymentMethodId');
  }
  return trialDays;
}

export function beginTrial(
  draft: Draft,
  base: Accepted,
  days: number,
  { terms, trial, at }: InputOf<'subscribe'>,
  redemptions: Effect[],
  because: Because,
): Decision {
  const { timeZone } = draft;
  const end = plusDays(at, days, timeZone);
  const trialing: Trialing = Object.assign(common(base, 'trialing'), {
    ...{ anchor: anchorAfter(base, end), period: { index: -1, start: at, end } },
    ...(trial && { trial: { atEnd: trial.atEnd, remindAt: remindAt(trial.reminderDays, days, at, timeZone) } }),
  });
  const effects: Effect[] = [
    ...redemptions,
    { type: 'announce', event: 'subscription.trial_started', data: { plan: terms.planId, until: end }, at },
    ...(trial ? [{ type: 'use_trial', product: terms.product, once: trial.perCustomer === 'once', at } as const] : []),
  ];
  return applied('subscribe.trial', become(draft, trialing), effects, because);
}

const remindAt = (before: number | null, days: number, at: Instant, timeZone: string): Instant | null =>
  before === null ? null : plusDays(at, Math.max(days - before, 0), timeZone);

export function remindOfTrialEnd(state: Trialing, at: Instant): Decision {
  const { trial, period } = state;
  if (!trial || trial.remindAt === null) return unchanged('trial.told');
  const data = { until: period.end, paymentMethod: state.paymentMethod };
  return applied(
    'trial.reminder',
    { ...state, trial: { ...trial, remindAt: null } },
    [{ type: 'announce', event: 'subscription.trial_will_end', data, at }],
    { until: period.end },
  );
}

/** With nothing to charge it on, what the plan says happens; a period that costs nothing begins all the same. */
export function endTrial(state: Trialing, input: InputOf<'trial_ended'>): Decision {
  const { at } = input;
  const { terms, quantity } = state.pending ?? state;
  const atEnd =
    isCollectable(state) || periodPrice(terms, quantity) === 0 ? 'charge' : (state.trial?.atEnd ?? 'charge');
  if (atEnd === 'cancel') {
    const { state: canceled, effects } = endNow(state, input, 'trial_ended');
    return applied('trial.ended_in_cancellation', canceled, effects, { paymentMethod: null });
  }
  if (atEnd === 'pause') {
    const paused: Paused = Object.assign(common(state, 'paused'), { resumeAt: null });
    const told: Effect = {
      type: 'announce',
      event: 'subscription.paused',
      data: { resumeAt: null, why: 'trial_ended' },
      at,
    };
    return applied('trial.ended_in_pause', become(state, paused), [told], { paymentMethod: null });
  }
  const { state: opened, effects } = nextPeriod(state, input);
  const active = become<Active>(state, common(opened, 'active'));
  const told: Effect = { type: 'announce', event: 'subscription.activated', data: { why: 'trial_ended' }, at };
  return applied('trial.ended', active, [told, ...effects], periodFacts(active));
}

const isCollectable = ({ paymentMethod, collect }: Accepted): boolean =>
  paymentMethod !== null || collect?.by === 'send';
