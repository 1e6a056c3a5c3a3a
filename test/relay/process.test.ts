/** The relay as a process: killed between the inbox and the signal, and after it, and started without Temporal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { useDatabase } from '../db/support.ts';
import { connectTemporal, TEST_NAMESPACE, type TestTemporal } from '../support/temporal.ts';
import { arrive, happened, INBOX_KEYS, statesOf } from './support.ts';

const database = useDatabase();
let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await connectTemporal();
});
afterAll(() => temporal.close());
beforeEach(async () => {
  await database.db.deleteFrom('inbox').execute();
});

const checkpoints = mkdtempSync(join(tmpdir(), 'hydra-audit-'));
afterAll(() => rmSync(checkpoints, { recursive: true, force: true }));

const key = () => randomBytes(32).toString('base64');

function relay(over: Record<string, string> = {}): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../../src/processes/relay.ts', import.meta.url))],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: database.url,
        TEMPORAL_ADDRESS: temporal.address,
        TEMPORAL_TEST_NAMESPACE: TEST_NAMESPACE,
        AUTH_JWT_SECRET: key(),
        ENCRYPTION_KEYS: `test:${key()}`,
        BLIND_INDEX_KEY: key(),
        ANCHOR_KEY: key(),
        LICENSE_SIGNING_KEY: key(),
        AUDIT_SIGNING_KEY: key(),
        LINK_SIGNING_KEY: key(),
        INBOX_KEYS,
        AUDIT_CHECKPOINTS: checkpoints,
        ...over,
      },
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function begin() {
  const subscription = `sub_${randomUUID()}` as const;
  const handle = await temporal.client.workflow.start('unattended', {
    workflowId: workflowIdOf('ten_1', subscription),
    taskQueue: temporal.taskQueue,
    args: [],
  });
  onTestFinished(() => void handle.terminate().catch(() => {})); // it may be over
  const signals = async () => {
    const { events } = await handle.fetchHistory();
    return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
  };
  return { subscription, signals };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const give = Date.now() + 40_000;
  while (!(await condition())) {
    if (Date.now() > give) throw new Error('it does not come');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const isSignalled = async () => (await statesOf(database.db)).every((state) => state === 'signalled');

/** Its leases end by themselves, after half a minute; tests don't wait for that. */
const endLeases = () => database.db.updateTable('inbox').set({ leased_until: null }).execute();

test.each([
  ['relay.before-signal', 0, 1],
  ['relay.after-signal', 1, 2],
] as const)('killed at %s: the next one goes on', async (failPoint, before, after) => {
  const { subscription, signals } = await begin();
  const killed = relay({ HYDRA_FAIL_POINT: failPoint });
  await once(killed, 'message');
  await arrive(database.db, happened(subscription));
  const [, signal] = await once(killed, 'exit');
  expect(signal).toBe('SIGKILL');
  expect([await signals(), await statesOf(database.db)]).toEqual([before, ['received']]);
  await endLeases();
  const next = relay();
  await until(isSignalled);
  // At least once: the workflow knows the event by its id.
  expect(await signals()).toBe(after);
  next.kill('SIGTERM');
  expect(await once(next, 'exit')).toEqual([0, null]);
});

test('started while Temporal is away it is ready, waits, and ends with its parent', async () => {
  const child = relay({ TEMPORAL_ADDRESS: '127.0.0.1:1', LOG_LEVEL: 'silent' });
  expect(await once(child, 'message')).toEqual([{ ready: true }, undefined]);
  await arrive(database.db, happened('sub_waiting'));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(child.exitCode).toBeNull();
  expect(await statesOf(database.db)).toEqual(['received']);
  const at = Date.now();
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(Date.now() - at).toBeLessThan(6_000);
});
