import { afterAll, beforeAll, expect, test } from 'vitest';
import { bringTo } from '../../src/clock/fast-forward.ts';
import { DAY } from '../../src/domain/time.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';
import { keepHistory } from '../support/histories.ts';

const MOST_EVENTS = 15;
const MOST_TRANSITIONS = 8;
const SKIPPED = 60; // the event that time skipping itself writes

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

test('a quiet renewal with its charge costs at most 15 events and 8 state transitions', async () => {
  const id = await engine.subscribe(await engine.customer());
  const workflowId = workflowIdOf(engine.tenant, id);
  const handle = engine.client.workflow.getHandle(workflowId);
  const paid = (n: number) =>
    until(
      async () => (await engine.look(id)).subscription,
      (s) => s.state === 'active' && s.invoices.length === 0 && s.period.index === n,
      `period ${n} paid`,
    );
  const first = await paid(0);
  if (first.state !== 'active') throw new Error(first.state);
  await bringTo(engine.client, workflowId, first.period.end + DAY);
  const second = await paid(1);
  if (second.state !== 'active') throw new Error(second.state);

  const measure = async () => {
    const { events } = await handle.fetchHistory();
    const { raw } = await handle.describe();
    const skips = events!.filter(({ eventType }) => eventType === SKIPPED).length;
    return {
      events: events!.length - skips,
      skips,
      transitions: Number(raw.workflowExecutionInfo!.stateTransitionCount),
    };
  };
  const before = await measure();
  await bringTo(engine.client, workflowId, second.period.end + DAY);
  await paid(2);
  const after = await measure();
  const events = after.events - before.events;
  // Each skip of the journey and the order to go on it are transitions of their own, which real time does not have.
  const transitions = after.transitions - before.transitions - (after.skips - before.skips) - 1;
  console.log(`a renewal costs ${events} events and ${transitions} state transitions`);
  await keepHistory('renewals-then-waiting', handle);
  expect(events).toBeLessThanOrEqual(MOST_EVENTS);
  expect(transitions).toBeLessThanOrEqual(MOST_TRANSITIONS);
});
