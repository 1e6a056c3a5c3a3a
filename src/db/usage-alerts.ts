/** How much a customer has used of what its plan gives for a period, and who is told when it is nearly all. */
import { sql } from 'kysely';
import { decimalText } from '../domain/decimal.ts';
import type { UsedOf } from '../domain/entitlements.ts';
import type { CustomerId } from '../domain/ids.ts';
import { versionAt } from '../domain/meter.ts';
import type { Instant } from '../domain/time.ts';
import { ENTITLEMENTS_CHANNEL, readEntitlements } from './entitlements.ts';
import { countingMeters } from './meters.ts';
import { OUTBOX_CHANNEL } from './outbox.ts';
import type { Scope, Trx } from './tenant.ts';
import { totalUsage } from './usage-read.ts';

type Use = { used: number; since: Instant; alerts: readonly number[] };
export type Uses = ReadonlyMap<string, Use>;

/** In percent of a limit, where the feature says nothing else. */
const ALERTS = [80, 100];

/** By meter, in the running period of the subscription that counts it. */
export async function usesOf(trx: Trx, customer: CustomerId): Promise<Uses> {
  const { rows } = await sql<{
    meter: string;
    since: Instant;
    until: Instant;
    alerts: number[] | null;
  }>`/* usage_uses */
    select distinct on (meter) feature ->> 'meter' as meter, (subscriptions.document -> 'period' ->> 'start')::bigint as since,
      (subscriptions.document -> 'period' ->> 'end')::bigint as until, feature -> 'alerts' as alerts
    from subscriptions
    join price_books on price_books.id = subscriptions.price_book_id
    cross join lateral jsonb_array_elements(price_books.document -> 'plans') as plan
    cross join lateral jsonb_array_elements(coalesce(plan -> 'features', '[]')) as feature
    where customer_id = ${customer} and subscriptions.state <> 'canceled' and plan ->> 'id' = subscriptions.plan_id
      and feature ->> 'type' = 'metered' and subscriptions.document ? 'period'
    order by meter, since`.execute(trx);
  const uses = new Map<string, Use>();
  if (rows.length === 0) return uses;
  const meters = await countingMeters(trx, 'ever');
  for (const { meter: key, since, until, alerts } of rows) {
    const meter = versionAt(meters, key, since);
    if (!meter) continue;
    const used = await totalUsage(trx, meter, customer, { from: since, to: until });
    uses.set(key, { used: Number(decimalText(used)), since, alerts: alerts ?? ALERTS });
  }
  return uses;
}

export const usedOf =
  (uses: Uses): UsedOf =>
  (meter) =>
    uses.get(meter)?.used ?? null;

/** Once for each threshold in a period. At the limit itself what the customer may use is not what it was. */
export async function alertOfUse(trx: Trx, scope: Scope, customer: CustomerId, wall: Instant): Promise<void> {
  const uses = await usesOf(trx, customer);
  if (uses.size === 0) return;
  const entitlements = await readEntitlements(trx, customer, wall, usedOf(uses));
  for (const each of entitlements?.features ?? []) {
    if (each.type !== 'metered' || each.limit === null || each.limit === 0 || each.used === null) continue;
    const { since, alerts } = uses.get(each.meter)!;
    const { feature, meter, used, limit } = each;
    for (const threshold of alerts) {
      if (used * 100 < limit * threshold) continue;
      const at = new Date(wall);
      const told = await trx
        .insertInto('usage_alerts')
        .values({
          ...{ tenant_id: scope.tenant, mode: scope.mode, customer_id: customer, feature },
          ...{ period_start: new Date(since), threshold, told_at: at },
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('threshold')
        .executeTakeFirst();
      if (!told) continue;
      const whose = { tenant_id: scope.tenant, mode: scope.mode, customer_id: customer, at };
      const data = { customer, feature, meter, threshold, used: Math.floor(used), limit };
      const rows = [
        { ...whose, type: 'usage.threshold_reached' as const, payload: JSON.stringify(data) },
        ...(threshold === 100
          ? [{ ...whose, type: 'entitlements.changed' as const, payload: JSON.stringify({ customer, feature }) }]
          : []),
      ];
      await trx.insertInto('outbox').values(rows).execute();
      await sql`select pg_notify(${OUTBOX_CHANNEL}, ''),
        (select pg_notify(${ENTITLEMENTS_CHANNEL}, ${customer}) where ${threshold}::int = 100)`.execute(trx);
    }
  }
}
