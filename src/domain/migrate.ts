/**
 * Moving a subscription to another version of the price book, and back. It is a change that the operator makes: the same
 * plan at the terms of that version, with the quantity, the add-ons and the discounts that are held, billed by the rules
 * of a change. A change that the customer has planned is moved along with it.
 */
import { canonical } from './canonical.ts';
import { type ChangeRequest, linesInWords, planChange, pricedChange } from './change.ts';
import { applied, type Because, type Decision, refused } from './decision.ts';
import type { Effect } from './effect.ts';
import type { MigrationId, PriceBookId } from './ids.ts';
import type { InputOf } from './input.ts';
import { formatMoney } from './money.ts';
import {
  chosenAddOns,
  describe,
  type PriceBook,
  periodPrice,
  saleOf,
  sameInterval,
  type Terms,
  termsOf,
  withAddOns,
} from './price-book.ts';
import { intervalInWords } from './price-words.ts';
import type { Refusal } from './refusal.ts';
import type {
  Accepted,
  Active,
  PastDue,
  Paused,
  PendingChange,
  Subscription,
  Trialing,
  Unpaid,
} from './subscription.ts';
import { dayOf } from './time.ts';

/** What a subscription pays now, and from the period's end: what is moved, and what is kept to move it back. */
export type Held = { terms: Terms; quantity: number; pending: PendingChange | null };

export const heldBy = ({ terms, quantity, pending }: Held): Held => ({ terms, quantity, pending });

/** Which plan follows which. A plan that is not named keeps its id; null leaves those who have it where they are. */
export type PlanMapping = Record<string, string | null>;

export type MigrationTarget = { id: PriceBookId; document: PriceBook };
export type Unmovable = { code: string; detail: string };

/** The same thing as that version sells it; null where it is there already, or is to be left. */
export function movedTerms(held: Terms, book: MigrationTarget, plans: PlanMapping): Terms | Unmovable | null {
  const planId = held.planId in plans ? plans[held.planId]! : held.planId;
  if (held.priceBookId === book.id || planId === null) return null;
  const plan = book.document.plans.find(({ id }) => id === planId);
  if (!plan) return { code: 'plan_not_sold', detail: `${book.id} has no plan ${planId}` };
  const terms = termsOf(plan, book.id, held.currency, book.document);
  if (!terms)
    return { code: 'plan_not_in_currency', detail: `${planId} has no price in ${held.currency} in ${book.id}` };
  const found = withAddOns(terms, plan, chosenAddOns(held));
  return 'terms' in found
    ? found.terms
    : { code: 'add_on_not_sold', detail: `${planId} sells no ${found.unknown} in ${held.currency} in ${book.id}` };
}

/** Now only where a change can be made now. What is paused or owes is moved with its next period, and no money moves before. */
export const movesWhen = ({ state }: Pick<Subscription, 'state'>, wanted: Migrate['when']): Migrate['when'] =>
  state === 'active' || state === 'trialing' ? wanted : 'period_end';

/** The command that moves it: what it is to have in place of what it has, now and from the period's end. */
export function migrationOf(
  held: Held,
  book: MigrationTarget,
  how: { migration: MigrationId; plans: PlanMapping } & Pick<Migrate, 'when' | 'proration'>,
): Migrate | Unmovable | null {
  const { migration, plans, when, proration } = how;
  const planned = held.pending && movedTerms(held.pending.terms, book, plans);
  if (planned && 'code' in planned) return planned;
  // What is held until then ends anyway where something else is planned: only that is moved.
  const terms = when === 'period_end' && held.pending ? planned : movedTerms(held.terms, book, plans);
  if (!terms || 'code' in terms) return terms;
  return { type: 'migrate', migration, terms, pending: planned ?? held.pending?.terms ?? null, when, proration };
}
type Migrate = Pick<InputOf<'migrate'>, 'type' | 'migration' | 'terms' | 'pending' | 'when' | 'proration'>;

export type Migratable = Trialing | Active | PastDue | Unpaid | Paused;
/** How a change is carried out, lines and invoice and all. */
type Change = (state: Active | Trialing, input: InputOf<'change'>) => Decision;

