/** The least that a workflow can do for a signal and still have done something: one local activity that does nothing. */
import { condition, defineSignal, proxyLocalActivities, setHandler } from '@temporalio/workflow';

const { noted } = proxyLocalActivities<{ noted(count: number): Promise<void> }>({ startToCloseTimeout: '10s' });

export async function echo(): Promise<void> {
  let waiting = 0;
  setHandler(defineSignal('facts'), () => {
    waiting++;
  });
  for (;;) {
    await condition(() => waiting > 0);
    const count = waiting;
    waiting = 0;
    await noted(count);
  }
}
