/** Events that are told once more, because a person says so. The relay looks at their seals as it always does. */
import { type SqlBool, sql } from 'kysely';
import type { SubscriptionId } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import { INBOX_CHANNEL } from './inbox.ts';
import type { InboxState } from './schema.ts';
import type { Trx } from './tenant.ts';

/** What is settled is not told again: its workflow has seen it, and would leave it where it is. */
export const REPLAYABLE = ['received', 'signalled', 'parked', 'dead', 'quarantined'] as const satisfies InboxState[];

export type InboxFilter = {
  state?: InboxState;
  type?: string;
  provider?: Processor;
  subscription?: SubscriptionId;
  since?: Date;
};

/** Where no state is named: what waits or has been given up. What is in quarantine is asked for by name. */
const BY_ITSELF: readonly InboxState[] = ['parked', 'dead'];
export const MOST_REPLAYED = 5_000;

/** The oldest first; `more` when there are others. */
export async function replayEvents(trx: Trx, filter: InboxFilter): Promise<{ replayed: number; more: boolean }> {
  const { state, type, provider, subscription, since } = filter;
  const conditions = [
    sql`state = any(${state ? [state] : [...BY_ITSELF]}::text[])`,
    ...(type === undefined ? [] : [sql`type = ${type}`]),
    ...(provider === undefined ? [] : [sql`provider = ${provider}`]),
    ...(subscription === undefined ? [] : [sql`subscription_id = ${subscription}`]),
    ...(since === undefined ? [] : [sql`received_at >= ${since}`]),
  ];
  const replayed = await replayWhere(trx, sql<SqlBool>`${sql.join(conditions, sql` and `)}`);
  return { replayed, more: replayed === MOST_REPLAYED };
}

export const replayEvent = async (trx: Trx, id: string): Promise<boolean> =>
  (await replayWhere(trx, sql<SqlBool>`id = ${id}`)) === 1;

/** What a relay holds just now is on its way already. Without a name, since its text is another for each filter. */
async function replayWhere(trx: Trx, condition: ReturnType<typeof sql<SqlBool>>): Promise<number> {
  const { rows } = await sql<{ replayed: number }>`
    with chosen as (
      select id from inbox
      where ${condition} and state = any(${[...REPLAYABLE]}::text[]) and facts <> '[]'::jsonb
        and (leased_until is null or leased_until < clock_timestamp())
      order by seq
      limit ${MOST_REPLAYED}
      for update skip locked
    ), replayed as (
      update inbox set state = 'received', reason = null, attempts = 0, leased_until = null, settled_at = null,
        next_try_at = clock_timestamp(), replayed_at = clock_timestamp()
      from chosen where inbox.id = chosen.id
      returning inbox.id
    )
    select count(*)::int as replayed, (select pg_notify(${INBOX_CHANNEL}, '') where exists (select from replayed))
    from replayed`.execute(trx);
  return rows[0]!.replayed;
}
