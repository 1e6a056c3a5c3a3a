import { fc, test } from '@fast-check/vitest';
import { test as example, expect } from 'vitest';
import { checkSeal, macOfKept, macOfRaw, type Sealable } from '../../src/db/inbox-mac.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';

const key = (letter: string): string => Buffer.alloc(32, letter).toString('base64');
const OLD = parseKeyRing(`old:${key('o')}`);
const RING = parseKeyRing(`new:${key('n')},old:${key('o')}`);

const kept: Sealable = {
  provider: 'stripe',
  account: 'default',
  mode: 'test',
  eventId: 'evt_1',
  tenant: 'ten_1',
  subscription: 'sub_1',
  type: 'payment_intent.succeeded',
  facts: [{ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 1, payment: 'pi_1', amount: 3000 }],
  occurredAt: 1_800_000_000_000,
  verifiedBy: 'stripe:abc',
  rawMac: macOfRaw(RING, Buffer.from('{}')).mac,
};

const others: { [Field in keyof Sealable]: fc.Arbitrary<unknown> } = {
  provider: fc.constant('paypal'),
  account: fc.string(),
  mode: fc.constant('live'),
  eventId: fc.string(),
  tenant: fc.option(fc.string().map((text) => `ten_${text}`)),
  subscription: fc.option(fc.string().map((text) => `sub_${text}`)),
  type: fc.string(),
  facts: fc.array(fc.record({ ...mapConstants(kept.facts[0]!), amount: fc.integer() }), { maxLength: 2 }),
  occurredAt: fc.integer({ min: 0 }),
  verifiedBy: fc.string(),
  rawMac: fc.option(fc.uint8Array({ maxLength: 33 }).map((bytes) => Buffer.from(bytes))),
};
function mapConstants(value: object): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fc.constant(each)]));
}
const change = fc.oneof(
  ...Object.entries(others).map(([field, values]) => values.map((value) => ({ [field]: value }) as Partial<Sealable>)),
);

test.prop([change], { numRuns: 10_000 })('no other event has the same seal', (changed) => {
  const other = { ...kept, ...changed };
  const same = JSON.stringify(other) === JSON.stringify(kept);
  expect(checkSeal(RING, other, 'new', macOfKept(RING, 'new', kept))).toBe(same ? 'sound' : 'broken');
});

example('the order in which a fact’s fields come out of the database makes no difference', () => {
  const [fact] = kept.facts;
  const turned = Object.fromEntries(Object.entries(fact!).reverse()) as typeof fact;
  expect(checkSeal(RING, { ...kept, facts: [turned!] }, 'new', macOfKept(RING, 'new', kept))).toBe('sound');
});

example('a seal holds while its key is in the ring', () => {
  const sealed = macOfKept(OLD, 'old', kept);
  expect(checkSeal(RING, kept, 'old', sealed)).toBe('sound');
  expect(checkSeal(RING, kept, 'new', sealed)).toBe('broken');
  expect(checkSeal(OLD, kept, 'new', macOfKept(RING, 'new', kept))).toBe('unknown_key');
  expect(checkSeal(RING, kept, null, sealed)).toBe('missing');
  expect(checkSeal(RING, kept, 'old', null)).toBe('missing');
  expect(checkSeal(RING, kept, 'old', sealed.subarray(1))).toBe('broken');
});

example('a body’s hash is no seal, and needs the key', () => {
  const body = Buffer.from('{"id":"evt_1"}');
  expect(macOfRaw(RING, body)).toEqual(macOfRaw(RING, Buffer.from(body)));
  expect(macOfRaw(RING, body).mac).not.toEqual(macOfRaw(OLD, body).mac);
});
