import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, variables } from '../src/config.ts';
import { generated, pathOf } from '../src/docs/generate.ts';

const key = () => randomBytes(32).toString('base64');
const whole = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://hydra:pw@db:5432/hydra',
  TEMPORAL_ADDRESS: 'temporal:7233',
  TEMPORAL_NAMESPACE: 'live',
  AUTH_JWT_SECRET: 'a secret of at least 32 characters',
  ENCRYPTION_KEYS: `k2:${key()},k1:${key()}`,
  BLIND_INDEX_KEY: key(),
  ANCHOR_KEY: key(),
  LICENSE_SIGNING_KEY: key(),
  AUDIT_SIGNING_KEY: key(),
  LINK_SIGNING_KEY: key(),
  INBOX_KEYS: `k1:${key()}`,
};

function troublesOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  try {
    loadConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.troubles.map(({ name, trouble }) => [name, trouble]));
  }
  return {};
}

describe('in production', () => {
  test('a whole environment is taken', () => {
    const config = loadConfig(whole);
    expect(config.ENCRYPTION_KEYS.current).toBe('k2');
    expect(config.BLIND_INDEX_KEY).toHaveLength(32);
    expect(config.namespaces).toEqual([{ mode: 'live', namespace: 'live' }]);
    expect(config.HOST).toBe('0.0.0.0');
  });

  test('everything that is missing is named at once', () => {
    expect(Object.keys(troublesOf({ NODE_ENV: 'production' })).sort()).toEqual(
      [
        ...Object.keys(whole).filter((name) => !['NODE_ENV', 'AUTH_JWT_SECRET', 'INBOX_KEYS'].includes(name)),
        'AUTH_JWKS_URL or AUTH_JWT_SECRET',
      ].sort(),
    );
  });

  test('PayPal’s variables go together', () => {
    const account = { PAYPAL_CLIENT_ID: 'id', PAYPAL_CLIENT_SECRET: 'secret', PAYPAL_WEBHOOK_ID: 'WH-1' };
    expect(troublesOf({ ...whole, ...account, PAYPAL_API_BASE: 'https://api-m.paypal.com' })).toEqual({});
    for (const name of Object.keys(account)) {
      expect(Object.keys(troublesOf({ ...whole, ...account, [name]: '' }))).toEqual([name]);
    }
    const simulated = { ...account, PAYPAL_API_BASE: 'http://127.0.0.1:12111' };
    expect(troublesOf({ ...whole, ...simulated, NODE_ENV: 'development' })).toEqual({});
  });

  test.each([
    ['DATABASE_URL', 'mysql://secret-value'],
    ['TEMPORAL_ADDRESS', 'http://secret-value'],
    ['AUTH_JWT_SECRET', 'secret-value'],
    ['AUTH_JWKS_URL', 'ftp://secret-value'],
    ['ENCRYPTION_KEYS', 'secret-value'],
    ['ENCRYPTION_KEYS', `k1:${key()},k1:${key()}`],
    ['ANCHOR_KEY', Buffer.from('secret-value').toString('base64')],
    ['STRIPE_API_KEY', 'pk_test_secret-value'],
    ['STRIPE_WEBHOOK_SECRET', ' , '],
    ['STRIPE_WEBHOOK_SECRET', 'secret-value'],
    ['STRIPE_WEBHOOK_SECRET', 'prod:whsec_secret-value'],
    ['STRIPE_WEBHOOK_SECRET', 'test:whsec_secret-value,live:whsec_secret-value'],
    ['INBOX_KEYS', 'secret-value'],
    ['PAYPAL_WEBHOOK_ID', 'secret value'],
    ['PAYPAL_API_BASE', 'https://secret-value.example.com'],
    ['PAYPAL_API_BASE', 'http://api-m.paypal.com?secret-value'],
    ['PORT', '65536'],
    ['LOG_LEVEL', 'secret-value'],
  ])('%s, malformed, is named and its value is not', (name, value) => {
    const troubles = troublesOf({ ...whole, [name]: value });
    expect(Object.keys(troubles)).toEqual([name]);
    expect(JSON.stringify(troubles)).not.toContain('secret-value');
  });

  test('with keys of both modes each webhook secret says which mode it is of', () => {
    const STRIPE_API_KEY = 'sk_test_1,sk_live_1';
    const trouble = { STRIPE_WEBHOOK_SECRET: expect.stringContaining('test:whsec_…,live:whsec_…') };
    expect(troublesOf({ ...whole, STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET: 'whsec_1,live:whsec_2' })).toEqual(trouble);
    const { STRIPE_WEBHOOK_SECRET } = loadConfig({
      ...whole,
      STRIPE_API_KEY,
      STRIPE_WEBHOOK_SECRET: 'test:whsec_1, live:whsec_2,live:whsec_3',
    });
    expect(STRIPE_WEBHOOK_SECRET).toEqual([
      { mode: 'test', secret: 'whsec_1' },
      { mode: 'live', secret: 'whsec_2' },
      { mode: 'live', secret: 'whsec_3' },
    ]);
  });

  test('a key without a webhook secret stops the start', () => {
    const trouble = { STRIPE_WEBHOOK_SECRET: 'is missing: there is a STRIPE_API_KEY' };
    expect(troublesOf({ ...whole, STRIPE_API_KEY: 'sk_live_1' })).toEqual(trouble);
    expect(troublesOf({ ...whole, NODE_ENV: 'development', STRIPE_API_KEY: 'sk_test_1' })).toEqual({});
  });

  test('a ring of its own for the inbox may be left out', () => {
    const { INBOX_KEYS: _, ...rest } = whole;
    expect(troublesOf(rest)).toEqual({});
  });

  test('an empty value is none', () => {
    expect(troublesOf({ ...whole, DATABASE_URL: '' })).toEqual({ DATABASE_URL: 'is missing' });
  });
});

describe('a secret from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  const file = join(folder, 'secret');
  const { AUTH_JWT_SECRET, ...rest } = whole;

  test('is read, without the line’s end', () => {
    writeFileSync(file, `${AUTH_JWT_SECRET}\n`);
    expect(loadConfig({ ...rest, AUTH_JWT_SECRET_FILE: file }).AUTH_JWT_SECRET).toBe(AUTH_JWT_SECRET);
  });

  test('that is empty is none, and that is missing is named', () => {
    writeFileSync(file, '');
    expect(troublesOf({ ...rest, AUTH_JWT_SECRET_FILE: file })).toEqual({
      'AUTH_JWKS_URL or AUTH_JWT_SECRET': 'is missing',
    });
    rmSync(folder, { recursive: true });
    expect(troublesOf({ ...rest, AUTH_JWT_SECRET_FILE: file })).toEqual({
      AUTH_JWT_SECRET_FILE: 'cannot be read (ENOENT)',
    });
  });
});

test('development has defaults for what is embedded', () => {
  const { NODE_ENV, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, ...rest } = whole;
  const config = loadConfig(rest);
  expect(config).toMatchObject({
    production: false,
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    PORT: 3000,
    HOST: '127.0.0.1',
  });
  expect(config.namespaces.map(({ mode }) => mode)).toEqual(['live', 'test']);
});

test('every variable says what it is for', () => {
  for (const { about, group } of Object.values(variables)) {
    expect(about).toMatch(/[.!]$/);
    expect(group).not.toBe('');
  }
});

test.each(generated.map(({ file, text }) => [file, text] as const))(
  '%s is as `npm run gen` writes it',
  async (file, text) => {
    expect(readFileSync(pathOf(file), 'utf8')).toBe(await text());
  },
);
