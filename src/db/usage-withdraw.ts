/** An event that should not have been is taken back: its windows are counted anew, and what was billed of it is corrected. */
import { sql } from 'kysely';
import { groupedBy } from '../domain/grouped.ts';
import type { CustomerId } from '../domain/ids.ts';
import { type Meter, MOST_LATE_DAYS } from '../domain/meter.ts';
import { DAY, type Instant, MINUTE } from '../domain/time.ts';
import { floorTo } from '../domain/usage-window.ts';
import { audit } from './audit.ts';
import type { Db } from './client.ts';
import { countingMeters, lockUsage } from './meters.ts';
import { inTenant, type Scope, type Trx } from './tenant.ts';
import { recount } from './usage-windows.ts';

export type Named = { source: string; id: string };
export type Withdrawal = 'withdrawn' | 'repeated' | 'unknown' | 'too_late';

type Row = {
  event_id: string;
  type: string;
  customer_id: CustomerId;
  at: Date;
  withdrawn_at: Date | null;
  now: Date | null;
};

/** It stays where it was, marked: its name is not free again. */
export const withdrawEvents = (
  db: Db,
  scope: Scope,
  named: readonly Named[],
  { by, at }: { by: string; at: Date },
): Promise<Withdrawal[]> =>
  inTenant(db, scope, async (trx) => {
    await lockUsage(trx, scope, 'alone');
    const meters = groupedBy(await countingMeters(trx, 'ever'), ({ document }) => document.eventType);
    const answers: Withdrawal[] = [];
    for (const each of named) answers.push(await withdraw(trx, scope, each, meters, { by, at }));
    return answers;
  });

async function withdraw(
  trx: Trx,
  scope: Scope,
  { source, id }: Named,
  meters: ReadonlyMap<string, readonly Meter[]>,
  { by, at }: { by: string; at: Date },
): Promise<Withdrawal> {
  const { rows } = await sql<Row>`
    select event.event_id, event.type, event.customer_id, event.at, event.withdrawn_at, clock.now
    from usage_ids as known
    join usage_events as event on event.customer_id = known.customer_id and event.at = known.at
      and event.received_on = known.received_on and event.source = known.source and event.event_id = known.event_id
    join customers as customer on customer.id = known.customer_id
    left join clocks as clock on clock.id = customer.clock_id
    where known.source = ${source} and known.event_id = ${id}`.execute(trx);
  const [row] = rows;
  if (!row) return 'unknown';
  if (row.withdrawn_at) return 'repeated';
  const counting = meters.get(row.type) ?? [];
  const mostLate = Math.min(...counting.map(({ document: { lateDays = MOST_LATE_DAYS } }) => lateDays));
  const now: Instant = (row.now ?? at).getTime();
  if (row.at.getTime() < now - mostLate * DAY) return 'too_late';
  await sql`
    update usage_events set withdrawn_at = ${at}
    where customer_id = ${row.customer_id} and at = ${row.at} and source = ${source} and event_id = ${id}`.execute(trx);
  for (const meter of counting) {
    await recount(trx, { meter, customer: row.customer_id }, [floorTo(row.at.getTime(), MINUTE)]);
  }
  await audit(trx, scope, { at, by, action: 'usage_withdrawn', subject: row.customer_id, why: { event: id, source } });
  return 'withdrawn';
}