export function migrate(state: Migratable, input: InputOf<'migrate'>, change: Change): Decision {
  const { migration, terms, at, when } = input;
  const reason = whyNot(state, input);
  if (reason) return refused(reason.code, `cannot migrate: ${reason.detail}`);
  const moved =
    when === 'now'
      ? changedNow(state, input, { terms, quantity: state.quantity }, pendingOf(state, input), change)
      : plannedFor(state, pendingOf(state, input) ?? laterOf(state, input));
  if ('outcome' in moved) return moved;
  const before = heldBy(state);
  const was = movingOf(state, when);
  const facts: Because = {
    ...{ migration, fromPriceBook: was.terms.priceBookId, toPriceBook: terms.priceBookId },
    ...differenceOf(before, heldBy(moved.state), at, state),
    arithmetic: moved.arithmetic ?? atPeriodEnd(state, was, { terms, quantity: was.quantity }),
  };
  const effects: Effect[] = [
    { type: 'record_migration', migration, before, after: heldBy(moved.state), at },
    { type: 'announce', event: 'subscription.migrated', data: { ...told(facts), plan: terms.planId, when }, at },
    ...moved.effects,
  ];
  return applied(`migrate.${moved.how}`, moved.state, effects, facts);
}

/** Only what has not changed since is moved back; the operator is told of the others. */
export function undoMigration(state: Migratable, input: InputOf<'undo_migration'>, change: Change): Decision {
  const { migration, before, after, at } = input;
  const now = heldBy(state);
  const isAsItBecame = isSame(now, after) && isSamePlan(now.pending, after.pending);
  // What was planned has taken hold meanwhile.
  const tookHold = after.pending !== null && now.pending === null && isSame(now, after.pending);
  if (!isAsItBecame && !tookHold) {
    const was = after.pending && now.pending === null ? after.pending : after;
    return refused(
      'changed_since',
      `cannot undo the migration: it has ${describe(now.terms, now.quantity)} of ${now.terms.priceBookId}, and was given ${describe(was.terms, was.quantity)} of ${was.terms.priceBookId}`,
    );
  }
  const moved = tookHold
    ? movedBack(state, input, before.pending ?? before, null, change)
    : isSame(now, before)
      ? plannedFor(state, before.pending)
      : movedBack(state, input, before, before.pending, change);
  if ('outcome' in moved) return moved;
  const facts: Because = {
    ...{ migration, fromPriceBook: now.terms.priceBookId, toPriceBook: before.terms.priceBookId },
    ...differenceOf(now, heldBy(moved.state), at, state),
    arithmetic: moved.arithmetic ?? atPeriodEnd(state, now.pending ?? now, moved.state.pending ?? before),
  };
  const effects: Effect[] = [
    { type: 'record_migration_undone', migration, at },
    { type: 'announce', event: 'subscription.migration_undone', data: told(facts), at },
    ...moved.effects,
  ];
  return applied(`migration_undone.${moved.how}`, moved.state, effects, facts);
}

type Moved = { how: string; state: Migratable; effects: Effect[]; arithmetic: string | null };

/** Money moves by the rules of a change; what the customer had planned goes on being planned. */
function changedNow(
  state: Migratable,
  input: InputOf<'migrate' | 'undo_migration'>,
  { terms, quantity }: PendingChange,
  pending: PendingChange | null,
  change: Change,
): Moved | Decision {
  if (state.state !== 'active' && state.state !== 'trialing') {
    const now = state.state.replaceAll('_', ' ');
    return refused(
      `not_while_${state.state}`,
      `cannot move it now: subscription is ${now}, and can be at the period’s end`,
    );
  }
  const proration = costsTheSame(state, { terms, quantity }) ? 'none' : input.proration;
  const request = { terms, quantity, when: 'now', proration } as const;
  const decision = change(state, { ...input, ...request, type: 'change', byOperator: true });
  if (decision.outcome !== 'applied') return decision;
  const planned = planChange(state, request, input.at);
  return {
    how: 'now',
    state: { ...(decision.state as Migratable), pending },
    effects: decision.effects.filter(
      (effect) => !(effect.type === 'announce' && effect.event === 'subscription.changed'),
    ),
    arithmetic: linesInWords(planned.lines, state.currency),
  };
}

/** Then nothing is given back and billed anew. */
const costsTheSame = (held: PendingChange, wanted: PendingChange): boolean =>
  sameInterval(held.terms, wanted.terms) &&
  periodPrice(held.terms, held.quantity) === periodPrice(wanted.terms, wanted.quantity) &&
  canonical(saleOf(held.terms)) === canonical(saleOf(wanted.terms));

