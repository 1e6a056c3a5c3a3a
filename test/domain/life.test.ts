/** Random lives: whatever is asked, told or comes due, in any order, these hold after every step. */
import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { accessOf } from '../../src/domain/access.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import { totalOf } from '../../src/domain/invoice.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { isAccepted, isAllowed, type Subscription } from '../../src/domain/subscription.ts';
import { DAY, dayOf, type Instant } from '../../src/domain/time.ts';
import { Books } from '../support/books.ts';
import { live, story, storyOn } from '../support/lives.ts';
import { draft, hybrid, input, START, subscribe, terms } from './builders.ts';

function check(before: Subscription, state: Subscription, effects: Effect[], now: Instant): void {
  expect(isAllowed(before.state, state.state), `${before.state} to ${state.state}`).toBe(true);
  expect(() => JSON.stringify(state)).not.toThrow();
  accessOf(state, now);
  if (!isAccepted(state)) return;
  const charges = effects.filter((effect) => effect.type === 'charge');
  for (const charge of charges) {
    const waiting = isAccepted(before) ? before.invoices.find(({ id }) => id === charge.invoice) : undefined;
    expect(waiting?.collection.step, 'never two attempts in flight').not.toBe('charging');
    expect(waiting?.collection.step).not.toBe('processing');
  }
  if (
    isAccepted(before) &&
    state.period.index === before.period.index + 1 &&
    before.state !== 'paused' &&
    before.state !== 'unpaid'
  ) {
    expect(state.period.start, 'no gap and no overlap').toBe(before.period.end);
  }
}

const backup = (quantity: number) => ({ id: 'backup', quantity });
const ofManyPrices = storyOn([
  ...[terms(), hybrid(), hybrid([backup(2)])],
  hybrid([{ id: 'support', quantity: 1 }, backup(1)]),
]);

property.prop([fc.oneof(story, ofManyPrices)], { numRuns: 10_000 })(
  'a life of any kind keeps the rules',
  (given) => {
    const effects: Effect[] = [];
    const state = live(given, {
      decided(before, _input, decision, now) {
        if (decision.outcome !== 'applied') return;
        effects.push(...decision.effects);
        check(before, decision.state, decision.effects, now);
      },
      wasDue: (due, next) => expect(next, `${due.type} is done once it was done`).not.toEqual(due),
    });
    const of = <T extends Effect['type']>(type: T) =>
      effects.filter((e): e is Extract<Effect, { type: T }> => e.type === type);
    const paid = of('record_payment').map(({ invoice }) => invoice);
    expect(new Set(paid).size, 'an invoice is paid once').toBe(paid.length);
    const keys = of('charge').map(({ invoice, attempt }) => `${invoice}/${attempt}`);
    expect(new Set(keys).size, 'an attempt is made once').toBe(keys.length);
    const issued = of('issue_invoice').map(({ invoice }) => invoice);
    for (const { lines, total } of issued) expect(lines.reduce((sum, line) => sum + line.amount, 0)).toBe(total);
    const fees = issued.flatMap(({ lines }) => lines.filter(({ description }) => description === 'Business: Set-up'));
    expect(fees.length, 'a fee comes once').toBeLessThanOrEqual(1);
    const voided = of('void_invoice').map(({ invoice }) => invoice);
    const open = isAccepted(state) ? state.invoices.map(({ id }) => id) : [];
    const owing = issued.filter(({ total }) => total > 0).map(({ id }) => id);
    expect([...paid, ...voided, ...open].sort(), 'each invoice is paid, void or open').toEqual(owing.sort());
    identityHolds(state, effects);
  },
  240_000,
);

/** Recognised + deferred − unbilled = invoiced net of tax, and settled, on any day; and what is over has nothing left to earn. */
function identityHolds(state: Subscription, effects: Effect[]): void {
  const books = new Books(state.timeZone);
  books.take(effects);
  const settled = books.settled.reduce((sum, amount) => sum + amount, 0);
  const invoiced = [...books.invoices.values()].reduce((sum, { total, tax }) => sum + total - tax, settled);
  const ended = state.state === 'canceled' ? dayOf(state.endedAt, state.timeZone) : '2040-01-01';
  const atTheEnd = books.through(ended);
  for (const [day, of] of [
    ['2027-02-20', books.through('2027-02-20')],
    [ended, atTheEnd],
  ] as const) {
    const recognised = -of('revenue') - of('discounts');
    expect(recognised - of('deferred_revenue') - of('unbilled') || 0, `the identity on ${day}`).toBe(invoiced);
    expect(of('rounding') || 0).toBe(0);
  }
  expect(atTheEnd('deferred_revenue') || 0, 'nothing is left to come').toBe(0);
  if (state.state === 'canceled' && isAccepted(state)) expect(state.carried, 'nothing waits after the end').toEqual([]);
  // What stands in `unbilled` is what the next invoice will bring.
  const carried = isAccepted(state) ? state.carried.filter((line) => line.carried) : [];
  expect(atTheEnd('unbilled') || 0).toBe(totalOf(carried) || 0);
}

property.prop([fc.constantFrom('UTC', 'America/New_York', 'Asia/Tokyo'), fc.integer({ min: 0, max: 365 })], {
  numRuns: 200,
})('five years of renewals leave no day unpaid and none paid twice', (timeZone, offset) => {
  const start = START + offset * DAY;
  let state = draft({ timeZone, createdAt: start }) as Subscription;
  const step = (what: Parameters<typeof input>[0], at: Instant) => {
    const decision = decide(state, input(what, at));
    if (decision.outcome !== 'applied') throw new Error(JSON.stringify(decision));
    state = decision.state;
    return decision.effects;
  };
  const days: string[] = [];
  const collect = (effects: Effect[], at: Instant) => {
    for (const effect of effects) {
      if (effect.type === 'issue_invoice')
        days.push(...effect.invoice.lines.flatMap(({ period }) => [period!.from, period!.to]));
      if (effect.type === 'charge') {
        const { invoice, attempt, amount } = effect;
        step({ type: 'payment_succeeded', invoice, attempt, payment: `pi_${invoice}`, amount }, at);
      }
    }
  };
  collect(step(subscribe(), start), start);
  for (let i = 0; i < 60; i++) {
    const due = nextDue(state)!;
    collect(step(due, due.at), due.at);
  }
  expect(days).toHaveLength(122);
  expect(days[0]).toBe(dayOf(start, timeZone));
  for (let i = 1; i < days.length - 1; i += 2) expect(days[i]).toBe(days[i + 1]);
});
