import { accessLadder } from './dunning.ts';
import type { Due } from './input.ts';
import type { Accepted, PastDue, Subscription, Trialing } from './subscription.ts';
import type { Instant } from './time.ts';

export type NextDue = Due & { at: Instant };
/** Null where nothing of that kind will come. */
type Maybe = NextDue | null;

/** What time will bring, and when. Where two fall together the first of the list comes first: an end before a renewal. */
export function nextDue(state: Subscription): NextDue | null {
  return first(duesOf(state));
}

/** Everything that time may bring, as things stand. */
export const candidates = (state: Subscription): NextDue[] => duesOf(state).filter((due) => due !== null);

function duesOf(state: Subscription): Maybe[] {
  const due = ofEngine(state);
  return state.collection === 'processor' ? due.filter((each) => each && isOurs(each.type, state)) : due;
}

function ofEngine(state: Subscription): Maybe[] {
  switch (state.state) {
    case 'draft':
      return [{ type: 'draft_expired', at: state.expiresAt }];
    case 'incomplete':
      return [state.expiring ? null : { type: 'incomplete_expired', at: state.expiresAt }];
    case 'trialing':
      return [cancellation(state), drafts(state), reminder(state), { type: 'trial_ended', at: state.period.end }];
    case 'active':
      return [
        cancellation(state),
        drafts(state),
        { type: 'period_ended', at: state.period.end },
        retries(state),
        sent(state),
      ];
    case 'past_due':
      return [
        cancellation(state),
        ...(state.dunning?.hold ? [] : accessSteps(state)),
        drafts(state),
        { type: 'period_ended', at: state.period.end },
        state.dunning?.hold ? endOfHold(state) : retries(state),
        sent(state),
      ];
    case 'unpaid':
      return [cancellation(state), drafts(state)];
    case 'paused':
      return [
        cancellation(state),
        drafts(state),
        state.resumeAt === null ? null : { type: 'resume_due', at: state.resumeAt },
      ];
    case 'canceled':
      return [{ type: 'listening_ended', at: state.listensUntil }];
  }
}

function accessSteps(state: PastDue): Maybe[] {
  const { graceUntil, restrictedUntil } = accessLadder(state);
  const remindAt = state.dunning?.remindAt ?? null;
  return [
    { type: 'dunning_ended', at: restrictedUntil },
    state.restricted ? null : { type: 'access_step_due', at: graceUntil },
    remindAt === null ? null : { type: 'grace_reminder_due', at: remindAt },
  ];
}

const endOfHold = ({ dunning }: PastDue): Maybe => {
  const until = dunning?.hold?.until ?? null;
  return until === null ? null : { type: 'hold_ended', at: until };
};

function first(dues: readonly Maybe[]): NextDue | null {
  let found: NextDue | null = null;
  for (const due of dues) if (due && (!found || due.at < found.at)) found = due;
  return found;
}

/** What is left for us to see to where a processor collects by itself. */
const OURS: ReadonlySet<Due['type']> = new Set<Due['type']>([
  ...(['draft_expired', 'access_step_due', 'dunning_ended', 'listening_ended'] as const),
]);

/** What doesn't end by itself is told to; told once, until it has answered. */
function isOurs(type: Due['type'], state: Subscription): boolean {
  if (type !== 'cancel_due') return OURS.has(type);
  const follows = 'follows' in state ? state.follows : undefined;
  return follows?.seen?.endsByOrder === true && follows.order === null && !follows.answered?.refused;
}

const cancellation = (state: Accepted): Maybe =>
  state.cancelAt === null ? null : { type: 'cancel_due', at: state.cancelAt };

const reminder = ({ trial }: Trialing): Maybe =>
  trial && trial.remindAt !== null ? { type: 'trial_reminder_due', at: trial.remindAt } : null;

const drafts = ({ drafts = [] }: Accepted): Maybe =>
  first(drafts.map(({ id, finaliseAt }) => ({ type: 'draft_due', invoice: id, at: finaliseAt })));

const sent = ({ invoices }: Accepted): Maybe =>
  first(
    invoices.map(({ id, sent, failedAt, dueAt }) =>
      sent && failedAt === null ? { type: 'invoice_overdue', invoice: id, at: dueAt } : null,
    ),
  );

const retries = ({ invoices }: Accepted): Maybe =>
  first(
    invoices.map(({ id, collection }) =>
      collection.step === 'retrying' ? { type: 'retry_due', invoice: id, at: collection.at } : null,
    ),
  );

/** A canceled subscription listens on for late money and disputes, and then is over. */
export const isOver = (state: Subscription, at: Instant): boolean =>
  state.state === 'canceled' && at >= state.listensUntil;
