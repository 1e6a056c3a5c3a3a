import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureDependencies, staleDependencies } from '../../bootstrap/dependencies.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hydra-dependencies-'));
  lock({
    'node_modules/pg': { version: '8.0.0' },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  });
});
afterEach(() => rmSync(root, { recursive: true }));

const lock = (packages: object) => writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
function installed(packages: object) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

test('nothing installed is stale', () => {
  expect(staleDependencies(root)).toBe('node_modules is missing');
});

test('an install that broke off is stale', () => {
  mkdirSync(join(root, 'node_modules'));
  expect(staleDependencies(root)).toBe('npm did not finish here');
});

test('what the lock file names is fresh, whoever installed it; another platform’s packages may be missing', () => {
  installed({ 'node_modules/pg': { version: '8.0.0' } });
  expect(staleDependencies(root)).toBeNull();
  expect(staleDependencies(root)).toBeNull();
});

test('a lock file that changed makes it stale', () => {
  installed({ 'node_modules/pg': { version: '8.0.0' } });
  expect(staleDependencies(root)).toBeNull();
  lock({ 'node_modules/pg': { version: '9.0.0' } });
  expect(staleDependencies(root)).toBe('pg should be 9.0.0, and is 8.0.0');
});

test('two starts at once install once', async () => {
  let installs = 0;
  const install = async () => {
    installs += 1;
    await new Promise(setImmediate);
    installed({ 'node_modules/pg': { version: '8.0.0' } });
  };
  const ensure = () => ensureDependencies({ root, log: () => {}, install });
  await Promise.all([ensure(), ensure()]);
  await ensure();
  expect(installs).toBe(1);
});
