/** What a customer may use, read with one indexed statement; and what was agreed with it alone. */
import { type Selectable, sql } from 'kysely';
import { accessOf, lastsUntil } from '../domain/access.ts';
import { type Entitlements, entitlementsOf, type Override, type UsedOf } from '../domain/entitlements.ts';
import type { Feature, OverrideValue, Tier } from '../domain/feature.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import { audit } from './audit.ts';
import { OUTBOX_CHANNEL } from './outbox.ts';
import type { EntitlementOverridesTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

/** Told with each change, with the customer's id. */
export const ENTITLEMENTS_CHANNEL = 'hydra_entitlements';

type Read = {
  clock: Date | null;
  subscriptions: { document: Subscription; quantity: number | null; tier: Tier | null; features: Feature[] | null }[];
  overrides: { feature: string; value: OverrideValue; until: string | null }[];
};

/** `at` is what time it is for the customer; `units` is how much of anything it has subscribed to. */
export type Held = Entitlements & { at: Instant; units: number };

/** Null where there is no such customer. The time is that of its clock, or the wall's. */
export async function readEntitlements(
  trx: Trx,
  customer: CustomerId,
  wall: Instant,
  used?: UsedOf,
): Promise<Held | null> {
  const { rows } = await sql<Read>`/* read_entitlements */
    select (select now from clocks where clocks.id = customers.clock_id) as clock, coalesce((
      select jsonb_agg(jsonb_build_object('document', document, 'quantity', quantity, 'tier', plan -> 'tier',
        'features', plan -> 'features'))
      from subscriptions left join lateral (
        select plan from price_books, jsonb_array_elements(price_books.document -> 'plans') as plan
        where price_books.id = subscriptions.price_book_id and plan ->> 'id' = subscriptions.plan_id
      ) as sold on true
      where customer_id = customers.id and state <> 'canceled'
    ), '[]'::jsonb) as subscriptions, coalesce((
      select jsonb_agg(jsonb_build_object('feature', feature, 'value', value, 'until', until))
      from entitlement_overrides where customer_id = customers.id
    ), '[]'::jsonb) as overrides
    from customers where id = ${customer}`.execute(trx);
  const [row] = rows;
  if (!row) return null;
  const at = row.clock?.getTime() ?? wall;
  const subscribed = row.subscriptions.map(({ document, quantity, tier, features }) => ({
    ...{ access: accessOf(document, at), quantity: quantity ?? 1, tier: tier ?? 'baseline', features: features ?? [] },
    lastsUntil: lastsUntil(document),
  }));
  const overrides = row.overrides.map(({ until, ...each }): Override => {
    return { ...each, until: until === null ? null : Date.parse(until) };
  });
  const units = subscribed.reduce((sum, { quantity }) => sum + quantity, 0);
  return { ...entitlementsOf(subscribed, overrides, at, used), at, units };
}

export type OverrideRow = Selectable<EntitlementOverridesTable>;

export const listOverrides = (trx: Trx, customer: CustomerId): Promise<OverrideRow[]> =>
  trx.selectFrom('entitlement_overrides').selectAll().where('customer_id', '=', customer).orderBy('feature').execute();

type Deed = { customer: CustomerId; feature: string; reason: string; by: string; at: Date };

/** In the place of an earlier one about the same feature. */
export async function setOverride(
  trx: Trx,
  scope: Scope,
  { value, until, ...deed }: Deed & { value: OverrideValue; until: Date | null },
): Promise<OverrideRow> {
  const { customer: customer_id, feature, reason, by, at } = deed;
  const written = { value: JSON.stringify(value), until, reason, set_by: by, set_at: at };
  const before = await overrideOf(trx, customer_id, feature);
  const row = await trx
    .insertInto('entitlement_overrides')
    .values({ tenant_id: scope.tenant, mode: scope.mode, customer_id, feature, ...written })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'mode', 'customer_id', 'feature']).doUpdateSet(written))
    .returningAll()
    .executeTakeFirstOrThrow();
  await told(trx, scope, deed, before, row);
  return row;
}

/** Its plan says it again. Null where nothing was agreed. */
export async function removeOverride(trx: Trx, scope: Scope, deed: Deed): Promise<OverrideRow | null> {
  const before = await trx
    .deleteFrom('entitlement_overrides')
    .where('customer_id', '=', deed.customer)
    .where('feature', '=', deed.feature)
    .returningAll()
    .executeTakeFirst();
  if (!before) return null;
  await told(trx, scope, deed, before, null);
  return before;
}

const overrideOf = async (trx: Trx, customer: CustomerId, feature: string): Promise<OverrideRow | null> =>
  (await trx
    .selectFrom('entitlement_overrides')
    .selectAll()
    .where('customer_id', '=', customer)
    .where('feature', '=', feature)
    .forUpdate()
    .executeTakeFirst()) ?? null;

/** In the deed's own transaction: who did it, and that it was done. */
async function told(
  trx: Trx,
  scope: Scope,
  { customer, feature, reason, by, at }: Deed,
  before: OverrideRow | null,
  after: OverrideRow | null,
): Promise<void> {
  const inWords = (row: OverrideRow | null) => row && JSON.stringify({ ...row.value, until: row.until });
  await audit(trx, scope, {
    ...{ at, by, action: after ? 'entitlement_overridden' : 'entitlement_restored', subject: customer },
    why: { feature, before: inWords(before), after: inWords(after), reason },
  });
  await trx
    .insertInto('outbox')
    .values({
      ...{ tenant_id: scope.tenant, mode: scope.mode, customer_id: customer, type: 'entitlements.changed' },
      ...{ payload: JSON.stringify({ customer, feature }), at },
    })
    .execute();
  await sql`select pg_notify(${OUTBOX_CHANNEL}, ''), pg_notify(${ENTITLEMENTS_CHANNEL}, ${customer})`.execute(trx);
}
