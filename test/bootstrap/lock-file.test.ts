import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

type Package = { version?: string; optionalDependencies?: Record<string, string> };
const lockFile = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
const packages: Record<string, Package> = JSON.parse(lockFile).packages;

test('the lock file names the packages of every platform, or npm ci refuses it elsewhere', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(path, name)),
  );
  expect(missing).toEqual([]);
});

test('the lock file names no download address', () => {
  expect(Object.keys(packages).filter((path) => 'resolved' in packages[path]!)).toEqual([]);
});

/** As node looks for it: beside the package that wants it, then ever further up. */
function isLocked(path: string, name: string): boolean {
  if (packages[path === '' ? `node_modules/${name}` : `${path}/node_modules/${name}`]) return true;
  if (path === '') return false;
  return isLocked(path.slice(0, Math.max(path.lastIndexOf('/node_modules/'), 0)), name);
}