const plannedFor = (state: Migratable, pending: PendingChange | null): Moved => ({
  ...{ how: 'at_period_end', state: { ...state, pending }, effects: [], arithmetic: null },
});

function movedBack(
  state: Migratable,
  input: InputOf<'undo_migration'>,
  to: PendingChange,
  pending: PendingChange | null,
  change: Change,
): Moved | Decision {
  return input.when === 'now'
    ? changedNow(state, input, { terms: to.terms, quantity: to.quantity }, pending, change)
    : plannedFor(state, later(state, { terms: to.terms, quantity: to.quantity }, input.at));
}

function whyNot(state: Migratable, { terms, pending, when }: InputOf<'migrate'>): Refusal | null {
  const { currency } = state;
  if (terms.currency !== currency) {
    return { code: 'currency_mismatch', detail: `the plan costs ${terms.currency}, the subscription ${currency}` };
  }
  const { terms: moving } = movingOf(state, when);
  if (moving.priceBookId === terms.priceBookId) {
    return { code: 'already_there', detail: `it is on ${terms.priceBookId} already` };
  }
  const isAsRead =
    hasSameAddOns(terms, moving) &&
    (pending === null) === (state.pending === null) &&
    (!pending || !state.pending || hasSameAddOns(pending, state.pending.terms));
  return isAsRead ? null : { code: 'changed_meanwhile', detail: 'it has changed since it was read' };
}

/** What the new terms are in place of. */
const movingOf = (state: Migratable, when: 'now' | 'period_end'): PendingChange =>
  when === 'period_end' && state.pending ? state.pending : state;

const pendingOf = (state: Migratable, { pending, at }: InputOf<'migrate'>): PendingChange | null =>
  pending && state.pending && later(state, { ...state.pending, terms: pending }, at);

const laterOf = (state: Migratable, { terms, at }: InputOf<'migrate'>): PendingChange =>
  later(state, { terms, quantity: state.quantity }, at);

/** As a change for the period’s end would plan it: without the fees that were paid. */
const later = (state: Migratable, { terms, quantity, ...rest }: PendingChange, at: number): PendingChange => ({
  ...{ ...rest, quantity },
  terms: planChange(state, { terms, quantity, when: 'period_end', proration: null } satisfies ChangeRequest, at).terms,
});

/** The terms of a plan are those of its version: where these agree, so does the price. */
const isSame = (a: Pick<Held, 'terms' | 'quantity'>, b: Pick<Held, 'terms' | 'quantity'>): boolean =>
  a.terms.planId === b.terms.planId &&
  a.terms.priceBookId === b.terms.priceBookId &&
  a.quantity === b.quantity &&
  hasSameAddOns(a.terms, b.terms);

const isSamePlan = (a: PendingChange | null, b: PendingChange | null): boolean =>
  a === null || b === null ? a === b : isSame(a, b);

const inOrder = (terms: Terms) => chosenAddOns(terms).sort((a, b) => (a.id < b.id ? -1 : 1));
const hasSameAddOns = (a: Terms, b: Terms): boolean => canonical(inOrder(a)) === canonical(inOrder(b));

/** What a whole period costs before and after, and the day on which that begins. */
function differenceOf(before: Held, after: Held, at: number, { period, timeZone }: Accepted): Because {
  const isNow = canonical(before.terms) !== canonical(after.terms);
  const next = isNow ? after : (after.pending ?? after);
  const was = isNow ? before : (before.pending ?? before);
  return {
    ...pricedChange(was, next),
    day: dayOf(isNow ? at : period.end, timeZone),
  };
}

const told = ({ migration, fromPriceBook, toPriceBook, fromPrice, toPrice, day }: Because): Because => ({
  ...({ migration, fromPriceBook, toPriceBook, fromPrice, toPrice, day } as Because),
});

function atPeriodEnd({ currency, period, timeZone }: Accepted, was: PendingChange, next: PendingChange): string {
  const price = ({ terms, quantity }: PendingChange) =>
    `${formatMoney({ amount: periodPrice(terms, quantity), currency })} ${intervalInWords(terms.interval)}`;
  return `from ${dayOf(period.end, timeZone)} on ${price(next)} instead of ${price(was)}`;
}
