import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHolder, tryLock, withLock } from '../../bootstrap/lock.mjs';
import { beganAt } from '../../bootstrap/processes.mjs';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hydra-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('one holds the lock, the other learns who and what for', () => {
  const mine = tryLock(file);
  if (!('lock' in mine)) throw new Error('the lock was free');
  mine.lock.note({ api: 'http://127.0.0.1:3000' });
  expect(tryLock(file)).toMatchObject({ holder: { pid: process.pid, note: { api: 'http://127.0.0.1:3000' } } });
  mine.lock.release();
  expect(tryLock(file)).toHaveProperty('lock');
});

test.each([
  ['a process that is gone', { pid: 2 ** 22 + 1, began: '1', note: null }],
  ['a process whose id another one has now', { pid: process.pid, began: 'long ago', note: null }],
])('a lock held by %s is stale', (_holder, holder) => {
  writeFileSync(file, JSON.stringify(holder));
  expect(tryLock(file)).toHaveProperty('lock');
  expect(readHolder(file)).toMatchObject({ pid: process.pid, began: beganAt(process.pid) });
});

test('a torn lock file has no holder', () => {
  writeFileSync(file, '{"pid":');
  expect(tryLock(file)).toHaveProperty('lock');
});

test('work under the lock is done one after another, and leaves nothing', async () => {
  const steps: string[] = [];
  const work = (name: string) => async () => {
    steps.push(`${name} begins`);
    await new Promise(setImmediate);
    steps.push(`${name} ends`);
  };
  await Promise.all(['a', 'b'].map((name) => withLock(file, work(name))));
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  expect(readdirSync(folder)).toEqual([]);
});
