/** A debt under a policy: when it is tried again, what access is left meanwhile, what an operator does, how it ends. */
import { describe, expect, test } from 'vitest';
import { accessOf } from '../../src/domain/access.ts';
import { decide } from '../../src/domain/decide.ts';
import { DEFAULT_POLICY, type DunningEnd, type HeldPolicy, nextRetry } from '../../src/domain/dunning.ts';
import type { MethodFact } from '../../src/domain/fallback.ts';
import type { Command, DeclineClass, Due, Fact } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { NOTHING_SHARED } from '../../src/domain/shared.ts';
import type { PastDue, Subscription } from '../../src/domain/subscription.ts';
import { DAY, HOUR, type Instant } from '../../src/domain/time.ts';
import { at, declined, FEBRUARY, input, kinds, must, pastDue, renewed, run, succeeded, terms } from './builders.ts';

const held = (over: Partial<HeldPolicy> = {}): HeldPolicy => ({ ...DEFAULT_POLICY, id: 'dun_1', version: 1, ...over });
const failing = (policy: HeldPolicy | null, fact: Fact = declined(2), methods?: MethodFact[]) =>
  decide(renewed(), {
    ...input(fact, FEBRUARY),
    shared: { ...NOTHING_SHARED, dunning: policy, ...(methods && { methods }) },
  });
const behind = (over: Partial<HeldPolicy> = {}): PastDue => must(failing(held(over))).state as PastDue;
const on = (state: Subscription, what: Command | Due | Fact, when: Instant) => decide(state, input(what, when));
const local = (instant: Instant | null) => instant && new Date(instant).toISOString();

describe('the ladder by the class of the decline', () => {
  const policy = held({
    localHour: 7,
    retries: { soft: { days: [2, 4] }, insufficient_funds: { days: [1, 10], payday: true }, hard: { days: [3] } },
  });
  test.each<[DeclineClass, string | null]>([
    ['soft', '2027-02-03T07:00:00.000Z'],
    // The second of February is a Tuesday: the fifteenth is the next payday.
    ['insufficient_funds', '2027-02-15T07:00:00.000Z'],
    ['hard', '2027-02-04T07:00:00.000Z'],
    ['card_replaced', null],
    ['fraud_suspected', null],
    ['authentication_required', null],
    ['processor_trouble', null],
    ['no_payment_method', null],
  ])('after %s it is tried again at %s', (decline, expected) => {
    expect(local(nextRetry({ decline, failedAt: FEBRUARY, at: FEBRUARY }, 'UTC', policy))).toBe(expected);
  });

  test.each([
    ['before a weekend', '2027-05-12', '2027-05-14'], // the fifteenth is a Saturday
    ['on the last of a month', '2027-03-29', '2027-03-31'],
    ['never after the ladder’s end', '2027-02-16', '2027-02-26'],
  ])('a payday %s', (_, failed, day) => {
    const wages = held({ retries: { insufficient_funds: { days: [1], payday: true } } });
    expect(
      local(nextRetry({ decline: 'insufficient_funds', failedAt: at(failed), at: at(failed) }, 'UTC', wages)),
    ).toBe(`${day}T09:00:00.000Z`);
  });

  test('what a network forbids is waited for', () => {
    const failed = { decline: 'soft', failedAt: FEBRUARY, at: FEBRUARY, notBefore: FEBRUARY + 4 * DAY } as const;
    expect(local(nextRetry(failed, 'UTC'))).toBe('2027-02-06T09:00:00.000Z');
  });

  test('at the local hour on both sides of a change of the clocks', () => {
    const failedAt = Date.parse('2027-03-26T20:00:00Z');
    const times = [failedAt, failedAt + DAY, failedAt + 3 * DAY].map((now) =>
      local(nextRetry({ decline: 'soft', failedAt, at: now }, 'Europe/Berlin')),
    );
    // Summer time begins on 28 March.
    expect(times).toEqual(['2027-03-27T08:00:00.000Z', '2027-03-29T07:00:00.000Z', '2027-03-31T07:00:00.000Z']);
  });
});

