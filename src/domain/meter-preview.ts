/** What a meter would make of events, before it counts any. */
import { decimalText } from './decimal.ts';
import { groupedBy } from './grouped.ts';
import { type Data, type Meter, measure } from './meter.ts';
import type { Instant } from './time.ts';
import { type Point, quantityOf, windowOver } from './usage-window.ts';

export type PreviewedEvent = { id: string; customer: string; at: Instant; data: Data };
const MOST_CUSTOMERS = 10;

export function previewMeter(meter: Pick<Meter, 'key' | 'document'>, events: readonly PreviewedEvent[]) {
  const counted: { customer: string; dims: string; item: string; point: Point }[] = [];
  const reasons: string[] = [];
  for (const { id, customer, at, data } of events) {
    const measured = measure(meter, data);
    if (!measured) continue;
    if ('reason' in measured) reasons.push(measured.reason);
    else counted.push({ customer, dims: measured.dims, item: measured.item, point: { at, id, value: measured.value } });
  }
  const until = events.reduce((latest, { at }) => Math.max(latest, at + 1), 0);
  const customers = [...groupedBy(counted, ({ customer }) => customer)].map(([customer, own]) => {
    const quantities = [...groupedBy(own, ({ dims }) => dims).values()].map((series) => {
      const items = new Set(series.map(({ item }) => item)).size;
      const window = windowOver(series.map(({ point }) => point));
      return quantityOf(meter, { window, items, before: null }, window!.first.at, until);
    });
    return { customer, quantity: quantities.reduce((sum, each) => sum + each, 0n) };
  });
  const most = customers.sort((a, b) => (a.quantity > b.quantity ? -1 : 1));
  return {
    events: events.length,
    counted: counted.length,
    leftOut: events.length - counted.length - reasons.length,
    rejected: [...groupedBy(reasons, (reason) => reason)].map(([reason, alike]) => ({ reason, events: alike.length })),
    quantity: decimalText(most.reduce((sum, { quantity }) => sum + quantity, 0n)),
    customers: most
      .slice(0, MOST_CUSTOMERS)
      .map(({ customer, quantity }) => ({ customer, quantity: decimalText(quantity) })),
  };
}
