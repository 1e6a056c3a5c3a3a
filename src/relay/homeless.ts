/** Events that name no subscription. Those about payment methods are projected here: no workflow is woken for them. */
import { sql } from 'kysely';
import type { Db } from '../db/client.ts';
import { isMethodNews, type MethodNews, type Told } from '../db/inbox.ts';
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
import { forgetPaymentMethod, keepPaymentMethod, lockCustomer } from '../db/payment-methods.ts';
import { inRole, type Scope, type Trx, within } from '../db/tenant.ts';
import type { CustomerId, Mode, PaymentId, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { backOff, type RelaySettings } from './settings.ts';

const ROLE = 'hydra_relay';
const BATCH = 200;
/** Other systems may use the same account: what can't be found for so long belongs to them. */
const GIVEN_UP_AFTER_MS = 3_600_000;

/** How many were looked at; a full batch means that there are more. */
export async function houseHomeless(
  db: Db,
  keys: KeyRing,
  settings: RelaySettings,
): Promise<{ distrusted: readonly Distrusted[]; more: boolean }> {
  return inRole(db, ROLE, async (trx) => {
    const events = await takeHomeless(trx, keys, BATCH);
    await lockOwners(
      trx,
      events.filter(({ seal }) => seal === 'sound'),
    );
    const parked: Parking[] = [];
    const distrusted: Distrusted[] = [];
    for (const event of events) {
      if (event.seal !== 'sound') {
        distrusted.push({ id: event.id, reason: WHY_NOT_SOUND[event.seal] });
        continue;
      }
      const housed = isMethodNews(event.told)
        ? await projectMethod(trx, keys, event, event.told)
        : await findOwner(trx, keys, event, event.told);
      if (!housed) parked.push(parkingOf(event, settings));
    }
    await park(trx, parked);
    await quarantine(trx, distrusted);
    return { distrusted, more: events.length === BATCH };
  });
}

function parkingOf({ id, attempts, receivedAt, told }: Homeless, settings: RelaySettings): Parking {
  const what = isMethodNews(told)
    ? 'customer'
    : told.type === 'subscription_seen'
      ? 'subscription'
      : told.type === 'invoice_seen' || told.type === 'payment_seen'
        ? 'invoice'
        : 'payment';
  return Date.now() - receivedAt > GIVEN_UP_AFTER_MS
    ? { id, state: 'ignored', reason: `no such ${what} of ours`, againInMs: 0 }
    : {
        id,
        state: 'parked',
        reason: `its ${what} is not known yet`,
        againInMs: backOff(settings.parkMs, settings.longestParkMs, attempts),
      };
}

type Owned = { tenant: TenantId; subscription: SubscriptionId };

async function findOwner(trx: Trx, keys: KeyRing, event: Homeless, told: Exclude<Told, MethodNews>): Promise<boolean> {
  const owner = await ownerBy(trx, event, told);
  if (owner) await giveHome(trx, keys, event, owner);
  return owner !== undefined;
}

/** By the payment that it names, or by what the processor calls its own subscription or invoice. */
async function ownerBy(
  trx: Trx,
  { mode, provider }: Homeless,
  told: Exclude<Told, MethodNews>,
): Promise<Owned | undefined> {
  switch (told.type) {
    case 'subscription_seen':
    case 'order_answered':
    case 'checkout_expired':
      return told.type === 'subscription_seen' ? bySubscription(trx, { mode, provider }, told.seen.id) : undefined;
    case 'invoice_seen':
      return byInvoice(trx, mode, told.seen.id);
    case 'payment_seen':
      return byInvoice(trx, mode, told.seen.invoice);
    default:
      return told.payment === null ? undefined : byPayment(trx, mode, told.payment);
  }
}

async function bySubscription(trx: Trx, { mode, provider }: Pick<Homeless, 'mode' | 'provider'>, theirs: string) {
  const { rows } = await sql<Owned>`
    select tenant_id as tenant, subscription_id as subscription from processor_subscriptions
    where processor = ${provider} and mode = ${mode} and processor_subscription_id = ${theirs}
    limit 1`.execute(trx);
  return rows[0];
}

async function byInvoice(trx: Trx, mode: Mode, theirs: string) {
  const { rows } = await sql<Owned>`
    select tenant_id as tenant, subscription_id as subscription from invoices
    where processor_invoice_id = ${theirs} and mode = ${mode}
    limit 1`.execute(trx);
  return rows[0];
}

async function byPayment(trx: Trx, mode: Mode, payment: PaymentId) {
  const { rows } = await sql<Owned>`
    select tenant_id as tenant, subscription_id as subscription from payment_attempts
    where processor_payment_id = ${payment} and mode = ${mode}
    union
    select tenant_id, subscription_id from payments
    where id = ${payment} and mode = ${mode} and subscription_id is not null
    limit 1`.execute(trx);
  return rows[0];
}

type Holder = { tenant_id: TenantId; mode: Mode; customer_id: CustomerId };

async function projectMethod(trx: Trx, keys: KeyRing, event: Homeless, news: MethodNews): Promise<boolean> {
  const owner = await holderOf(trx, event, news);
  if (!owner) return false;
  const changed = await changeMethod(trx, event, news, owner);
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

const changeMethod = (trx: Trx, { provider, occurredAt: at }: Homeless, news: MethodNews, owner: Holder) =>
  within(trx, ROLE, scopeOf(owner), async () => {
    const { method: id, brand, last4 } = news;
    const method = { ...{ id, processor: provider, brand, last4, at }, customer: owner.customer_id };
    return news.type === 'method_detached'
      ? forgetPaymentMethod(trx, scopeOf(owner), method)
      : (await keepPaymentMethod(trx, scopeOf(owner), method)).outcome === 'kept';
  });

const scopeOf = ({ tenant_id: tenant, mode }: Holder): Scope => ({ tenant, mode });

/** All of the batch at once, in one order: another relay may hold news of the same customers. */
async function lockOwners(trx: Trx, events: readonly Homeless[]): Promise<void> {
  const owners: Holder[] = [];
  for (const event of events) {
    const owner = isMethodNews(event.told) ? await holderOf(trx, event, event.told) : undefined;
    if (owner) owners.push(owner);
  }
  const keyOf = ({ tenant_id, mode, customer_id }: Holder) => `${tenant_id} ${mode} ${customer_id}`;
  for (const owner of owners.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    await within(trx, ROLE, scopeOf(owner), () => lockCustomer(trx, owner.customer_id));
  }
}