describe('the policy of the moment at which a debt begins', () => {
  test('is held until it is paid', () => {
    const state = behind({ access: { graceDays: 2, restrictedDays: 4 } });
    expect(state.dunning?.policy?.id).toBe('dun_1');
    expect(accessOf(state, FEBRUARY + DAY)).toEqual({ level: 'grace', until: FEBRUARY + 2 * DAY });
    const again = must(on(state, { type: 'retry' }, FEBRUARY + DAY)).state;
    expect((again as PastDue).dunning?.policy?.id).toBe('dun_1');
    const paid = run(again, [succeeded(2, 2), FEBRUARY + DAY]);
    expect(paid).not.toHaveProperty('dunning');
  });

  test('is the product’s own where the tenant has none', () => {
    const { state } = must(failing(null));
    expect(accessOf(state, FEBRUARY)).toEqual({ level: 'grace', until: FEBRUARY + 7 * DAY });
    expect(nextDue(state)).toMatchObject({ type: 'retry_due', at: at('2027-02-02') - 3 * HOUR });
  });

  test('and without having been asked for, a subscription is dunned as it always was', () => {
    expect(pastDue()).not.toHaveProperty('dunning');
  });
});

describe('the access ladder', () => {
  test('tells before the grace ends, once', () => {
    const state = behind({ retries: {} });
    const due = nextDue(state)!;
    expect(due).toMatchObject({ type: 'grace_reminder_due', at: FEBRUARY + 5 * DAY });
    const told = must(on(state, { type: 'grace_reminder_due' }, due.at));
    expect(told.effects).toMatchObject([
      { event: 'access.grace_ending', data: { until: FEBRUARY + 7 * DAY, owed: 3000 } },
    ]);
    expect(nextDue(told.state)).toMatchObject({ type: 'access_step_due', at: FEBRUARY + 7 * DAY });
  });

  test('lasts longer where an operator extends the grace, for who was restricted, too', () => {
    const state = run(behind({ retries: {} }), [{ type: 'access_step_due' }, FEBRUARY + 7 * DAY]);
    const until = FEBRUARY + 12 * DAY;
    const extended = must(on(state, { type: 'extend_grace', until }, FEBRUARY + 8 * DAY));
    expect(extended.effects).toMatchObject([{ event: 'access.changed', data: { level: 'grace' } }]);
    expect(accessOf(extended.state, FEBRUARY + 11 * DAY)).toEqual({ level: 'grace', until });
    expect(on(extended.state, { type: 'extend_grace', until }, FEBRUARY + 9 * DAY)).toMatchObject({
      code: 'date_past',
    });
  });
});

describe('what an operator does', () => {
  test('holds: nothing is tried and access stays, and the time is added to the ladder', () => {
    const heldUp = must(on(behind(), { type: 'hold', until: FEBRUARY + 10 * DAY }, FEBRUARY + HOUR)).state;
    expect(nextDue(heldUp)).toMatchObject({ type: 'hold_ended', at: FEBRUARY + 10 * DAY });
    expect(accessOf(heldUp, FEBRUARY + 9 * DAY)).toEqual({ level: 'grace', until: FEBRUARY + 10 * DAY });
    const on10 = must(on(heldUp, { type: 'hold_ended' }, FEBRUARY + 10 * DAY)).state;
    expect(accessOf(on10, FEBRUARY + 10 * DAY)).toEqual({ level: 'grace', until: FEBRUARY + 17 * DAY - HOUR });
    expect(nextDue(on10)).toMatchObject({ type: 'retry_due' });
  });

  test('releases what is held, and nothing else', () => {
    expect(on(behind(), { type: 'release' }, FEBRUARY)).toMatchObject({ code: 'not_on_hold' });
    const heldUp = must(on(behind(), { type: 'hold', until: null }, FEBRUARY)).state;
    expect(must(on(heldUp, { type: 'release' }, FEBRUARY + DAY)).state).not.toHaveProperty('dunning.hold');
    expect(on(behind(), { type: 'hold', until: FEBRUARY }, FEBRUARY)).toMatchObject({ code: 'date_past' });
  });

  test('skips the next try', () => {
    const skipped = must(on(behind(), { type: 'skip_retry' }, FEBRUARY)).state;
    expect(nextDue(skipped)).toMatchObject({ type: 'retry_due', at: at('2027-02-04') - 3 * HOUR });
    expect(on(behind({ retries: {} }), { type: 'skip_retry' }, FEBRUARY)).toMatchObject({ code: 'no_retry_planned' });
  });

  test('retries now; two of them make one attempt', () => {
    const first = must(on(behind(), { type: 'retry' }, FEBRUARY + HOUR));
    expect(kinds(first.effects)).toEqual(['charge']);
    expect(on(first.state, { type: 'retry' }, FEBRUARY + HOUR)).toEqual({ outcome: 'unchanged', rule: 'retry.joined' });
    expect(
      on(run(first.state, [succeeded(2, 2), FEBRUARY + HOUR]), { type: 'retry' }, FEBRUARY + 2 * HOUR),
    ).toMatchObject({ code: 'nothing_owed' });
  });
});

