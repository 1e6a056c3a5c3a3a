/** What a program on a customer's machine is told it may do, and for how long; and when a machine may have a seat. */
import type { Entitlement, Entitlements } from './entitlements.ts';
import type { Tier } from './feature.ts';
import { DAY, HOUR, type Instant } from './time.ts';

/** A machine that never comes back works no longer than that, and a revoked one needs to be named no longer. */
export const LICENCE_LIVES = 14 * DAY;
/** How often a seat may go to another machine. */
export const SEAT_COOL_DOWN = 24 * HOUR;
/** The feature that says how many machines a plan is for. Where a plan has none, as many as units are subscribed. */
const DEVICES = 'devices';

/** On or off, or how much of it; null is unlimited. */
export type Features = { [feature: string]: boolean | number | null };
export type Terms = { tier: Tier; features: Features; expiresAt: Instant };

/** Null without access. */
export function licenceTerms(held: Entitlements, at: Instant): Terms | null {
  if (held.tier === null) return null;
  const last = at + LICENCE_LIVES;
  return {
    tier: held.tier,
    features: Object.fromEntries(held.features.map((each) => [each.feature, valueIn(each)])),
    expiresAt: held.lastsUntil === null ? last : Math.min(last, held.lastsUntil),
  };
}

function valueIn(each: Entitlement): boolean | number | null {
  if (!each.enabled) return false;
  return each.type === 'boolean' ? true : each.limit;
}

/** Null is unlimited. */
export function seatsOf({ features }: Entitlements, units: number): number | null {
  const devices = features.find(({ feature }) => feature === DEVICES);
  return devices && 'limit' in devices ? devices.limit : units;
}

export type Seat = { activatedAt: Instant; releasedAt: Instant | null };

/** A seat that was given up is free again at once, unless it was taken only just before. */
export const isTaken = ({ activatedAt, releasedAt }: Seat, at: Instant): boolean =>
  releasedAt === null || at < activatedAt + SEAT_COOL_DOWN;
