/** The days of raw events: made before they begin, and dropped when all that they could still change is sealed. */
import { sql } from 'kysely';
import { MOST_LATE_DAYS } from '../domain/meter.ts';
import { addDays, type Day, dayOf, type Instant } from '../domain/time.ts';
import type { Db } from './client.ts';
import { inRole } from './tenant.ts';

const DAYS_AHEAD = 7;
/** Longer than an event may be late. */
const KEPT_DAYS = MOST_LATE_DAYS + 5;

const partOf = (day: Day): string => `events_${day.replaceAll('-', '')}`;

/** Where a day has none yet its events lie in the default part, and then stay there. */
export async function makeParts(db: Db, now: Instant): Promise<Day[]> {
  const today = dayOf(now, 'UTC');
  const made: Day[] = [];
  for (let i = 0; i <= DAYS_AHEAD; i++) {
    const day = addDays(today, i);
    const there = await sql<{ there: boolean }>`
      select to_regclass(${`usage_parts.${partOf(day)}`}) is not null as there`.execute(db);
    const early = await inRole(db, 'hydra_auditor', (trx) =>
      trx.selectFrom('usage_events').select('event_id').where('received_on', '=', day).limit(1).execute(),
    );
    if (there.rows[0]!.there || early.length > 0) continue;
    await sql
      .raw(
        `create table if not exists usage_parts.${partOf(day)} partition of usage_events
          for values from ('${day}') to ('${addDays(day, 1)}')`,
      )
      .execute(db);
    made.push(day);
  }
  return made;
}

/** Old enough, and of no customer whose running period, or draft, or late corrections could still need its events. */
export async function dropParts(db: Db, now: Instant): Promise<Day[]> {
  const before = addDays(dayOf(now, 'UTC'), -KEPT_DAYS);
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'usage_parts'::regnamespace and relname ~ '^events_[0-9]{8}$'
      and relname < ${partOf(before)} order by relname`.execute(db);
  const dropped: Day[] = [];
  for (const { name } of rows) {
    const day = name.replace(/^events_(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
    if (await isNeeded(db, day)) continue;
    await sql.raw(`drop table usage_parts.${name}`).execute(db);
    dropped.push(day);
  }
  return dropped;
}

const isNeeded = (db: Db, day: Day): Promise<boolean> =>
  inRole(db, 'hydra_auditor', async (trx) => {
    const { rows } = await sql<{ needed: boolean }>`
      select exists (
        select from (
          select tenant_id, mode, customer_id, max(at) as last from usage_events where received_on = ${day} group by 1, 2, 3
        ) as event
        join subscriptions as open using (tenant_id, mode, customer_id)
        where open.state <> 'canceled' and open.document ? 'usage' and (
          event.last >= to_timestamp((open.document -> 'period' ->> 'start')::bigint / 1000.0)
            - make_interval(days => ${MOST_LATE_DAYS + 1}::int)
          or jsonb_path_exists(open.document, '$.drafts[*].usage')
        )
      ) as needed`.execute(trx);
    return rows[0]!.needed;
  });

/** Names are remembered as long as an event may come late, and a little longer. */
export const forgetNames = (db: Db, now: Instant): Promise<void> =>
  inRole(db, 'hydra_relay', async (trx) => {
    await trx
      .deleteFrom('usage_ids')
      .where('received_on', '<', addDays(dayOf(now, 'UTC'), -KEPT_DAYS))
      .execute();
  });