describe('the end', () => {
  const END = FEBRUARY + 21 * DAY;
  const ended = (end: DunningEnd, over: Partial<HeldPolicy> = {}) =>
    must(on(behind({ end, ...over }), { type: 'dunning_ended' }, END));
  test.each<[DunningEnd, Subscription['state'], string]>([
    ['unpaid', 'unpaid', 'subscription.unpaid'],
    ['cancel', 'canceled', 'subscription.canceled'],
    ['pause', 'paused', 'subscription.paused'],
    // The baseline plan is not sold in its currency.
    ['downgrade', 'unpaid', 'subscription.unpaid'],
  ])('%s leaves it %s', (end, state, event) => {
    const { state: after, effects } = ended(end);
    expect(after.state).toBe(state);
    expect(effects.map((effect) => effect.type === 'announce' && effect.event)).toContain(event);
    expect(after).toMatchObject({ invoices: [{ collection: { step: 'stopped' } }] });
  });

  test('a pause for a debt ends with the debt, and with nothing else', () => {
    const { state } = ended('pause');
    expect(on(state, { type: 'resume' }, END + DAY)).toMatchObject({ code: 'debt_unpaid' });
    const asked = must(
      on(state, { type: 'pay', invoice: 'inv_1_2', paymentMethod: 'pm_2', onSession: true }, END + DAY),
    );
    const paid = must(on(asked.state, succeeded(2, 2), END + DAY));
    expect(paid.state.state).toBe('active');
    expect(paid.effects).toContainEqual(expect.objectContaining({ event: 'subscription.recovered' }));
  });

  test('a downgrade begins the baseline plan, and dunns nobody for what is left behind', () => {
    const baseline = terms({ planId: 'free', unitAmount: '0' });
    const { state } = ended('downgrade', { baseline });
    expect(state).toMatchObject({
      state: 'active',
      terms: { planId: 'free' },
      invoices: [{ id: 'inv_1_2', left: true }],
    });
    const asked = must(
      on(state, { type: 'pay', invoice: 'inv_1_2', paymentMethod: 'pm_2', onSession: true }, END + DAY),
    );
    const failed = must(on(asked.state, declined(2, 2), END + DAY)).state;
    expect(failed.state).toBe('active');
  });
});

describe('fallback methods', () => {
  const fact = (id: MethodFact['id'], over: Partial<MethodFact> = {}): MethodFact => ({
    ...{ id, triedAt: null, isDead: false, notBefore: null, ...over },
  });
  const tried = fact('pm_1', { triedAt: FEBRUARY });
  const chosen = (methods: MethodFact[], decline: DeclineClass = 'soft', over: Partial<HeldPolicy> = {}) => {
    const { effects } = must(failing(held({ fallbacks: true, ...over }), declined(2, 1, decline), methods));
    return effects.flatMap((effect) => (effect.type === 'charge' ? [effect.paymentMethod] : []));
  };
  test.each<[string, MethodFact[], DeclineClass, string[]]>([
    ['the next is tried at once', [tried, fact('pm_2'), fact('pm_3')], 'hard', ['pm_2']],
    ['never the failing card again', [tried], 'soft', []],
    ['nor another method with that card', [tried, fact('pm_2', { triedAt: FEBRUARY - HOUR })], 'soft', []],
    ['nor in the same night', [fact('pm_2', { triedAt: at('2027-02-01T23:59:00Z') - DAY + 10 * HOUR })], 'soft', []],
    ['nor one that is dead', [tried, fact('pm_2', { isDead: true }), fact('pm_3')], 'soft', ['pm_3']],
    ['nor one at a network’s limit', [tried, fact('pm_2', { notBefore: FEBRUARY + 1 })], 'soft', []],
    ['another card would meet the same trouble', [tried, fact('pm_2')], 'processor_trouble', []],
  ])('%s', (_, methods, decline, expected) => {
    expect(chosen(methods, decline)).toEqual(expected);
  });

  test('none without the policy’s leave', () => {
    expect(chosen([tried, fact('pm_2')], 'soft', { fallbacks: false })).toEqual([]);
  });

  test('a planned try that finds no method is left out', () => {
    const state = must(failing(held({ fallbacks: true }), declined(2), [tried])).state;
    const due = nextDue(state)!;
    const dead = [fact('pm_1', { isDead: true })];
    const left = must(
      decide(state, {
        ...input({ type: 'retry_due', invoice: 'inv_1_2' }, due.at),
        shared: { ...NOTHING_SHARED, methods: dead },
      }),
    );
    expect(kinds(left.effects)).toEqual([]);
    expect(nextDue(left.state)).toMatchObject({ type: 'retry_due', at: due.at + 2 * DAY });
  });
});
