import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Access } from '../../src/domain/access.ts';
import { type Entitlement, entitlementsOf, type Override, type Subscribed } from '../../src/domain/entitlements.ts';
import type { Feature } from '../../src/domain/feature.ts';
import { DAY } from '../../src/domain/time.ts';
import { at } from './builders.ts';

const NOW = at('2027-01-15');
const projects: Feature = { id: 'projects', name: 'Projects', type: 'limit', limit: 3 };
const calls: Feature = { id: 'calls', name: 'Calls', type: 'metered', meter: 'calls', limit: 100 };
const reports: Feature = { id: 'reports', name: 'Reports', type: 'boolean' };
const takeOut: Feature = { id: 'export', name: 'Export', type: 'boolean', essential: true };

const access = (level: Access['level'], until: number | null = null): Access => ({ level, until });
const subscribed = (over: Partial<Subscribed> = {}): Subscribed => ({
  ...{ access: access('full'), tier: 'baseline', quantity: 1, features: [projects, calls, reports, takeOut] },
  lastsUntil: NOW + DAY,
  ...over,
});
const unlimited = subscribed({
  tier: 'enterprise',
  features: [
    { id: 'projects', name: 'Projects', type: 'limit' },
    { id: 'calls', name: 'Calls', type: 'metered', meter: 'calls' },
  ],
});
const override = (feature: string, value: Override['value'], until: number | null = null): Override => ({
  ...{ feature, value, until },
});
const short = (each: Entitlement) => [each.feature, each.enabled, ...('limit' in each ? [each.limit] : [])].join(' ');

const seats = (quantity: number) =>
  subscribed({ quantity, features: [{ id: 'seats', name: 'Seats', type: 'limit', limit: 2, perUnit: true }] });

type Case = { given?: Subscribed[]; agreed?: Override[]; tier?: string | null; level?: Access['level']; has: string[] };
const onlyProjects = subscribed({ features: [projects] });
const ended = access('none');
const EVERYTHING = ['calls true 100', 'export true', 'projects true 3', 'reports true'];

test.each<[string, Case]>([
  ['nobody without a subscription', { given: [], tier: null, level: 'none', has: [] }],
  ['the tier baseline has numbers', { has: EVERYTHING }],
  [
    'the tier enterprise is unlimited',
    { given: [unlimited], tier: 'enterprise', has: ['calls true ', 'projects true '] },
  ],
  [
    'grace takes nothing away',
    { given: [subscribed({ access: access('grace', NOW + 1) })], level: 'grace', has: EVERYTHING },
  ],
  [
    'restricted leaves what is essential',
    {
      ...{ given: [subscribed({ access: access('restricted') })], level: 'restricted' },
      has: ['calls false 100', 'export true', 'projects false 3', 'reports false'],
    },
  ],
  [
    'without access all is off, and has no tier',
    {
      ...{ given: [subscribed({ access: ended })], tier: null, level: 'none' },
      has: ['calls false 100', 'export false', 'projects false 3', 'reports false'],
    },
  ],
  ['a limit for each unit', { given: [seats(7)], has: ['seats true 14'] }],
  ['of two the more generous', { given: [seats(1), seats(5)], has: ['seats true 10'] }],
  [
    'what is unlimited is the most, and the tier is the best one’s',
    { given: [onlyProjects, unlimited], tier: 'enterprise', has: ['calls true ', 'projects true '] },
  ],
  [
    'one that is over takes nothing from another',
    { given: [{ ...unlimited, access: ended }, onlyProjects], has: ['calls false ', 'projects true 3'] },
  ],
  [
    'what was agreed replaces the plan’s word',
    {
      agreed: [
        override('projects', { type: 'limit', limit: 9 }),
        override('reports', { type: 'boolean', enabled: false }),
      ],
      has: ['calls true 100', 'export true', 'projects true 9', 'reports false'],
    },
  ],
  [
    'also upwards to no end, and for what no plan has',
    {
      given: [onlyProjects],
      agreed: [
        override('projects', { type: 'limit', limit: null }),
        override('beta', { type: 'boolean', enabled: true }),
      ],
      has: ['beta true', 'projects true '],
    },
  ],
  [
    'it ends with its time',
    {
      given: [onlyProjects],
      agreed: [override('projects', { type: 'limit', limit: 9 }, NOW)],
      has: ['projects true 3'],
    },
  ],
  [
    'it gives no access',
    {
      ...{ given: [subscribed({ access: ended, features: [] })], tier: null, level: 'none' },
      ...{ agreed: [override('beta', { type: 'boolean', enabled: true })], has: ['beta false'] },
    },
  ],
])('%s', (_rule, { given = [subscribed()], agreed = [], tier = 'baseline', level = 'full', has }) => {
  const found = entitlementsOf(given, agreed, NOW);
  expect({ tier: found.tier, level: found.access.level }).toEqual({ tier, level });
  expect(found.features.map(short)).toEqual(has);
});

