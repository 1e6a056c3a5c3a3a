import type { Identity } from '../src/domain/subscription.ts';
import type { Collector } from '../src/processors/processor.ts';
import { ProcessorTrouble } from '../src/processors/trouble.ts';
import type { OutsideDeps } from './charge.ts';

export async function collectorOf(
  { processors }: Pick<OutsideDeps, 'processors'>,
  whose: Pick<Identity, 'tenant' | 'mode' | 'processor'>,
): Promise<Collector> {
  const { collector } = (await processors.of(whose)).processor;
  if (collector) return collector;
  throw new ProcessorTrouble('refused', 'no_collector', `${whose.processor} collects no subscriptions`);
}
