import { expect, test } from 'vitest';
import { isGranted, type Principal, refOfSubject } from '../../src/auth/principal.ts';
import { hashOfKey, newServiceKey, prefixOf } from '../../src/auth/service-keys.ts';

test('a key says its mode, is found by its beginning and known by its hash', () => {
  const { secret, prefix, hash } = newServiceKey('test');
  expect(secret).toMatch(/^sk_test_[A-Za-z0-9]{40}$/);
  expect(prefixOf(secret)).toBe(prefix);
  expect(hashOfKey(secret)).toEqual(hash);
  expect(hashOfKey(`${secret}x`)).not.toEqual(hash);
});

test.each(['', 'sk_test_short', `sk_prod_${'a'.repeat(40)}`, `sk_test_${'a'.repeat(41)}`])('%j is no key', (text) => {
  expect(prefixOf(text)).toBeNull();
});

const principal = (grants: string[], caller: Principal['caller'] = 'service'): Principal => ({
  ...{ ref: 'key/1', tenant: 'ten_a', mode: 'test', customer: null },
  ...{ grants, caller },
});

test.each([
  ['what it was given', ['customers:read'], true],
  ['to read what it may write', ['customers:write'], true],
  ['everything', ['*'], true],
  ['nothing else', ['invoices:write'], false],
  ['nothing at all', [], false],
])('a service key is granted %s', (_what, grants, granted) => {
  expect(isGranted(principal(grants), 'customers:read')).toBe(granted);
});

test('reading is not writing, and a person needs no grant', () => {
  expect(isGranted(principal(['customers:read']), 'customers:write')).toBe(false);
  expect(isGranted(principal([], 'admin'), 'customers:write')).toBe(true);
});

test('a subject that is an e-mail leaves no trace of it', () => {
  expect(refOfSubject('ten_a', 'ada@example.com')).toMatch(/^user\/[a-f0-9]{24}$/);
  expect(refOfSubject('ten_a', 'ada@example.com')).not.toBe(refOfSubject('ten_b', 'ada@example.com'));
});
