/** Subscriptions that a workflow should run for, and what such a one would have to take up again. */
import { sql } from 'kysely';
import type { OutsideEffect } from '../domain/effect.ts';
import type { SubscriptionId } from '../domain/ids.ts';
import type { StateName, Subscription } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import type { Trx } from './tenant.ts';

export type ShouldRun = { id: SubscriptionId; version: number; state: StateName; isLate: boolean };

/** A page of them in the order of their ids. Late is what was due a while ago, for those who live by the wall's clock. */
export async function shouldRun(
  trx: Trx,
  { after, limit, now, lateMs }: { after: SubscriptionId | null; limit: number; now: Instant; lateMs: number },
): Promise<ShouldRun[]> {
  const { rows } = await sql<ShouldRun>`/* should_run */
    select id, version, state,
      coalesce(clock_id is null and next_due_at < ${new Date(now - lateMs).toISOString()}::timestamptz, false) as "isLate"
    from subscriptions
    where id > ${after ?? ''} and (state <> 'canceled' or (document ->> 'listensUntil')::bigint > ${now})
    order by id limit ${limit}`.execute(trx);
  return rows;
}

export type Takeable = { subscription: Subscription; outside: OutsideEffect[]; clockNow: Instant | null };

/**
 * Its state, and the calls that were asked for and have not been answered: whoever made them is gone. Of those of which no
 * row tells how they ended, the last step's are made again.
 */
export async function takeable(trx: Trx, id: SubscriptionId): Promise<Takeable | null> {
  const { rows } = await sql<{
    document: Subscription;
    clock_now: Date | null;
    outside: OutsideEffect[];
  }>`/* takeable */
    select document, (select now from clocks where clocks.id = subscriptions.clock_id) as clock_now, (
      select coalesce(jsonb_agg(effect order by version, ordinal), '[]'::jsonb)
      from decisions, jsonb_array_elements(effects) as effect
      where decisions.subscription_id = subscriptions.id and (
        (effect ->> 'type' = 'charge' and exists (
          select from payment_attempts as attempt where attempt.subscription_id = subscriptions.id
            and attempt.invoice_id = effect ->> 'invoice' and attempt.attempt = (effect ->> 'attempt')::int
            and attempt.state = 'requested'))
        or (effect ->> 'type' = 'refund' and exists (
          select from refunds as refund where refund.id = effect ->> 'refund'
            and refund.attempt = (effect ->> 'attempt')::int and refund.state = 'requested')))
    ) || coalesce((
      select jsonb_agg(effect) from jsonb_array_elements(last_step -> 'outside') as effect
      where effect ->> 'type' not in ('charge', 'refund')
    ), '[]'::jsonb) as outside
    from subscriptions where id = ${id}`.execute(trx);
  const row = rows[0];
  return row ? { subscription: row.document, outside: row.outside, clockNow: row.clock_now?.getTime() ?? null } : null;
}

export const versionOf = async (trx: Trx, id: SubscriptionId): Promise<number> =>
  (await trx.selectFrom('subscriptions').select('version').where('id', '=', id).executeTakeFirst())?.version ?? 0;
