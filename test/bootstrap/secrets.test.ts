import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deploymentSecrets, developmentSecrets } from '../../bootstrap/secrets.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hydra-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('development secrets are made once, all different, and readable by their owner alone', () => {
  const file = join(folder, 'secrets.json');
  const secrets = developmentSecrets(file);
  expect(developmentSecrets(file)).toEqual(secrets);
  expect(new Set(Object.values(secrets)).size).toBe(Object.keys(secrets).length);
  expect(secrets.ENCRYPTION_KEYS).toMatch(/^k1:[A-Za-z0-9+/]{43}=$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a secret that a later version needs is added, the others stay', () => {
  const file = join(folder, 'secrets.json');
  const { ANCHOR_KEY, ...older } = developmentSecrets(file);
  writeFileSync(file, JSON.stringify(older));
  const completed = developmentSecrets(file);
  expect(completed).toMatchObject(older);
  expect(completed.ANCHOR_KEY).not.toBe(ANCHOR_KEY);
});

test('a deployment’s secrets are one file each, and are never made twice', () => {
  const target = join(folder, 'secrets');
  const { made } = deploymentSecrets(target);
  const password = readFileSync(join(target, 'hydra_password'), 'utf8');
  expect(readFileSync(join(target, 'database_url'), 'utf8')).toContain(password);
  expect(readdirSync(target).sort()).toEqual([...made].sort());
  expect(statSync(target).mode & 0o777).toBe(0o700);
  expect(deploymentSecrets(target)).toEqual({ made: [], kept: made });
  expect(readFileSync(join(target, 'hydra_password'), 'utf8')).toBe(password);
});
