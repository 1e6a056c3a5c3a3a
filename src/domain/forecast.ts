/** What will be invoiced if nothing happens but time, and each charge succeeds: not an estimate, the rules' own answer. */
import { decide } from './decide.ts';
import type { Input, InputOf, Origin } from './input.ts';
import { invariant } from './invariant.ts';
import type { Invoice } from './invoice.ts';
import { nextDue } from './next-due.ts';
import { isAccepted, type StateName, type Subscription } from './subscription.ts';
import { boundary, type Instant } from './time.ts';

export const FORECAST_MONTHS = 12;
/** A daily plan with a debt to collect comes to some eight hundred in a year. */
const MOST_STEPS = 5_000;

export type Forecast = { from: Instant; until: Instant; invoices: Invoice[]; endsAs: StateName };

/**
 * Twelve months from now, by `decide` and `nextDue` alone. Attempts that are on their way succeed now. A payment that its
 * customer has to confirm, or that has stopped, is left as it is: nobody can say that it will come.
 */
export function forecast(subscription: Subscription, from: Instant): Forecast {
  const until = boundary(from, { unit: 'month', count: 1 }, FORECAST_MONTHS, subscription.timeZone);
  const invoices: Invoice[] = [];
  let state = subscription;
  let now = from;

  const take = (input: Input): void => {
    now = Math.max(now, input.at);
    // What fell due while we were not looking happens at its own time, as it does in life.
    const decision = decide(state, input);
    invariant(decision.outcome === 'applied', () => `${input.type} is what comes next, and it was ${decision.outcome}`);
    state = decision.state;
    for (const effect of decision.effects) if (effect.type === 'issue_invoice') invoices.push(effect.invoice);
  };

  for (let step = 0; ; step++) {
    invariant(step < MOST_STEPS, () => `a forecast of ${subscription.id} comes to an end`);
    const paid = nextPayment(state, now);
    if (paid) {
      take(paid);
      continue;
    }
    const due = nextDue(state);
    if (!due || due.at > until || due.type === 'listening_ended') break;
    take({ origin: FORECAST, ...due });
  }
  return { from, until, invoices, endsAs: state.state };
}

const FORECAST: Origin = { by: 'engine', ref: 'forecast' };

function nextPayment(state: Subscription, at: Instant): InputOf<'payment_succeeded'> | null {
  if (!isAccepted(state)) return null;
  const open = state.invoices.find(
    ({ collection }) =>
      collection.step === 'charging' || collection.step === 'processing' || collection.step === 'sent',
  );
  if (!open) return null;
  const { id: invoice, attempts: attempt, amount } = open;
  const payment = `forecast/${invoice}/${attempt}`;
  return { type: 'payment_succeeded', invoice, attempt, payment, amount, at, origin: FORECAST };
}
