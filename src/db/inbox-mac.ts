/**
 * Our own seal on what the inbox keeps. The processor's signature was over a body that is gone; from then on this says
 * that a row is what the door has left, however it came to lie in the table, and so that a replay can be trusted.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonical } from '../domain/canonical.ts';
import { invariant } from '../domain/invariant.ts';
import type { KeyRing } from '../security/key-ring.ts';
import type { Heard, Told } from './inbox.ts';

export type RawMac = { key: string; mac: Buffer };

/** Equal for equal bodies; without the key nobody can try a body against it. */
export const macOfRaw = (keys: KeyRing, body: Buffer): RawMac => ({
  key: keys.current,
  mac: createHmac('sha256', keyOf(keys, keys.current)).update('inbox raw\0').update(body).digest(),
});

/** All of an event that never changes, and whose it is. Not where it stands: that is the relay's to move. */
export type Sealable = Omit<Heard, 'told' | 'ignored'> & {
  facts: readonly Told[];
  verifiedBy: string;
  rawMac: Buffer | null;
};

export function macOfKept(keys: KeyRing, key: string, kept: Sealable): Buffer {
  const { provider, account, mode, eventId, tenant, subscription, type, facts, occurredAt, verifiedBy, rawMac, claim } =
    kept;
  const raw = rawMac?.toString('hex') ?? null;
  const common = [provider, account, mode, eventId, tenant, subscription, type, facts, occurredAt, verifiedBy, raw];
  const whole = claim ? [...common, claim] : common;
  return createHmac('sha256', keyOf(keys, key)).update('inbox kept\0').update(canonical(whole)).digest();
}

export type Seal = 'sound' | 'missing' | 'unknown_key' | 'broken';

/** `macKey` and `keptMac` as they lie in the table. */
export function checkSeal(keys: KeyRing, kept: Sealable, macKey: string | null, keptMac: Buffer | null): Seal {
  if (macKey === null || keptMac === null) return 'missing';
  if (!keys.keys.has(macKey)) return 'unknown_key';
  const expected = macOfKept(keys, macKey, kept);
  return keptMac.length === expected.length && timingSafeEqual(keptMac, expected) ? 'sound' : 'broken';
}

export const WHY_NOT_SOUND: Record<Exclude<Seal, 'sound'>, string> = {
  missing: 'it has no seal: the door has not written it',
  unknown_key: 'its seal’s key is not in the ring',
  broken: 'its seal is broken: it was changed after the door had kept it',
};

function keyOf({ keys }: KeyRing, id: string): Buffer {
  const key = keys.get(id);
  invariant(key !== undefined, 'the key is in the ring');
  return key;
}
