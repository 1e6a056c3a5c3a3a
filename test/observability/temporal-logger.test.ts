import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { relate } from '../../src/observability/temporal-logger.ts';
import { workflowIdOf } from '../../workflows/messages.ts';

/** As the worker tells of an activity that failed. */
const failed = (workflowId: string) => ({
  level: 'WARN' as const,
  message: 'Activity failed',
  meta: {
    ...{ workflowId, activityType: 'commit', attempt: 7, isLocal: true, taskToken: 'AAA', sdkComponent: 'worker' },
    error: new Error('connection terminated'),
  },
});

test.each([
  ['a commit', workflowIdOf('ten_1', 'sub_1'), { tenant: 'ten_1', subscription: 'sub_1' }],
  ['a migration’s batch', 'price-book-migration/ten_1/mig_1', { tenant: 'ten_1' }],
])('%s that fails is told with whose it is', (_what, workflowId, whose) => {
  const lines: string[] = [];
  const destination = new Writable({ write: (line, _, done) => done(void lines.push(String(line)) as never) });
  relate(createLogger({ name: 'worker', level: 'info', destination }), failed(workflowId));
  const told = JSON.parse(lines[0]!);
  expect(told).toMatchObject({ ...whose, activityType: 'commit', attempt: 7, msg: 'Activity failed' });
  expect(told.error).toBe('Error: connection terminated');
  expect(told).not.toHaveProperty('taskToken');
  if (!('subscription' in whose)) expect(told).not.toHaveProperty('subscription');
});
