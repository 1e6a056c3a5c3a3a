import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blindIndex } from '../../src/security/blind-index.ts';
import { newDataKey, rewrapDataKey, unwrapDataKey } from '../../src/security/data-key.ts';
import { constantTimeEqual } from '../../src/security/equal.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { isStale, seal, unseal } from '../../src/security/seal.ts';

const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const ring = parseKeyRing(`k1:${key(1)}`);
const rotated = parseKeyRing(`k2:${key(2)}, k1:${key(1)}`);
const place = { tenant: 'ten_1', table: 'customers', column: 'name_encrypted', row: 'cus_1' };

describe('a sealed value', () => {
  it('opens where it was sealed', () => {
    expect(unseal(ring, seal(ring, 'Ada Lovelace', place), place).toString()).toBe('Ada Lovelace');
    expect(unseal(ring, seal(ring, '', place), place).toString()).toBe('');
  });

  it('is never the same twice, and shows nothing of what it holds', () => {
    const [one, two] = [seal(ring, 'Ada', place), seal(ring, 'Ada', place)];
    expect(one).not.toBe(two);
    expect(one).toMatch(/^v1\.k1\.[\w-]+$/);
  });

  it.each(['tenant', 'table', 'column', 'row'] as const)('does not open in another %s', (part) => {
    expect(() => unseal(ring, seal(ring, 'Ada', place), { ...place, [part]: 'other' })).toThrow('cannot open');
  });

  it('does not take two places for one because they read alike', () => {
    const sealed = seal(ring, 'Ada', { ...place, tenant: 'a","b', table: 'c' });
    expect(() => unseal(ring, sealed, { ...place, tenant: 'a', table: 'b","c' })).toThrow('cannot open');
  });

  it('does not open when a single bit of it has changed', () => {
    const sealed = seal(ring, 'Ada', place);
    const [version, id, body] = sealed.split('.') as [string, string, string];
    const bytes = Buffer.from(body, 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect(() => unseal(ring, `${version}.${id}.${changed.toString('base64url')}`, place)).toThrow('cannot open');
    }
  });

  it.each(['', 'Ada', 'v1.k1.', 'v1.k1.AAAA', 'v2.k1.AAAA', 'v1.k1.A.B'])('is not %j', (text) => {
    expect(() => unseal(ring, text, place)).toThrow('not a sealed value');
  });
});

describe('the ring', () => {
  it('opens what an older key sealed, and seals under the first', () => {
    const old = seal(ring, 'Ada', place);
    expect(unseal(rotated, old, place).toString()).toBe('Ada');
    expect(isStale(rotated, old)).toBe(true);
    expect(isStale(rotated, seal(rotated, 'Ada', place))).toBe(false);
  });

  it('says which key it lacks', () => {
    expect(() => unseal(ring, seal(rotated, 'Ada', place), place)).toThrow('no key k2');
  });

  it.each([
    ['', 'not of the form'],
    ['k1', 'not of the form'],
    [`k1:${randomBytes(16).toString('base64')}`, '16 bytes'],
    [`k1:${key(1)},k1:${key(2)}`, 'the same id'],
    [`k1:${key(1)},`, 'key 2 of the ring'],
  ])('refuses %j without quoting it', (text, reason) => {
    expect(() => parseKeyRing(text)).toThrow(reason);
    expect(() => parseKeyRing(text)).not.toThrow(key(1));
  });
});

describe("a customer's own key", () => {
  it('is rewrapped when the ring has turned, and what it sealed stays as it is', () => {
    const { wrapped, fields } = newDataKey(ring, place);
    const sealed = seal(fields, 'Ada', place);
    const rewrapped = rewrapDataKey(rotated, wrapped, place)!;
    expect(rewrapped).toMatch(/^v1\.k2\./);
    expect(rewrapDataKey(rotated, rewrapped, place)).toBeNull();
    const withoutOld = parseKeyRing(`k2:${key(2)}`);
    expect(unseal(unwrapDataKey(withoutOld, rewrapped, place), sealed, place).toString()).toBe('Ada');
  });
});

describe('a blind index', () => {
  const secret = Buffer.alloc(32, 7);
  const scope = { tenant: 'ten_1', mode: 'test' };
  const of = (email: string) => blindIndex(secret, scope, email).toString('hex');

  it('is one for all ways to write an address', () => {
    expect(of(' Ada@Example.COM ')).toBe(of('ada@example.com'));
    expect(of('ada@example.com')).not.toBe(of('ada@example.org'));
  });

  it('is another for another tenant, mode or key', () => {
    const others = [
      blindIndex(secret, { ...scope, tenant: 'ten_2' }, 'ada@example.com'),
      blindIndex(secret, { ...scope, mode: 'live' }, 'ada@example.com'),
      blindIndex(Buffer.alloc(32, 8), scope, 'ada@example.com'),
    ].map((each) => each.toString('hex'));
    expect(new Set([...others, of('ada@example.com')]).size).toBe(4);
  });
});

it('compares secrets of any length', () => {
  expect(constantTimeEqual('secret', Buffer.from('secret'))).toBe(true);
  expect(constantTimeEqual('secret', 'secre')).toBe(false);
  expect(constantTimeEqual('', 'x')).toBe(false);
});
