/** To another version of the price book and back: what it had is kept, what it costs is told before, and is what it costs. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { canonical } from '../../src/domain/canonical.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { InputOf } from '../../src/domain/input.ts';
import {
  type Held,
  heldBy,
  type MigrationTarget,
  migrationOf,
  movedTerms,
  movesWhen,
} from '../../src/domain/migrate.ts';
import { previewMigration } from '../../src/domain/migration-preview.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { type Plan, type Terms, termsOf, withAddOns } from '../../src/domain/price-book.ts';
import { type Accepted, isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { DAY } from '../../src/domain/time.ts';
import { live, storyOn } from '../support/lives.ts';
import {
  active,
  at,
  draft,
  FEBRUARY,
  hybrid,
  hybridPlan,
  must,
  pastDue,
  run,
  START,
  subscribe,
  succeeded,
  terms,
  trialing,
} from './builders.ts';

const plan = (id: string, unitAmount: string, over: Partial<Plan> = {}): Plan => ({
  ...{ id, product: 'app', name: id, interval: { unit: 'month', count: 1 }, trialDays: 0 },
  prices: [{ currency: 'usd', model: 'per_unit', unitAmount }],
  ...over,
});
const addOns = (unitAmount: string): Pick<Plan, 'addOns'> => ({
  addOns: [{ id: 'backup', name: 'Backup', prices: [{ currency: 'usd', model: 'per_unit', unitAmount }] }],
});
const target = (...plans: Plan[]): MigrationTarget => ({ id: 'pb_2', document: { plans } });
const dearer = target(plan('pro', '4500'));

type Settings = {
  plans?: Record<string, string | null>;
  when?: 'now' | 'period_end';
  proration?: InputOf<'migrate'>['proration'];
};
const command = (
  state: Subscription,
  book = dearer,
  { plans = {}, when = 'period_end', proration = null }: Settings = {},
) => {
  const made = migrationOf(state as Accepted, book, { migration: 'mig_1', plans, when, proration });
  if (!made || 'code' in made) throw new Error(JSON.stringify(made));
  return made;
};
const origin = { by: 'principal', ref: 'operator' } as const;
const moved = (state: Subscription, when: number, book = dearer, settings: Settings = {}) =>
  must(decide(state, { ...command(state, book, settings), at: when, origin }));
const kept = (effects: readonly Effect[]) => effects.find((effect) => effect.type === 'record_migration')!;
const undo = (
  state: Subscription,
  { before, after }: { before: Held; after: Held },
  when: number,
  settings: Settings = {},
) =>
  decide(state, {
    ...{ type: 'undo_migration', migration: 'mig_1', before, after, at: when, origin },
    ...{ when: settings.when ?? 'period_end', proration: settings.proration ?? null },
  });
const next = (state: Subscription) => {
  const due = nextDue(state)!;
  return must(decide(state, { ...due, origin: { by: 'clock', ref: due.type } }));
};
const invoiced = (effects: readonly Effect[]): number[] =>
  effects.flatMap((effect) => (effect.type === 'issue_invoice' ? [effect.invoice.total] : []));
const accepted = (state: Subscription): Accepted => {
  if (!isAccepted(state)) throw new Error(state.state);
  return state;
};

const middle = at('2027-01-16');

describe('at the period’s end', () => {
  test('the old price holds to the end of what is paid, and the new one from then on', () => {
    const { state, effects, rule } = moved(active(), middle);
    expect(rule).toBe('migrate.at_period_end');
    expect(invoiced(effects)).toEqual([]);
    expect(accepted(state).terms).toMatchObject({ priceBookId: 'pb_1', unitAmount: '3000' });
    const renewed = next(state);
    expect(invoiced(renewed.effects)).toEqual([4500]);
    expect(accepted(renewed.state).terms).toMatchObject({ priceBookId: 'pb_2', unitAmount: '4500' });
  });

  test.each<[string, Subscription, number]>([
    ['a trial', trialing(), at('2027-01-05')],
    ['a debt', pastDue(), FEBRUARY + DAY],
    ['a pause', run(active(), [{ type: 'pause', resumeAt: null }, middle]), middle],
  ])('%s is moved as well', (_what, state, when) => {
    expect(accepted(moved(state, when).state).pending?.terms.priceBookId).toBe('pb_2');
  });

  test('what the customer has planned is planned on, at the new terms', () => {
    const planned = run(active(), [
      {
        type: 'change',
        terms: terms({ planId: 'basic', unitAmount: '1000' }),
        quantity: 2,
        when: 'period_end',
        proration: null,
      },
      middle,
    ]);
    const { state } = moved(planned, middle, target(plan('pro', '4500'), plan('basic', '1100')));
    expect(accepted(state).pending).toMatchObject({ quantity: 2, terms: { planId: 'basic', unitAmount: '1100' } });
    expect(invoiced(next(state).effects)).toEqual([2200]);
  });
});

test('an add-on that is given up at the period’s end need not be sold there', () => {
  const first = run(draft(), [subscribe({ terms: hybrid([{ id: 'support', quantity: 1 }]) }), START]);
  const held = run(first, [succeeded(1, 1, accepted(first).invoices[0]!.amount), START]);
  const planned = run(held, [
    { type: 'change', terms: hybrid(), quantity: 1, when: 'period_end', proration: null },
    middle,
  ]);
  const book = target({ ...hybridPlan, ...addOns('1') });
  expect(movedTerms(accepted(planned).terms, book, {})).toMatchObject({ code: 'add_on_not_sold' });
  const { state, effects } = moved(planned, middle, book);
  expect(accepted(state).pending?.terms).toMatchObject({ priceBookId: 'pb_2', planId: 'business' });
  expect(must(undo(state, kept(effects), middle)).state).toEqual(planned);
});

describe('now', () => {
  test('the rest of the period is prorated, in the words of a change', () => {
    const { state, effects, rule } = moved(active(), middle, dearer, { when: 'now' });
    expect(rule).toBe('migrate.now');
    // 45.00 less 30.00 for 16 of 31 days: 23.23 − 15.48.
    expect(invoiced(effects)).toEqual([775]);
    expect(accepted(state).terms).toMatchObject({ priceBookId: 'pb_2' });
    expect(effects.filter((effect) => effect.type === 'announce').map(({ event }) => event)).not.toContain(
      'subscription.changed',
    );
    const decision = decide(active(), { ...command(active(), dearer, { when: 'now' }), at: middle, origin });
    expect(decision).toMatchObject({
      because: {
        ...{ migration: 'mig_1', fromPriceBook: 'pb_1', toPriceBook: 'pb_2', day: '2027-01-16' },
        ...{ from: 'Pro', fromPrice: 3000, to: 'pro', toPrice: 4500 },
        arithmetic: expect.stringMatching(/Unused time on Pro: -15\.48 USD = .*; Remaining time on pro: 23\.23 USD = /),
      },
    });
  });

  test('without proration nothing is billed, and a trial goes on', () => {
    expect(invoiced(moved(active(), middle, dearer, { when: 'now', proration: 'none' }).effects)).toEqual([]);
    const { state } = moved(trialing(), at('2027-01-05'), dearer, { when: 'now' });
    expect(state.state).toBe('trialing');
    expect(invoiced(next(state).effects)).toEqual([4500]);
  });

  test('what costs the same is no invoice', () => {
    const same = target(plan('pro', '3000'));
    const { state, effects } = moved(active(), middle, same, { when: 'now' });
    expect(accepted(state).terms.priceBookId).toBe('pb_2');
    expect([invoiced(effects), accepted(state).carried]).toEqual([[], []]);
  });

  test('what is paused is moved without money, and pays the new price when it goes on', () => {
    const paused = run(active(), [{ type: 'pause', resumeAt: null }, middle]);
    const when = movesWhen(paused, 'now');
    const { state, effects } = moved(paused, middle, dearer, { when });
    expect([when, invoiced(effects)]).toEqual(['period_end', []]);
    const within = run(state, [{ type: 'resume' }, middle + DAY]);
    expect(accepted(within).terms.priceBookId).toBe('pb_1');
    expect(invoiced(next(within).effects)).toEqual([4500]);
    const later = must(decide(state, { type: 'resume', at: FEBRUARY + DAY, origin }));
    expect(invoiced(later.effects)).toEqual([4500]);
  });

  test.each([
    ['a debt', pastDue(), FEBRUARY + DAY, 'not_while_past_due'],
    ['a pause', run(active(), [{ type: 'pause', resumeAt: null }, middle]), middle, 'not_while_paused'],
  ])('%s is left to the period’s end', (_what, state, when, code) => {
    expect(decide(state, { ...command(state, dearer, { when: 'now' }), at: when, origin })).toMatchObject({
      ...{ outcome: 'refused', code },
    });
  });
});

test('quantity and add-ons are kept, and cost what they cost there', () => {
  const state = run(run(draft(), [subscribe({ terms: hybrid([{ id: 'backup', quantity: 3 }]), quantity: 7 }), START]), [
    succeeded(1, 1, 33_400),
    START,
  ]);
  const there = target({
    ...hybridPlan,
    prices: [{ currency: 'usd', model: 'per_unit', unitAmount: '2000' }],
    ...addOns('700'),
  });
  const { state: after } = moved(state, middle, there);
  expect(accepted(after).pending).toMatchObject({
    quantity: 7,
    terms: { planId: 'business', unitAmount: '2000', addOns: [{ id: 'backup', quantity: 3, unitAmount: '700' }] },
  });
  expect(invoiced(next(after).effects)).toEqual([7 * 2000 + 3 * 700]);
});

test('a plan follows another where it is said, and a mapping to null leaves it', () => {
  const book = target(plan('pro_2027', '4000'));
  expect(movedTerms(terms(), book, { pro: 'pro_2027' })).toMatchObject({ planId: 'pro_2027', unitAmount: '4000' });
  expect(movedTerms(terms(), book, { pro: null })).toBeNull();
});

test.each([
  ['a plan that isn’t sold there', terms(), target(plan('max', '1')), 'plan_not_sold', /pb_2 has no plan pro/],
  ['a currency', { ...terms(), currency: 'eur' }, dearer, 'plan_not_in_currency', /pro has no price in eur in pb_2/],
  [
    'an add-on',
    hybrid([{ id: 'support', quantity: 1 }]),
    target({ ...hybridPlan, ...addOns('1') }),
    'add_on_not_sold',
    /sells no support/,
  ],
])('%s can’t be moved, and it is said why', (_what, held, book, code, detail) => {
  expect(movedTerms(held as Terms, book, {})).toMatchObject({ code, detail: expect.stringMatching(detail) });
});

test.each([
  [
    'one that is there',
    (state: Accepted) => ({ ...state, terms: { ...state.terms, priceBookId: 'pb_2' } }),
    'already_there',
  ],
  [
    'one whose add-ons have changed',
    (state: Accepted) => ({
      ...state,
      terms: { ...state.terms, addOns: [{ id: 'x', name: 'x', quantity: 1, model: 'flat', unitAmount: '1' }] },
    }),
    'changed_meanwhile',
  ],
  [
    'one that plans something now',
    (state: Accepted) => ({ ...state, pending: { terms: terms(), quantity: 2 } }),
    'changed_meanwhile',
  ],
] as const)('%s is not moved', (_what, change, code) => {
  const given = command(active());
  expect(decide(change(accepted(active())) as Subscription, { ...given, at: middle, origin })).toMatchObject({
    ...{ outcome: 'refused', code },
  });
});

test.each([
  draft(),
  run(draft(), [subscribe(), START]),
  run(active(), [{ type: 'cancel', when: 'now', reason: null }, middle]),
])('nothing is moved that is $state', (state) => {
  const given = command(active());
  expect(decide(state, { ...given, at: middle, origin })).toMatchObject({
    outcome: 'refused',
    code: `not_while_${state.state}`,
  });
});

describe('undone', () => {
  test('before it held, nothing is left of it', () => {
    const { state, effects } = moved(active(), middle);
    const back = must(undo(state, kept(effects), middle));
    expect(back.rule).toBe('migration_undone.at_period_end');
    expect(back.state).toEqual(active());
  });

  test('after it held, the old price comes back with the next period', () => {
    const { state, effects } = moved(active(), middle);
    const renewed = next(state).state;
    const back = must(undo(renewed, kept(effects), FEBRUARY + DAY)).state;
    expect(accepted(back).terms.priceBookId).toBe('pb_2');
    expect(invoiced(next(back).effects)).toEqual([3000]);
  });

  test('what was moved now comes back now, and what was billed for it is given back by the day', () => {
    const { state, effects } = moved(active(), middle, dearer, { when: 'now' });
    const back = must(undo(state, kept(effects), middle, { when: 'now' }));
    expect(accepted(back.state).terms).toEqual(accepted(active()).terms);
    // A lowering counts from the next day: one day at the dearer price is kept.
    const credit = accepted(back.state).carried.reduce((sum, { amount }) => sum + amount, 0);
    expect(credit).toBe(-725); // 14.52 less 21.77, for 15 of 31 days
  });

  test.each<[string, (state: Subscription) => Subscription]>([
    [
      'another quantity',
      (state) => run(state, [{ type: 'change', terms: terms(), quantity: 3, when: 'now', proration: null }, middle]),
    ],
    [
      'another plan that is planned',
      (state) =>
        run(state, [
          { type: 'change', terms: terms({ planId: 'max' }), quantity: 1, when: 'period_end', proration: null },
          middle,
        ]),
    ],
  ])('%s is the customer’s own, and stays', (_what, change) => {
    const { state, effects } = moved(active(), middle);
    expect(undo(change(state), kept(effects), middle)).toMatchObject({
      ...{ outcome: 'refused', code: 'changed_since', detail: expect.stringContaining('was given') },
    });
  });
});

/** On a machine that does much else at the same time. */
const LONG = 240_000;

