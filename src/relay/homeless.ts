/** Events that name no subscription. Those about payment methods are projected here: no workflow is woken for them. */
import { sql } from 'kysely';
import type { Db } from '../db/client.ts';
import { isBadData } from '../db/group-commit.ts';
import { isMethodNews, type MethodNews, type Told } from '../db/inbox.ts';
import { WHY_NOT_SOUND } from '../db/inbox-mac.ts';
import {
  type Distrusted,
  giveHome,
  type Homeless,
  type Parking,
  park,
  quarantine,
  settleProjected,
  takeHomeless,
} from '../db/inbox-relay.ts';
import type { MethodChange } from '../db/method-changes.ts';
import { changeMethods } from '../db/payment-methods.ts';
import { recordset } from '../db/recordset.ts';
import { inRole, type Scope, type Trx, within } from '../db/tenant.ts';
import type { CustomerId, Mode, PaymentId, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { backOff, type RelaySettings } from './settings.ts';

const ROLE = 'hydra_relay';
const BATCH = 200;
/** Other systems may use the same account: what can't be found for so long belongs to them. */
const GIVEN_UP_AFTER_MS = 3_600_000;

/** A full batch means that there are more. One that the database won't have is found by halving, and hurts no other. */
export async function houseHomeless(
  db: Db,
  keys: KeyRing,
  settings: RelaySettings,
  limit = BATCH,
): Promise<{ distrusted: readonly Distrusted[]; more: boolean }> {
  try {
    return await inRole(db, ROLE, (trx) => house(trx, keys, settings, limit));
  } catch (error) {
    if (!isBadData(error)) throw error;
    if (limit > 1) return { ...(await houseHomeless(db, keys, settings, limit >> 1)), more: true };
    await inRole(db, ROLE, async (trx) => {
      const events = await takeHomeless(trx, keys, limit);
      await park(
        trx,
        events.map((event) => refusalOf(event, settings)),
      );
    });
    return { distrusted: [], more: true };
  }
}

async function house(trx: Trx, keys: KeyRing, settings: RelaySettings, limit: number) {
  const events = await takeHomeless(trx, keys, limit);
  const sound = events.filter(({ seal }) => seal === 'sound');
  const distrusted = events.flatMap(({ id, seal }): Distrusted[] =>
    seal === 'sound' ? [] : [{ id, reason: WHY_NOT_SOUND[seal] }],
  );
  const housed = await projectMethods(trx, keys, sound.filter(tellsOfMethod));
  for (const event of sound) {
    if (!isMethodNews(event.told) && (await findOwner(trx, keys, event, event.told))) housed.add(event.id);
  }
  await park(
    trx,
    sound.filter(({ id }) => !housed.has(id)).map((event) => parkingOf(event, settings)),
  );
  await quarantine(trx, distrusted);
  return { distrusted, more: events.length === limit };
}

type OfMethod = Homeless & { told: MethodNews };
const tellsOfMethod = (event: Homeless): event is OfMethod => isMethodNews(event.told);

function refusalOf({ id, attempts, receivedAt }: Homeless, settings: RelaySettings): Parking {
  const isDead = Date.now() - receivedAt > settings.diesAfterMs;
  const againInMs = backOff(settings.parkMs, settings.longestParkMs, attempts);
  return { id, state: isDead ? 'dead' : 'parked', reason: 'the database does not take it', againInMs };
}

function parkingOf({ id, attempts, receivedAt, told }: Homeless, settings: RelaySettings): Parking {
  const what = isMethodNews(told)
    ? 'customer'
    : told.type === 'subscription_seen' || told.type === 'object_stirred'
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
  { mode, provider, sealed: { tenant } }: Homeless,
  told: Exclude<Told, MethodNews>,
): Promise<Owned | undefined> {
  const among = { mode, tenant };
  switch (told.type) {
    case 'subscription_seen':
    case 'order_answered':
    case 'checkout_expired':
      return told.type === 'subscription_seen' ? bySubscription(trx, among, provider, told.seen.id) : undefined;
    case 'object_stirred':
      return bySubscription(trx, among, provider, told.of ?? told.id);
    case 'invoice_seen':
      return byInvoice(trx, among, told.seen.id);
    case 'payment_seen':
      return byInvoice(trx, among, told.seen.invoice);
    default:
      return told.payment === null ? undefined : byPayment(trx, among, told.payment);
  }
}

/** What came by a tenant's own account is looked for among what is that tenant's. */
type Among = { mode: Mode; tenant: TenantId | null };
const isAmong = ({ mode, tenant }: Among) => sql`mode = ${mode} and (${tenant}::text is null or tenant_id = ${tenant})`;

async function bySubscription(trx: Trx, among: Among, provider: Homeless['provider'], theirs: string) {
  const { rows } = await sql<Owned>`
    select tenant_id as tenant, subscription_id as subscription from processor_subscriptions
    where processor = ${provider} and processor_subscription_id = ${theirs} and ${isAmong(among)}
    limit 1`.execute(trx);
  return rows[0];
}

async function byInvoice(trx: Trx, among: Among, theirs: string) {
  const { rows } = await sql<Owned>`
    select tenant_id as tenant, subscription_id as subscription from invoices
    where processor_invoice_id = ${theirs} and ${isAmong(among)}
    limit 1`.execute(trx);
  return rows[0];
}

async function byPayment(trx: Trx, among: Among, payment: PaymentId) {
  const { rows } = await sql<Owned>`
    select tenant_id as tenant, subscription_id as subscription from payment_attempts
    where processor_payment_id = ${payment} and ${isAmong(among)}
    union
    select tenant_id, subscription_id from payments
    where id = ${payment} and ${isAmong(among)} and subscription_id is not null
    limit 1`.execute(trx);
  return rows[0];
}

type Holder = { id: string; tenant: TenantId; mode: Mode; customer: CustomerId };

/** All of a batch at once, tenant by tenant, each in the order of its arrival. Answers which have found whose they are. */
async function projectMethods(trx: Trx, keys: KeyRing, events: readonly OfMethod[]): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const holders = new Map((await holdersOf(trx, events)).map((holder) => [holder.id, holder]));
  const scopes = new Map<string, { scope: Scope; events: OfMethod[] }>();
  for (const event of events) {
    const holder = holders.get(event.id);
    if (!holder) continue;
    const { tenant, mode } = holder;
    const own = scopes.get(`${tenant} ${mode}`) ?? { scope: { tenant, mode }, events: [] };
    scopes.set(`${tenant} ${mode}`, own);
    own.events.push(event);
  }
  // In one order: another relay may hold news of the same customers.
  for (const [, { scope, events }] of [...scopes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const changes = events.map((event) => changeOf(event, holders.get(event.id)!.customer));
    const { outcomes } = await within(trx, ROLE, scope, () => changeMethods(trx, scope, changes));
    await settleProjected(
      trx,
      keys,
      events.map((event, i) => ({ event, tenant: scope.tenant, changed: outcomes[i] === 'changed' })),
    );
  }
  return new Set(holders.keys());
}

function changeOf({ provider: processor, occurredAt: at, told }: OfMethod, customer: CustomerId): MethodChange {
  const { type, method: id, brand, last4 } = told;
  return {
    does: type === 'method_detached' ? 'forget' : 'keep',
    method: { id, processor, brand, last4, customer, at },
  };
}

const asAsked = recordset<OfMethod>('asked', {
  id: ['text', ({ id }) => id],
  provider: ['text', ({ provider }) => provider],
  account: ['text', ({ account }) => account],
  mode: ['text', ({ mode }) => mode],
  customer: ['text', ({ told }) => told.customer],
  method: ['text', ({ told }) => told.method],
  tenant: ['text', ({ sealed }) => sealed.tenant],
});

/** By the processor's own name of the customer, or, where it names none, by the method. */
async function holdersOf(trx: Trx, events: readonly OfMethod[]): Promise<Holder[]> {
  const { rows } = await sql<Holder>`/* inbox_holders */
    select asked.id, holder.tenant_id as tenant, asked.mode, holder.customer_id as customer
    from ${asAsked(events)} cross join lateral (
      select tenant_id, customer_id from processor_customers theirs
      where theirs.processor = asked.provider and theirs.account = asked.account and theirs.mode = asked.mode
        and theirs.processor_customer_id = asked.customer
      union all
      select tenant_id, customer_id from payment_methods known
      where asked.customer is null and known.id = asked.method and known.processor = asked.provider
        and known.mode = asked.mode and (asked.tenant is null or known.tenant_id = asked.tenant)
      limit 1
    ) holder`.execute(trx);
  return rows;
}
