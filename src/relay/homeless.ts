/** Events that name no subscription. Those about payment methods are projected here: no workflow is woken for them. */
import { sql } from 'kysely';
import type { Db } from '../db/client.ts';
import { isMethodNews, type MethodNews } from '../db/inbox.ts';
import { WHY_NOT_SOUND } from '../db/inbox-mac.ts';
import {
  type Distrusted,
  giveHome,
  type Homeless,
  ownerOf,
  type Parking,
  park,
  quarantine,
  settle,
  takeHomeless,
} from '../db/inbox-relay.ts';
import { inRole, type Trx } from '../db/tenant.ts';
import type { CustomerId, Mode, PaymentId, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { backOff, type RelaySettings } from './settings.ts';

const BATCH = 200;
/** Other systems may use the same account: what can't be found for so long belongs to them. */
const GIVEN_UP_AFTER_MS = 3_600_000;

/** How many were looked at; a full batch means that there are more. */
export async function houseHomeless(
  db: Db,
  keys: KeyRing,
  settings: RelaySettings,
): Promise<{ distrusted: readonly Distrusted[]; more: boolean }> {
  return inRole(db, 'hydra_relay', async (trx) => {
    const events = await takeHomeless(trx, keys, BATCH);
    const parked: Parking[] = [];
    const distrusted: Distrusted[] = [];
    for (const event of events) {
      if (event.seal !== 'sound') {
        distrusted.push({ id: event.id, reason: WHY_NOT_SOUND[event.seal] });
        continue;
      }
      const housed = isMethodNews(event.told)
        ? await projectMethod(trx, keys, event, event.told)
        : await findOwner(trx, keys, event, event.told.payment);
      if (!housed) parked.push(parkingOf(event, settings));
    }
    await park(trx, parked);
    await quarantine(trx, distrusted);
    return { distrusted, more: events.length === BATCH };
  });
}

function parkingOf({ id, attempts, receivedAt, told }: Homeless, settings: RelaySettings): Parking {
  const what = isMethodNews(told) ? 'customer' : 'payment';
  return Date.now() - receivedAt > GIVEN_UP_AFTER_MS
    ? { id, state: 'ignored', reason: `no such ${what} of ours`, againInMs: 0 }
    : {
        id,
        state: 'parked',
        reason: `its ${what} is not known yet`,
        againInMs: backOff(settings.parkMs, settings.longestParkMs, attempts),
      };
}

async function findOwner(trx: Trx, keys: KeyRing, event: Homeless, payment: PaymentId | null): Promise<boolean> {
  const { mode } = event;
  if (payment === null) return false;
  const { rows } = await sql<{ tenant: TenantId; subscription: SubscriptionId }>`
    select tenant_id as tenant, subscription_id as subscription from payment_attempts
    where processor_payment_id = ${payment} and mode = ${mode}
    union
    select tenant_id, subscription_id from payments
    where id = ${payment} and mode = ${mode} and subscription_id is not null
    limit 1`.execute(trx);
  if (rows[0]) await giveHome(trx, keys, event, rows[0]);
  return rows.length > 0;
}

type Holder = { tenant_id: TenantId; mode: Mode; customer_id: CustomerId };

async function projectMethod(trx: Trx, keys: KeyRing, event: Homeless, news: MethodNews): Promise<boolean> {
  const owner = await holderOf(trx, event, news);
  if (!owner) return false;
  const changed =
    news.type === 'method_detached' ? await detach(trx, event, news, owner) : await keep(trx, event, news, owner);
  await settle(trx, event.id, {
    state: changed ? 'applied' : 'ignored',
    reason: changed ? 'projected' : 'it was known, or is over',
    owner: ownerOf(keys, event, owner.tenant_id),
  });
  return true;
}

const holderOf = (trx: Trx, { provider, account, mode }: Homeless, news: MethodNews): Promise<Holder | undefined> =>
  news.customer === null
    ? trx
        .selectFrom('payment_methods')
        .select(['tenant_id', 'mode', 'customer_id'])
        .where('id', '=', news.method)
        .where('processor', '=', provider)
        .where('mode', '=', mode)
        .executeTakeFirst()
    : trx
        .selectFrom('processor_customers')
        .select(['tenant_id', 'mode', 'customer_id'])
        .where('processor', '=', provider)
        .where('account', '=', account)
        .where('mode', '=', mode)
        .where('processor_customer_id', '=', news.customer)
        .executeTakeFirst();

/** The first one that a customer has is the default. What was detached stays detached: a processor never takes it back. */
async function keep(trx: Trx, { provider, occurredAt }: Homeless, news: MethodNews, owner: Holder): Promise<boolean> {
  const insert = (isDefault: boolean) =>
    sql`
    insert into payment_methods (tenant_id, mode, id, customer_id, processor, brand, last4, is_default, created_at)
    select ${owner.tenant_id}, ${owner.mode}, ${news.method}, ${owner.customer_id}, ${provider}, ${news.brand},
      ${news.last4}, ${isDefault}::boolean and not exists (
        select from payment_methods other
        where other.tenant_id = ${owner.tenant_id} and other.mode = ${owner.mode}
          and other.customer_id = ${owner.customer_id} and other.is_default and other.detached_at is null
      ), ${occurredAt}
    on conflict do nothing`.execute(trx);
  const updated = await sql`
    update payment_methods set brand = ${news.brand}, last4 = ${news.last4}
    where tenant_id = ${owner.tenant_id} and mode = ${owner.mode} and id = ${news.method}
      and customer_id = ${owner.customer_id} and detached_at is null
      and (brand, last4) is distinct from (${news.brand}::text, ${news.last4}::text)`.execute(trx);
  if (updated.numAffectedRows === 1n) return true;
  const inserted = await insert(true);
  // Another became the default at the same moment: then this one isn't.
  return inserted.numAffectedRows === 1n || (await insert(false)).numAffectedRows === 1n;
}

/** News of the end may come before that of the beginning: the row that it leaves keeps the method from coming back. */
async function detach(trx: Trx, { provider, occurredAt }: Homeless, news: MethodNews, owner: Holder): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into payment_methods as known (tenant_id, mode, id, customer_id, processor, brand, last4, is_default,
      created_at, detached_at)
    values (${owner.tenant_id}, ${owner.mode}, ${news.method}, ${owner.customer_id}, ${provider}, ${news.brand},
      ${news.last4}, false, ${occurredAt}, ${occurredAt})
    on conflict (tenant_id, mode, id) do update set detached_at = excluded.detached_at, is_default = false
    where known.detached_at is null and known.customer_id = excluded.customer_id`.execute(trx);
  return numAffectedRows === 1n;
}
