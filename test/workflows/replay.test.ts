import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { keptHistories } from '../support/histories.ts';

test('histories recorded by the journeys replay against the code of today', async () => {
  const histories = keptHistories();
  expect(histories.length).toBeGreaterThan(0);
  const workflowBundle = { codePath: inject('workflowBundlePath') };
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    expect(error, workflowId).toBeUndefined();
  }
});
