import { giveUnused } from './about-invoice.ts';
import { billCut } from './change.ts';
import { besideWaiting, settled } from './debited.ts';
import { applied, type Decision, refused, refusedFor } from './decision.ts';
import type { Effect } from './effect.ts';
import { invoiceId } from './ids.ts';
import type { InputOf } from './input.ts';
import { CHARGE } from './invoice.ts';
import { finaliseAll, invoiceOf, issue, settleCarried } from './invoicing.ts';
import { common, having } from './next-state.ts';
import { stopRetries } from './payment.ts';
import { after, type Moment } from './shared.ts';
import { type Accepted, become, type Canceled, type CancelReason, isTrial, type Subscription } from './subscription.ts';
import { boundary, DAY, dayOf, type Instant, instantOf } from './time.ts';
import { usageUntil } from './usage.ts';

export const LISTENS_FOR = 120 * DAY;

type Cancelable = Extract<Subscription, Accepted>;

/** Ends it. What was invoiced is earned on this day, debts stay on the books, an attempt on its way stands. */
export function endNow(
  before: Cancelable,
  moment: Moment,
  reason: CancelReason,
): { state: Canceled; effects: Effect[] } {
  const { at } = moment;
  const finalised = finaliseAll(before, moment);
  const last = billWaiting(finalised.state, after(moment, finalised.effects));
  const { state } = last;
  return {
    state: become<Canceled>(
      before,
      Object.assign(common(state, 'canceled'), {
        reason,
        endedAt: at,
        listensUntil: at + LISTENS_FOR,
        invoices: stopRetries(state.invoices),
        cancelAt: null,
        pending: null,
      }),
    ),
    effects: [
      ...finalised.effects,
      ...last.effects,
      { type: 'earn_rest', day: dayOf(at, state.timeZone), at },
      { type: 'announce', event: 'subscription.canceled', data: { reason }, at },
    ],
  };
}

/** What was to come with the next invoice comes with a last one; what that can't charge or give back is settled. */
function billWaiting<S extends Accepted>(state: S, moment: Moment): { state: S; effects: Effect[] } {
  const { carried } = state;
  const usage = usageUntil(state, moment.at);
  if (usage === null && carried.length === 0) return { state, effects: [] };
  const of = { id: invoiceId(state.id, state.invoiceCount + 1), lines: carried, collect: state.collect ?? CHARGE };
  // What was used is known only to whoever issues it.
  const isBilled =
    usage !== null || carried.some((line) => !line.carried) || invoiceOf(state, of, moment).invoice.total > 0;
  const last = isBilled
    ? issue(having(state, { carried: [], usage: undefined }), carried, moment, false, state.collect, usage)
    : { state, effects: [] };
  const rest = settleCarried(last.state, state.id, moment.at);
  return { state: rest.state, effects: [...last.effects, ...rest.effects] };
}

/** Never accepted or never paid for: what was invoiced is taken back. */
export function abandon(
  state: Cancelable,
  moment: Moment,
  reason: CancelReason,
): { state: Canceled; effects: Effect[] } {
  const { at } = moment;
  const voids = state.invoices.map(({ id, amount }): Effect => ({ type: 'void_invoice', invoice: id, amount, at }));
  const { state: canceled, effects } = endNow(
    having(state, { invoices: [], drafts: [], carried: [], usage: undefined }),
    moment,
    reason,
  );
  const released: Effect[] = state.discounts?.length ? [{ type: 'release_redemptions', at }] : [];
  return { state: canceled, effects: [...voids, ...released, ...effects.filter(({ type }) => type !== 'earn_rest')] };
}

/** A cancellation asked for: now, at the end of what is paid, or on a day. */
export function cancel(
  state: Extract<Cancelable, { state: 'trialing' | 'active' | 'past_due' | 'unpaid' | 'paused' }>,
  input: InputOf<'cancel'>,
): Decision {
  const { at, when } = input;
  const term = input.byOperator || state.state === 'unpaid' ? null : termEnd(state);
  if (term !== null && when !== 'period_end' && (when === 'now' || instantOf(when, state.timeZone) < term)) {
    const until = dayOf(term, state.timeZone);
    return refused(
      'within_term',
      `cannot cancel ${when === 'now' ? 'now' : `on ${when}`}: the term runs until ${until}. Asked for the period’s end, it is canceled then`,
      'at',
    );
  }
  if (when === 'now') {
    const given = giveUnused(state, input);
    if ('code' in given) return refusedFor(given);
    const { state: canceled, effects } = endNow(given.state, after(input, given.effects), 'requested');
    return applied('cancel.now', canceled, [...given.effects, ...effects], {
      reason: input.reason,
      unused: given.unused,
    });
  }
  if (input.creditTo) {
    const asked = when === 'period_end' ? 'at the period’s end' : `on ${when}`;
    return refused('nothing_unused', `cannot credit unused days: it ends ${asked}, and none are left then`, 'credit');
  }
  const cancelAt = when === 'period_end' ? (term ?? state.period.end) : instantOf(when, state.timeZone);
  if (cancelAt <= at) {
    return refused(
      'cancel_date_past',
      `cannot cancel on ${dayOf(cancelAt, state.timeZone)}: it is ${dayOf(at, state.timeZone)}`,
      'at',
    );
  }
  const told: Effect = { type: 'announce', event: 'subscription.cancel_planned', data: { cancelAt }, at };
  const termEnds = term !== null && term === cancelAt ? dayOf(term, state.timeZone) : null;
  const { state: planned, effects } = billingCut(having(state, { cancelAt }), state, input);
  return applied('cancel.planned', planned, [told, ...effects], {
    ...{ when, cancelAt, reason: input.reason },
    ...(termEnds && { termEnds }),
  });
}

export function uncancel(
  state: Extract<Cancelable, { state: 'trialing' | 'active' | 'past_due' | 'unpaid' | 'paused' }>,
  moment: Moment,
): Decision {
  if (state.cancelAt === null) return refused('not_canceling', 'cannot undo a cancellation: none is planned');
  const told: Effect = { type: 'announce', event: 'subscription.cancel_undone', data: {}, at: moment.at };
  const { state: going, effects } = billingCut(having(state, { cancelAt: null }), state, moment);
  return applied('cancel.undone', going, [told, ...effects], { cancelAt: state.cancelAt });
}

/** A last period that was cut short was invoiced without its last days: they are, once it goes on. */
function billingCut<S extends Cancelable>(state: S, before: S, moment: Moment): { state: S; effects: Effect[] } {
  if (before.cancelAt === null || !before.segments.some(({ cut }) => cut)) return { state, effects: [] };
  const { lines, segments } = billCut(before, state.cancelAt);
  const going = having(state, { segments });
  if (lines.length === 0) return { state: going, effects: [] };
  const all = besideWaiting(going.carried, lines);
  const { state: billed, effects } = issue(having(going, { carried: [] }), all, moment, true);
  return { state: settled(billed, effects), effects };
}

/** Where the term that was subscribed for ends; null where none has begun. */
export function termEnd(state: Accepted): Instant | null {
  const { terms, period, anchor, anchorDay, timeZone } = state;
  const { term } = terms;
  const hasBegun = term && !isTrial(state) && (term.left < term.periods || period.wholeDays !== undefined);
  return hasBegun ? boundary(anchor, terms.interval, period.index + 1 + term.left, timeZone, anchorDay) : null;
}
