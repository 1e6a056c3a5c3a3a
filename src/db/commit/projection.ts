/** The subscription's row. The workflow owns the state; this is where everyone else reads it. */
import { sql } from 'kysely';
import type { Access } from '../../domain/access.ts';
import type { Commit } from '../../domain/commit.ts';
import { isOutside } from '../../domain/effect.ts';
import type { SubscriptionId } from '../../domain/ids.ts';
import { monthlyRecurring } from '../../domain/mrr.ts';
import { isAccepted, type Subscription } from '../../domain/subscription.ts';
import type { Instant } from '../../domain/time.ts';
import type { LastStep } from '../schema.ts';
import type { Trx } from '../tenant.ts';

export type Stored = { version: number; decision_hash: string; document: Subscription; last_step: LastStep };

export async function storedOf(trx: Trx, id: SubscriptionId): Promise<Stored | null> {
  const { rows } = await sql<Stored>`/* commit_stored */
    select version, decision_hash, document, last_step from subscriptions where id = ${id}`.execute(trx);
  return rows[0] ?? null;
}

/** What was stored before a step: version 0 where nobody had heard of the subscription. */
export type Before = { version: number; mrr: number; entitled: Entitled | null };
/** What of a subscription says what its customer may use. */
export type Entitled = { access: Access['level']; plan: string | null; book: string | null; quantity: number | null };

/**
 * Takes those steps that the database is behind, one of each subscription, and says what it held of these until then. The
 * rows are held until the transaction ends, in the order of their ids: of two that bring the same version one waits, and
 * then sees what the other did.
 */
export async function project(
  trx: Trx,
  steps: readonly { step: Commit; hash: string }[],
): Promise<Map<SubscriptionId, Before>> {
  const projected = steps.map(({ step, hash }) => rowOf(step, hash));
  const { rows } = await sql<Before & { id: SubscriptionId }>`/* commit_project */
    insert into subscriptions as stored (tenant_id, mode, id, customer_id, state, collection, processor, plan_id,
      price_book_id, quantity, currency, time_zone, anchor_at, trial_ends_at, period_start, period_end, next_due_at,
      cancel_at, access_level, access_until, clock_id, mrr, document, version, decision_hash, last_step, created_at,
      updated_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), row.id, row.customer_id,
      row.state, row.collection, row.processor, row.plan_id, row.price_book_id, row.quantity, row.currency, row.time_zone,
      row.anchor_at, row.trial_ends_at, row.period_start, row.period_end, row.next_due_at, row.cancel_at,
      row.access_level, row.access_until, (select clock_id from customers where customers.id = row.customer_id), row.mrr, row.document, row.version, row.decision_hash, row.last_step,
      row.created_at, row.updated_at
    from jsonb_populate_recordset(null::subscriptions, ${JSON.stringify(projected)}::jsonb) as row
    order by row.id
    on conflict (tenant_id, mode, id) do update set
      state = excluded.state, collection = excluded.collection, processor = excluded.processor,
      plan_id = excluded.plan_id, price_book_id = excluded.price_book_id, quantity = excluded.quantity,
      currency = excluded.currency, time_zone = excluded.time_zone, anchor_at = excluded.anchor_at,
      trial_ends_at = coalesce(excluded.trial_ends_at, stored.trial_ends_at),
      period_start = excluded.period_start, period_end = excluded.period_end, next_due_at = excluded.next_due_at,
      cancel_at = excluded.cancel_at, access_level = excluded.access_level, access_until = excluded.access_until,
      mrr = excluded.mrr, document = excluded.document, version = excluded.version, decision_hash = excluded.decision_hash,
      last_step = excluded.last_step,
      updated_at = excluded.updated_at
    where stored.version < excluded.version
    returning id, coalesce((select version from subscriptions as before where before.id = stored.id), 0) as version,
      coalesce((select mrr from subscriptions as before where before.id = stored.id), 0) as mrr,
      (select jsonb_build_object('access', access_level, 'plan', plan_id, 'book', price_book_id, 'quantity', quantity)
        from subscriptions as before where before.id = stored.id) as entitled`.execute(trx);
  return new Map(rows.map(({ id, ...before }) => [id, before]));
}

function rowOf({ subscription, decisions, taken, nextDueAt, access, at }: Commit, hash: string) {
  const { id, customer, state, collection, processor, currency, timeZone, createdAt, version } = subscription;
  const accepted = isAccepted(subscription) ? subscription : null;
  return {
    id,
    customer_id: customer,
    state,
    collection,
    processor,
    plan_id: accepted?.terms.planId,
    price_book_id: accepted?.terms.priceBookId,
    quantity: accepted?.quantity,
    currency,
    time_zone: timeZone,
    anchor_at: iso(accepted?.anchor),
    trial_ends_at: iso(subscription.state === 'trialing' ? subscription.period.end : null),
    period_start: iso(accepted?.period.start),
    period_end: iso(accepted?.period.end),
    next_due_at: iso(nextDueAt),
    cancel_at: iso(accepted?.cancelAt),
    access_level: access.level,
    access_until: iso(access.until),
    mrr: monthlyRecurring(subscription),
    document: subscription,
    version,
    decision_hash: hash,
    last_step: { taken, outside: decisions.flatMap(({ effects }) => effects.filter(isOutside)) },
    created_at: iso(createdAt),
    updated_at: iso(at),
  };
}

export const iso = (at: Instant | null | undefined): string | null =>
  at === null || at === undefined ? null : new Date(at).toISOString();
