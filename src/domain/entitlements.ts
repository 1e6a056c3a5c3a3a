/**
 * What a customer may use: a function of what it has subscribed to, how far access goes, what was agreed with it alone, and
 * what it has used. Of several subscriptions each feature is the most generous one's.
 */
import type { Access } from './access.ts';
import type { Countable, Feature, OverrideValue, Tier } from './feature.ts';
import type { Instant } from './time.ts';

export type Subscribed = {
  access: Access;
  tier: Tier;
  features: readonly Feature[];
  quantity: number;
  /** When it ends if nothing more is paid. */
  lastsUntil: Instant | null;
};
export type Override = { feature: string; value: OverrideValue; until: Instant | null };
/** In the period that runs; null where nothing is counted. */
export type UsedOf = (meter: string) => number | null;

type Source = 'plan' | 'override';
export type Entitlement = { feature: string; name: string; enabled: boolean; source: Source } & (
  | { type: 'boolean' }
  | { type: 'limit'; limit: number | null }
  | { type: 'metered'; meter: string; limit: number | null; used: number | null; remaining: number | null }
);
export type Entitlements = {
  /** Of the best subscription that gives access; null without any. */
  tier: Tier | null;
  access: Access;
  /** When all of it ends if nothing more is paid; null without access. */
  lastsUntil: Instant | null;
  features: Entitlement[];
};

const LEVELS = ['none', 'restricted', 'grace', 'full'] as const satisfies readonly Access['level'][];
const NO_ACCESS: Access = { level: 'none', until: null };

export function entitlementsOf(
  subscribed: readonly Subscribed[],
  overrides: readonly Override[],
  at: Instant,
  used: UsedOf = () => null,
): Entitlements {
  const holding = subscribed.filter(({ access }) => access.level !== 'none');
  const access = holding.reduce((best, each) => better(best, each.access), NO_ACCESS);
  const agreed = new Map(
    overrides.filter(({ until }) => until === null || at < until).map((each) => [each.feature, each.value]),
  );
  const found = new Map<string, Entitlement>();
  // What a plan would give stays listed without access: switched off.
  for (const each of subscribed) {
    for (const feature of each.features) {
      const override = agreed.get(feature.id);
      const entitlement = granted(feature, each, override, used);
      const known = found.get(feature.id);
      found.set(feature.id, known ? moreGenerous(known, entitlement) : entitlement);
    }
  }
  for (const [feature, value] of agreed) {
    if (!found.has(feature)) found.set(feature, beside(feature, value, access));
  }
  return {
    tier: holding.reduce<Tier | null>((best, { tier }) => (best === 'enterprise' ? best : tier), null),
    access,
    lastsUntil: latest(holding.map(({ lastsUntil }) => lastsUntil)),
    features: [...found.values()].sort((a, b) => (a.feature < b.feature ? -1 : 1)),
  };
}

const latest = (times: readonly (Instant | null)[]): Instant | null =>
  times.reduce((last, each) => (last === null || (each !== null && each > last) ? each : last), null);

function better(a: Access, b: Access): Access {
  const difference = LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level);
  if (difference !== 0) return difference > 0 ? b : a;
  return a.until !== null && (b.until === null || b.until > a.until) ? b : a;
}

function granted(
  feature: Feature,
  { access, tier, quantity }: Subscribed,
  override: OverrideValue | undefined,
  used: UsedOf,
): Entitlement {
  const { id, name, essential = false } = feature;
  const isOpen = access.level === 'full' || access.level === 'grace' || (access.level === 'restricted' && essential);
  const isGiven = override?.type !== 'boolean' || override.enabled;
  const base = { feature: id, name, enabled: isOpen && isGiven, source: override ? 'override' : 'plan' } as const;
  if (feature.type === 'boolean') return { ...base, type: 'boolean' };
  const limit = override?.type === 'limit' ? override.limit : limitOf(feature, tier, quantity);
  if (feature.type === 'limit') return { ...base, type: 'limit', limit };
  const count = used(feature.meter);
  const remaining = remainingOf(limit, count);
  const isLeft = count === null || remaining !== 0;
  return {
    ...{ ...base, enabled: base.enabled && isLeft, type: 'metered', meter: feature.meter },
    ...{ limit, used: count, remaining },
  };
}

const limitOf = ({ limit = 0, perUnit = false }: Countable, tier: Tier, quantity: number): number | null =>
  tier === 'enterprise' ? null : limit * (perUnit ? quantity : 1);

const remainingOf = (limit: number | null, used: number | null): number | null =>
  limit === null || used === null ? limit : Math.max(0, limit - used);

/** No plan of the customer's has it: what was agreed is all there is to say. */
function beside(feature: string, value: OverrideValue, { level }: Access): Entitlement {
  const isOpen = level === 'full' || level === 'grace';
  const base = { feature, name: feature, source: 'override' } as const;
  return value.type === 'boolean'
    ? { ...base, type: 'boolean', enabled: isOpen && value.enabled }
    : { ...base, type: 'limit', enabled: isOpen, limit: value.limit };
}

function moreGenerous(a: Entitlement, b: Entitlement): Entitlement {
  if (a.enabled !== b.enabled) return a.enabled ? a : b;
  if (a.type === 'boolean' || b.type === 'boolean') return a;
  return (a.limit ?? Number.POSITIVE_INFINITY) >= (b.limit ?? Number.POSITIVE_INFINITY) ? a : b;
}
