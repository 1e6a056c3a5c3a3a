import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startPostgres } from '../../bootstrap/postgres.mjs';
import { beganAt } from '../../bootstrap/processes.mjs';
import { onServer } from '../support/on-server.ts';

test('a server in a closed folder starts, stops, finds its data again, and ends one that was left behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hydra-postgres-')); // readable by nobody else
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const dataDir = join(folder, 'pg');
  const start = async () => {
    const server = await startPostgres({ dataDir, durable: false });
    onTestFinished(() => server.stop());
    return server;
  };

  const first = await start();
  await onServer(first.superuserUrl('postgres'), 'create table kept as select 42 as answer');
  await first.stop();
  expect(beganAt(first.pid)).toBeNull();
  expect(existsSync(join(dataDir, 'cluster', 'postmaster.pid'))).toBe(false);

  const second = await start();
  expect(await onServer(second.superuserUrl('postgres'), 'select answer from kept')).toEqual([{ answer: 42 }]);

  const third = await start(); // while the second still runs: its keeper must be dead
  expect(beganAt(second.pid)).toBeNull();
  expect(await onServer(third.superuserUrl('postgres'), 'select answer from kept')).toEqual([{ answer: 42 }]);

  const wrong = third.superuserUrl('postgres').replace(/:[^:@]+@/, ':wrong@');
  await expect(onServer(wrong, 'select 1')).rejects.toThrow('password authentication failed');
  await third.stop();

  // A crash leaves a note; its id is a stranger's by now.
  writeFileSync(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n/elsewhere\n`);
  const fourth = await start();
  expect(beganAt(process.pid)).not.toBeNull();
  await fourth.stop();

  writeFileSync(join(dataDir, 'cluster', 'PG_VERSION'), '12\n');
  await expect(start()).rejects.toThrow(/was made by Postgres 12, and this is Postgres \d+/);
  expect(readFileSync(join(dataDir, 'password'), 'utf8').trim()).toHaveLength(32);
});
