import type { PreviewedEvent } from '../domain/meter-preview.ts';
import { DAY } from '../domain/time.ts';
import type { Trx } from './tenant.ts';

const MOST = 10_000;

/** The latest of that type that came within a day. */
export async function lastDaysEvents(trx: Trx, type: string): Promise<PreviewedEvent[]> {
  const since = new Date(Date.now() - DAY);
  const rows = await trx
    .selectFrom('usage_events')
    .select(['event_id', 'customer_id', 'at', 'data'])
    .where('received_on', '>=', since.toISOString().slice(0, 10))
    .where('received_at', '>=', since)
    .where('type', '=', type)
    .where('withdrawn_at', 'is', null)
    .orderBy('received_at', 'desc')
    .limit(MOST)
    .execute();
  return rows.map(({ event_id: id, customer_id: customer, at, data }) => ({ id, customer, at: at.getTime(), data }));
}
