import { fc, test } from '@fast-check/vitest';
import { test as example, expect } from 'vitest';
import { createRoom } from '../../src/webhooks/body.ts';
import { createLimiter, senderOf } from '../../src/webhooks/limit.ts';

const LIMITS = { refusals: 3, refillMs: 1_000, atOnce: 2, addresses: 5 };

function limiterAt() {
  const clock = { now: 1_000_000 };
  return { clock, limiter: createLimiter(LIMITS, () => clock.now) };
}
const refuse = (limiter: ReturnType<typeof createLimiter>, address = 'a') => {
  const pass = limiter.enter(address)!;
  const refusal = pass.refuse();
  pass.leave();
  return refusal;
};

example('refusals are counted, and come back one by one', () => {
  const { clock, limiter } = limiterAt();
  expect([1, 2, 3, 4, 5].map(() => refuse(limiter).counted)).toEqual(['yes', 'yes', 'last', 'spent', 'spent']);
  expect(refuse(limiter, 'b').counted).toBe('yes');
  clock.now += 999;
  expect(refuse(limiter)).toEqual({ counted: 'spent', retryAfterSeconds: 1 });
  clock.now += 1;
  expect(refuse(limiter).counted).toBe('last');
  expect(refuse(limiter).counted).toBe('spent');
});

example('what is forgotten is what was not seen for longest', () => {
  const { limiter } = limiterAt();
  for (let i = 0; i < 4; i++) refuse(limiter, 'a');
  for (const other of ['b', 'c', 'd', 'e']) refuse(limiter, other);
  refuse(limiter, 'a');
  refuse(limiter, 'f'); // b has to go
  expect([refuse(limiter, 'a').counted, refuse(limiter, 'b').counted]).toEqual(['spent', 'yes']);
  expect(limiter.size).toBe(5);
});

const knock = fc.record({
  address: fc.constantFrom(...'abcdefgh'),
  genuine: fc.boolean(),
  after: fc.constantFrom(0, 1, 500, 1_000, 10_000),
});
test.prop([fc.array(knock, { maxLength: 60 })], { numRuns: 10_000 })(
  'one after the other all are heard; no address gets more refusals than time has given it; memory is bounded',
  (knocks) => {
    const { clock, limiter } = limiterAt();
    const answered = new Map<string, number[]>();
    for (const { address, genuine, after } of knocks) {
      clock.now += after;
      const pass = limiter.enter(address);
      expect(pass).not.toBeNull();
      if (!genuine && pass!.refuse().counted !== 'spent') {
        answered.set(address, [...(answered.get(address) ?? []), clock.now]);
      }
      pass!.leave();
      expect(limiter.size).toBeLessThanOrEqual(LIMITS.addresses);
    }
    const addresses = new Set(knocks.map(({ address }) => address));
    if (addresses.size > LIMITS.addresses) return; // then one may be forgotten
    for (const times of answered.values()) {
      for (const [i, from] of times.entries()) {
        const within = times.slice(i).filter((time) => time < from + LIMITS.refillMs).length;
        expect(within).toBeLessThanOrEqual(LIMITS.refusals + 1);
      }
    }
    clock.now += 100_000;
    for (const address of addresses) limiter.enter(address)?.leave();
    expect(limiter.size).toBe(0);
  },
);

test.prop([fc.array(fc.boolean(), { maxLength: 50 })])('who is spent is heard by a few at once', (steps) => {
  const { limiter } = limiterAt();
  for (let i = 0; i < 3; i++) refuse(limiter);
  const inside: { leave(): void }[] = [];
  for (const comes of steps) {
    if (!comes) inside.pop()?.leave();
    else {
      const pass = limiter.enter('a');
      expect(pass === null).toBe(inside.length === LIMITS.atOnce);
      if (pass) inside.push(pass);
    }
  }
});

example.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  [undefined, 'unknown'],
])('%s is the sender %s', (address, sender) => {
  expect(senderOf(address)).toBe(sender);
});

example('what all bodies together may take', () => {
  const room = createRoom(10);
  expect([room.take(6), room.take(5), room.take(4), room.take(1)]).toEqual([true, false, true, false]);
  room.give(4);
  expect(room.take(4)).toBe(true);
});
