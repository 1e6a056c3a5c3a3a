import { accessLadder } from './dunning.ts';
import type { Due } from './input.ts';
import type { Accepted, PastDue, Subscription, Trialing } from './subscription.ts';
import type { Instant } from './time.ts';

export type NextDue = Due & { at: Instant };

/** What time will bring, and when. Where two fall together the first of the list comes first: an end before a renewal. */
export function nextDue(state: Subscription): NextDue | null {
  return candidates(state).reduce<NextDue | null>((first, due) => (first && first.at <= due.at ? first : due), null);
}

function candidates(state: Subscription): NextDue[] {
  const due = ofEngine(state);
  return state.collection === 'processor' ? due.filter(({ type }) => OURS.has(type)) : due;
}

function ofEngine(state: Subscription): NextDue[] {
  switch (state.state) {
    case 'draft':
      return [{ type: 'draft_expired', at: state.expiresAt }];
    case 'incomplete':
      return state.expiring ? [] : [{ type: 'incomplete_expired', at: state.expiresAt }];
    case 'trialing':
      return [
        ...cancellation(state),
        ...drafts(state),
        ...reminder(state),
        { type: 'trial_ended', at: state.period.end },
      ];
    case 'active':
      return [
        ...cancellation(state),
        ...drafts(state),
        { type: 'period_ended', at: state.period.end },
        ...retries(state),
        ...sent(state),
      ];
    case 'past_due':
      return [
        ...cancellation(state),
        ...(state.dunning?.hold ? [] : accessSteps(state)),
        ...drafts(state),
        { type: 'period_ended', at: state.period.end },
        ...(state.dunning?.hold ? endOfHold(state) : retries(state)),
        ...sent(state),
      ];
    case 'unpaid':
      return [...cancellation(state), ...drafts(state)];
    case 'paused':
      return [
        ...cancellation(state),
        ...drafts(state),
        ...(state.resumeAt === null ? [] : [{ type: 'resume_due', at: state.resumeAt } as const]),
      ];
    case 'canceled':
      return [{ type: 'listening_ended', at: state.listensUntil }];
  }
}

function accessSteps(state: PastDue): NextDue[] {
  const { graceUntil, restrictedUntil } = accessLadder(state);
  const remindAt = state.dunning?.remindAt ?? null;
  return [
    { type: 'dunning_ended', at: restrictedUntil },
    ...(state.restricted ? [] : [{ type: 'access_step_due', at: graceUntil } as const]),
    ...(remindAt === null ? [] : [{ type: 'grace_reminder_due', at: remindAt } as const]),
  ];
}

const endOfHold = ({ dunning }: PastDue): NextDue[] => {
  const until = dunning?.hold?.until ?? null;
  return until === null ? [] : [{ type: 'hold_ended', at: until }];
};

/** What is left for us to see to where a processor collects by itself. */
const OURS: ReadonlySet<Due['type']> = new Set<Due['type']>([
  ...(['draft_expired', 'access_step_due', 'dunning_ended', 'listening_ended'] as const),
]);

const cancellation = (state: Accepted): NextDue[] =>
  state.cancelAt === null ? [] : [{ type: 'cancel_due', at: state.cancelAt }];

const reminder = ({ trial }: Trialing): NextDue[] =>
  trial && trial.remindAt !== null ? [{ type: 'trial_reminder_due', at: trial.remindAt }] : [];

const drafts = (state: Accepted): NextDue[] =>
  state.drafts?.map(({ id, finaliseAt }) => ({ type: 'draft_due', invoice: id, at: finaliseAt })) ?? [];

const sent = (state: Accepted): NextDue[] =>
  state.invoices.flatMap(({ id, sent, failedAt, dueAt }) =>
    sent && failedAt === null ? [{ type: 'invoice_overdue', invoice: id, at: dueAt }] : [],
  );

const retries = (state: Accepted): NextDue[] =>
  state.invoices.flatMap(({ id, collection }) =>
    collection.step === 'retrying' ? [{ type: 'retry_due', invoice: id, at: collection.at }] : [],
  );

/** A canceled subscription listens on for late money and disputes, and then is over. */
export const isOver = (state: Subscription, at: Instant): boolean =>
  state.state === 'canceled' && at >= state.listensUntil;