describe('of any life', () => {
  const before = [
    plan('pro', '3000', addOns('500')),
    plan('max', '9900'),
    plan('yearly', '30000', { interval: { unit: 'year', count: 1 } }),
  ];
  const after = target(
    plan('pro', '4500', addOns('450')),
    plan('max', '8000'),
    plan('yearly', '33333', { interval: { unit: 'year', count: 1 } }),
  );
  const sold = before.flatMap((each) => {
    const held = termsOf(each, 'pb_1', 'usd')!;
    const more = withAddOns(held, each, [{ id: 'backup', quantity: 2 }]);
    return 'terms' in more ? [held, more.terms] : [held];
  });
  const how = fc.record({
    when: fc.constantFrom('now' as const, 'period_end' as const),
    proration: fc.constantFrom(null, 'invoice_now' as const, 'next_invoice' as const, 'none' as const),
  });
  const given = { migration: 'mig_1', plans: {} } as const;
  /** A life, and the moment that it has come to. */
  const lived = (story: Parameters<typeof live>[0]): { state: Subscription; now: number } => {
    let now = START;
    const state = live(story, {
      decided(_before, input, _decision, at) {
        now = Math.max(now, at, input.at);
      },
    });
    return { state, now };
  };
  const MOVABLE: ReadonlySet<string> = new Set(['trialing', 'active', 'past_due', 'unpaid', 'paused']);
  /** Lives take longer than moves: each of these is moved at many moments, as late as nothing else falls due. */
  const lives = fc
    .sample(storyOn(sold, 16), { numRuns: 600, seed: 42 })
    .map(lived)
    .filter(({ state }) => MOVABLE.has(state.state));
  const moment = fc.tuple(fc.constantFrom(...lives), fc.nat(1_000)).map(([{ state, now }, share]) => {
    const until = Math.max(now, (nextDue(state)?.at ?? now + 1) - 1);
    return { state, now: now + Math.floor(((until - now) * share) / 1_000) };
  });
  const migrating = (
    state: Subscription,
    now: number,
    settings: { when: 'now' | 'period_end'; proration: InputOf<'migrate'>['proration'] },
  ) => {
    if (!isAccepted(state) || state.state === 'canceled') return null;
    const made = migrationOf(heldBy(state), after, { ...given, ...settings });
    if (!made || 'code' in made) return null;
    return { state, input: { ...made, at: now, origin } };
  };

  property.prop([moment, how], { numRuns: 10_000 })(
    'the preview is what then happens',
    ({ state, now }, settings) => {
      const asked = migrating(state, now, settings);
      if (!asked) return;
      const preview = previewMigration(asked.state, asked.input);
      const decision = decide(asked.state, asked.input);
      if (decision.outcome !== 'applied')
        return void expect(preview).toMatchObject({ code: (decision as { code: string }).code });
      if ('code' in preview) throw new Error(preview.detail);
      const billed = invoiced(decision.effects);
      if (billed.length > 0 || preview.now) expect(billed).toEqual([preview.now?.total]);
      // Time goes on, and every debt is paid.
      let after = { ...accepted(decision.state), invoices: [] } as Accepted as Subscription;
      for (let step = 0; step < 100; step++) {
        const due = nextDue(after);
        if (!due || due.type === 'listening_ended') break;
        const did = must(decide(after, { ...due, origin: { by: 'clock', ref: due.type } }));
        after = did.state;
        const issued = did.effects.find((effect) => effect.type === 'issue_invoice');
        if (!issued) continue;
        if (canonical(issued.invoice) !== canonical(preview.nextInvoice.after)) {
          expect(issued.invoice).toEqual(preview.nextInvoice.after);
        }
        return;
      }
      if (preview.nextInvoice.after !== null) expect(preview.nextInvoice.after).toBeNull();
    },
    LONG,
  );

  property.prop([moment, how], { numRuns: 10_000 })(
    'there and back is where it was',
    ({ state, now }, settings) => {
      const asked = migrating(state, now, settings);
      if (!asked) return;
      const there = decide(asked.state, asked.input);
      if (there.outcome !== 'applied') return;
      const back = must(undo(there.state, kept(there.effects), now, settings));
      const [was, is] = [canonical(heldBy(asked.state)), canonical(heldBy(accepted(back.state)))];
      if (was !== is) expect(heldBy(accepted(back.state))).toEqual(heldBy(asked.state));
    },
    LONG,
  );
});