describe('what is metered', () => {
  const metered = (used: number | null, over: Partial<Subscribed> = {}) =>
    entitlementsOf([subscribed({ features: [calls], ...over })], [], NOW, () => used).features[0];
  test.each([
    ['some is used', 30, { used: 30, remaining: 70, enabled: true }],
    ['all is used: it is switched off', 100, { used: 100, remaining: 0, enabled: false }],
    ['more than all is used', 130, { used: 130, remaining: 0, enabled: false }],
    ['nothing is counted', null, { used: null, remaining: 100, enabled: true }],
  ])('%s', (_what, used, wanted) => {
    expect(metered(used)).toMatchObject({ type: 'metered', meter: 'calls', limit: 100, ...wanted });
  });

  test('without an end nothing runs out', () => {
    expect(metered(5, { tier: 'enterprise' })).toMatchObject({ limit: null, used: 5, remaining: null });
  });
});

test('of accesses the best is told, and of equal ones the longest', () => {
  const levels = (...all: Access[]) =>
    entitlementsOf(
      all.map((each) => subscribed({ access: each })),
      [],
      NOW,
    ).access;
  expect(levels(access('restricted', 9), access('grace', 1))).toEqual(access('grace', 1));
  expect(levels(access('full', 5), access('full', 9))).toEqual(access('full', 9));
  expect(levels(access('full', 5), access('full'))).toEqual(access('full'));
});

const anyAccess = fc
  .constantFrom<Access['level'][]>('full', 'grace', 'restricted', 'none')
  .map((level) => access(level));
const anySubscribed = fc.record({
  access: anyAccess,
  tier: fc.constantFrom('baseline' as const, 'enterprise' as const),
  quantity: fc.integer({ min: 1, max: 100_000 }),
  lastsUntil: fc.constant(null),
  features: fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      name: fc.constant('x'),
      type: fc.constant('limit' as const),
      limit: fc.nat(1_000_000_000),
      perUnit: fc.boolean(),
    }),
    { selector: ({ id }) => id },
  ),
});

test('one more subscription never takes anything away, and their order says nothing', () => {
  const rank = (each: Entitlement | undefined) =>
    each?.enabled && each.type === 'limit' ? (each.limit ?? Number.POSITIVE_INFINITY) : -1;
  fc.assert(
    fc.property(fc.array(anySubscribed, { maxLength: 4 }), anySubscribed, (some, more) => {
      const before = entitlementsOf(some, [], NOW);
      const after = entitlementsOf([...some, more], [], NOW);
      for (const each of before.features) {
        expect(rank(after.features.find(({ feature }) => feature === each.feature))).toBeGreaterThanOrEqual(rank(each));
      }
      const ranks = (all: Subscribed[]) =>
        entitlementsOf(all, [], NOW).features.map((each) => [each.feature, rank(each)]);
      expect(ranks([more, ...some])).toEqual(ranks([...some, more]));
    }),
  );
});
