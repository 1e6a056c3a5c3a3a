import { randomBytes } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { readLink, signLink } from '../../src/security/links.ts';

const key = randomBytes(32);
const NOW = Date.parse('2027-01-01T12:00:00Z');
const linked = { tenant: 'ten_1', mode: 'test', subject: 'inv_1_1' } as const;
const token = signLink(key, 'pay', linked, NOW + 60_000);

test('says what it was signed for, until its time is over', () => {
  expect(readLink(key, 'pay', token, NOW)).toEqual({ outcome: 'good', ...linked });
  expect(readLink(key, 'pay', token, NOW + 59_000)).toMatchObject({ outcome: 'good' });
  expect(readLink(key, 'pay', token, NOW + 60_000)).toEqual({ outcome: 'expired' });
});

test('is good for one purpose, and by one key', () => {
  expect(readLink(key, 'cancel', token, NOW)).toEqual({ outcome: 'tampered' });
  expect(readLink(randomBytes(32), 'pay', token, NOW)).toEqual({ outcome: 'tampered' });
});

test('can’t be pointed elsewhere, or given more time', () => {
  const [payload = '', mac] = token.split('.');
  const text = Buffer.from(payload, 'base64url').toString();
  for (const other of [text.replace('inv_1_1', 'inv_1_2'), text.replace('test', 'live'), `${text}z`]) {
    const forged = `${Buffer.from(other).toString('base64url')}.${mac}`;
    expect(readLink(key, 'pay', forged, NOW)).toEqual({ outcome: 'tampered' });
  }
});

property.prop([fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 })])(
  'no sign of it may be another',
  (at, sign) => {
    const changed = token.slice(0, at) + sign + token.slice(at + 1);
    expect(readLink(key, 'pay', changed, NOW).outcome).toBe(changed === token ? 'good' : 'tampered');
  },
);

property.prop([fc.string()])('anything else is none', (text) => {
  expect(readLink(key, 'pay', text, NOW)).toEqual({ outcome: 'tampered' });
});
