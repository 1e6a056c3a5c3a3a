import type { CustomerId } from '../domain/ids.ts';
import type { Meter } from '../domain/meter.ts';
import type { Instant } from '../domain/time.ts';
import { floorTo, type Grain, stretchesOf } from '../domain/usage-window.ts';
import type { Trx } from './tenant.ts';
import { totalUsage } from './usage-read.ts';
import { windowsIn } from './usage-windows.ts';

/** In steps of a grain: those in which something was used, or of what holds until it changes all that have an event. */
export async function usageSteps(
  trx: Trx,
  meter: Meter,
  customer: CustomerId,
  { from, to }: { from: Instant; to: Instant },
  grain: Grain,
): Promise<{ at: Instant; quantity: bigint }[]> {
  const whole = stretchesOf(floorTo(from, grain), floorTo(to - 1, grain) + grain).flatMap((stretch) =>
    stretch.grain === 'events' ? [] : [{ grain, from: stretch.from, to: stretch.to }],
  );
  const windows = await windowsIn(trx, { meter: meter.id, customer }, whole);
  const steps = [];
  for (const at of new Set(windows.map((window) => window.at))) {
    const range = { from: Math.max(at, from), to: Math.min(at + grain, to) };
    steps.push({ at, quantity: await totalUsage(trx, meter, customer, range) });
  }
  return steps;
}
