import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signalThrough } from '../../src/relay/signal.ts';
import { FACTS_SIGNAL, workflowIdOf } from '../../workflows/messages.ts';
import { connectTemporal, type TestTemporal } from '../support/temporal.ts';
import { paid } from './support.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await connectTemporal();
});
afterAll(() => temporal.close());

const newTarget = () => ({ tenant: 'ten_1', mode: 'test', subscription: `sub_${randomUUID()}` }) as const;
const delivered = [{ inboxId: 'evt_1', fact: paid('pi_1') as never, occurredAt: 1 }];
const signal = () => signalThrough(new Map([['test', temporal.client]]), 5_000);

/** Nobody works on it: what it was told stands in its history. */
const begin = ({ tenant, subscription }: ReturnType<typeof newTarget>) =>
  temporal.client.workflow.start('unattended', {
    workflowId: workflowIdOf(tenant, subscription),
    taskQueue: temporal.taskQueue,
    args: [],
  });

test('a running workflow gets one signal with ids and facts', async () => {
  const target = newTarget();
  const handle = await begin(target);
  expect(await signal()(target, delivered)).toBe('sent');
  const { events = [] } = await handle.fetchHistory();
  const signals = (events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes ?? []);
  expect(signals.map(({ signalName }) => signalName)).toEqual([FACTS_SIGNAL]);
  const data = signals[0]?.input?.payloads?.[0]?.data ?? new Uint8Array();
  expect(JSON.parse(Buffer.from(data).toString('utf8'))).toEqual(delivered);
  await handle.terminate();
});

test('one that has ended, and one that never was, have no workflow', async () => {
  const target = newTarget();
  expect(await signal()(target, delivered)).toBe('no_workflow');
  await (await begin(target)).terminate();
  expect(await signal()(target, delivered)).toBe('no_workflow');
});

test('a server that is away, and a mode without a namespace, are thrown', async () => {
  const connection = Connection.lazy({ address: '127.0.0.1:1' });
  const away = signalThrough(new Map([['test', new Client({ connection })]]), 500);
  await expect(away(newTarget(), delivered)).rejects.toThrow();
  await connection.close();
  await expect(signal()({ ...newTarget(), mode: 'live' }, delivered)).rejects.toThrow('no Temporal namespace');
});
