/**
 * How the inbox is carried on. A subscription is leased as a whole: whoever holds it sends its events in the order of
 * their arrival, and a lease ends by itself when its holder dies. No row lock outlives a statement's transaction.
 */
import { sql } from 'kysely';
import type { Claim } from '../domain/claim.ts';
import type { Mode, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { Processor, StateName, Subscription } from '../domain/subscription.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { redact } from '../security/redact.ts';
import type { Db } from './client.ts';
import type { Told } from './inbox.ts';
import { checkSeal, macOfKept, type Seal, type Sealable } from './inbox-mac.ts';
import { recordset } from './recordset.ts';
import type { InboxState } from './schema.ts';
import { inRole, type Trx } from './tenant.ts';

export type Pending = {
  id: string;
  told: Told;
  occurredAt: number;
  state: InboxState;
  attempts: number;
  /** When it came, or was last replayed. */
  receivedAt: number;
  seal: Seal;
};
export type Leased = { tenant: TenantId; mode: Mode; subscription: SubscriptionId; events: Pending[] };

type Row = {
  id: string;
  seq: number;
  provider: Processor;
  account: string;
  event_id: string;
  type: string;
  tenant_id: TenantId;
  mode: Mode;
  subscription_id: SubscriptionId;
  facts: Told[];
  occurred_at: Date;
  state: InboxState;
  attempts: number;
  /** When it was replayed, where it was. */
  received_at: Date;
  verified_by: string | null;
  raw_mac: Buffer | null;
  mac_key: string | null;
  kept_mac: Buffer | null;
  claim: Claim | null;
};

/** What is only claimed waits until it has been read back. */
const BELIEVED = sql.raw(`(claim is null or confirmed_at is not null)`);

const COLUMNS = sql.raw(`inbox.id, seq, provider, account, event_id, type, tenant_id, mode, subscription_id, facts,
  occurred_at, state, attempts, coalesce(replayed_at, received_at) as received_at, verified_by, raw_mac, mac_key, kept_mac, claim`);

export type SealedRow = Omit<Row, 'tenant_id' | 'subscription_id'> & {
  tenant_id: TenantId | null;
  subscription_id: SubscriptionId | null;
};

const sealable = (row: SealedRow): Sealable => ({
  provider: row.provider,
  account: row.account,
  mode: row.mode,
  eventId: row.event_id,
  tenant: row.tenant_id,
  subscription: row.subscription_id,
  type: row.type,
  facts: row.facts,
  occurredAt: row.occurred_at.getTime(),
  verifiedBy: row.verified_by ?? '',
  rawMac: row.raw_mac,
  claim: row.claim,
});
const sealOf = (keys: KeyRing, row: SealedRow): Seal => checkSeal(keys, sealable(row), row.mac_key, row.kept_mac);

/** Far enough to find others behind one that has a great many. */
const LOOKED_THROUGH = 20_000;

/** Subscriptions with something due, and all that is pending for each, oldest first. */
export async function leaseSubscriptions(
  db: Db,
  keys: KeyRing,
  modes: readonly Mode[],
  { subscriptions, eventsEach, forMs }: { subscriptions: number; eventsEach: number; forMs: number },
): Promise<Leased[]> {
  const rows = await inRole(db, 'hydra_relay', async (trx) => {
    // Who can't have the advisory lock goes past. It lasts until this transaction ends; then the lease is there to see.
    const found = await sql<{ tenant_id: string; mode: string; subscription_id: string }>`/* inbox_due */
      with due as (
        select tenant_id, mode, subscription_id, min(seq) as seq
        from (
          select tenant_id, mode, subscription_id, seq from inbox
          where state in ('received', 'signalled', 'parked') and next_try_at <= clock_timestamp()
            and (leased_until is null or leased_until < clock_timestamp())
            and subscription_id is not null and mode = any(${[...modes]}::text[]) and ${BELIEVED}
          order by next_try_at, seq
          limit ${LOOKED_THROUGH}
        ) due_rows
        group by tenant_id, mode, subscription_id
        order by min(seq)
        limit ${subscriptions}
      )
      select tenant_id, mode, subscription_id from due
      where pg_try_advisory_xact_lock(hashtextextended(tenant_id || '/' || mode || '/' || subscription_id, 715))`.execute(
      trx,
    );
    if (found.rows.length === 0) return [];
    // `state || ''` keeps the planner from the index of what is due: whenever its statistics say that nothing is, it takes
    // that for the shortest way, and walks the whole backlog once for each subscription.
    const leased = await sql<Row>`/* inbox_lease */
      with wanted as (
        select * from unnest(${found.rows.map((row) => row.tenant_id)}::text[],
          ${found.rows.map((row) => row.mode)}::text[], ${found.rows.map((row) => row.subscription_id)}::text[])
          as wanted (tenant_id, mode, subscription_id)
      ), free as (
        select wanted.* from wanted
        where not exists (
          select from inbox held
          where held.tenant_id = wanted.tenant_id and held.mode = wanted.mode
            and held.subscription_id = wanted.subscription_id and held.leased_until > clock_timestamp()
        )
      ), pending as (
        select taken.id from free cross join lateral (
          select id from inbox
          where inbox.tenant_id = free.tenant_id and inbox.mode = free.mode
            and inbox.subscription_id = free.subscription_id
            and (state || '' in ('received', 'parked') or (state || '' = 'signalled' and next_try_at <= clock_timestamp()))
            and ${BELIEVED}
          order by seq
          limit ${eventsEach}
        ) taken
      )
      update inbox set leased_until = clock_timestamp() + ${forMs} * interval '1 millisecond'
      from pending
      where inbox.id = pending.id
      returning ${COLUMNS}`.execute(trx);
    return leased.rows;
  });
  const bySubscription = new Map<string, Leased>();
  for (const row of rows.sort((a, b) => a.seq - b.seq)) {
    const { tenant_id: tenant, mode, subscription_id: subscription } = row;
    const key = `${tenant}/${mode}/${subscription}`;
    const leased = bySubscription.get(key) ?? { tenant, mode, subscription, events: [] };
    bySubscription.set(key, leased);
    leased.events.push(pendingOf(keys, row));
  }
  return [...bySubscription.values()];
}

const pendingOf = (keys: KeyRing, row: Row): Pending => {
  const { id, occurred_at, state, attempts, received_at } = row;
  return {
    ...{ id, occurredAt: occurred_at.getTime(), state, attempts, receivedAt: received_at.getTime() },
    ...saidBy(keys, row),
  };
};

/** One that says nothing, or several things, the door has not left so; nobody looks at what it says then. */
function saidBy(keys: KeyRing, row: SealedRow): { told: Told; seal: Seal } {
  const isOne = Array.isArray(row.facts) && row.facts.length === 1;
  return { told: row.facts[0]!, seal: isOne ? sealOf(keys, row) : 'broken' };
}

export type Distrusted = { id: string; reason: string };

/**
 * Whatever it says, it isn't what a processor has told us. So it doesn't keep out what the processor may still tell under
 * the same delivery.
 */
export async function quarantine(trx: Trx, distrusted: readonly Distrusted[]): Promise<void> {
  if (distrusted.length === 0) return;
  await sql`/* inbox_quarantine */
    update inbox set state = 'quarantined', reason = distrusted.reason, leased_until = null, transmission_id = null
    from unnest(${distrusted.map(({ id }) => id)}::text[], ${distrusted.map(({ reason }) => reason)}::text[])
      as distrusted (id, reason)
    where inbox.id = distrusted.id and inbox.state in ('received', 'parked', 'signalled')`.execute(trx);
}

export const quarantineAll = (db: Db, distrusted: readonly Distrusted[]): Promise<void> =>
  inRole(db, 'hydra_relay', (trx) => quarantine(trx, distrusted));

/** `known`: the books hold this very payment. `awaited`: it is fresh, and its attempt's own answer still on the way. */
export type Standing = { id: string; known: boolean; awaited: boolean };

/** What the books say of these events' payments. The row of a payment is written with the decision that applied it. */
export async function standingOf(db: Db, leased: readonly Leased[], freshMs: number): Promise<Map<string, Standing>> {
  const asked = leased.flatMap(({ tenant, mode, events }) =>
    events.flatMap(({ id, told }) =>
      'attempt' in told
        ? [
            {
              ...{ id, tenant_id: tenant, mode, payment: told.payment, invoice: told.invoice, attempt: told.attempt },
              amount: told.type === 'payment_succeeded' ? told.amount : null,
            },
          ]
        : [],
    ),
  );
  if (asked.length === 0) return new Map();
  const { rows } = await inRole(db, 'hydra_relay', (trx) =>
    sql<Standing>`/* inbox_standing */
      select asked.id, payments.id is not null as known,
        coalesce(attempts.state = 'requested', false)
          and inbox.received_at > clock_timestamp() - ${freshMs} * interval '1 millisecond' as awaited
      from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as asked
        (id text, tenant_id text, mode text, payment text, invoice text, attempt int, amount numeric)
      join inbox on inbox.id = asked.id
      left join payments on payments.tenant_id = asked.tenant_id and payments.mode = asked.mode
        and payments.id = asked.payment and payments.amount = asked.amount
      left join payment_attempts attempts on attempts.tenant_id = asked.tenant_id and attempts.mode = asked.mode
        and attempts.invoice_id = asked.invoice and attempts.attempt = asked.attempt`.execute(trx),
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** No step has to take them in: what they say was applied under another telling. */
export const markKnown = (db: Db, ids: readonly string[]): Promise<void> =>
  inRole(db, 'hydra_relay', async (trx) => {
    await sql`/* inbox_known */
      update inbox set state = 'applied', reason = 'the books hold it already', leased_until = null,
        settled_at = clock_timestamp()
      where id = any(${[...ids]}::text[]) and state in ('received', 'parked', 'signalled')`.execute(trx);
  });

/** Sent; should no step have taken it in by then, it is sent again. A step may have been faster than we are. */
export const markSignalled = (db: Db, sent: readonly { id: string; againInMs: number }[]): Promise<void> =>
  inRole(db, 'hydra_relay', async (trx) => {
    await sql`/* inbox_signalled */
      update inbox set state = 'signalled', reason = null, leased_until = null, attempts = attempts + 1,
        next_try_at = clock_timestamp() + sent.again_in_ms * interval '1 millisecond'
      from unnest(${sent.map(({ id }) => id)}::text[], ${sent.map(({ againInMs }) => againInMs)}::float8[])
        as sent (id, again_in_ms)
      where inbox.id = sent.id and state in ('received', 'parked', 'signalled')`.execute(trx);
  });

export type Parking = { id: string; state: 'parked' | 'dead' | 'ignored'; reason: string; againInMs: number };

export async function park(trx: Trx, parked: readonly Parking[]): Promise<void> {
  if (parked.length === 0) return;
  await sql`/* inbox_park */
    with changed as (
      update inbox set state = parked.state, reason = parked.reason, leased_until = null, attempts = attempts + 1,
        next_try_at = clock_timestamp() + parked.again_in_ms * interval '1 millisecond',
        settled_at = case when parked.state = 'parked' then null else clock_timestamp() end
      from unnest(${parked.map(({ id }) => id)}::text[], ${parked.map(({ state }) => state)}::text[],
        ${parked.map(({ reason }) => redact(reason, 'inbox_reason'))}::text[], ${parked.map(({ againInMs }) => againInMs)}::float8[])
        as parked (id, state, reason, again_in_ms)
      where inbox.id = parked.id and inbox.state in ('received', 'parked', 'signalled')
      returning inbox.*
    ), told as (
      insert into outbox (tenant_id, mode, subscription_id, type, payload, at)
      select tenant_id, mode, subscription_id, 'event.dead',
        jsonb_build_object('event', id, 'type', type, 'reason', reason, 'attempts', attempts), settled_at
      from changed
      where state = 'dead' and tenant_id is not null
      returning 1
    )
    select pg_notify('hydra_outbox', '') where exists (select from told)`.execute(trx);
}

export const parkAll = (db: Db, parked: readonly Parking[]): Promise<void> =>
  inRole(db, 'hydra_relay', (trx) => park(trx, parked));

/** Nothing was sent, and it isn't the event's fault: as it was, a little later. */
export const release = (db: Db, ids: readonly string[], againInMs: number): Promise<void> =>
  inRole(db, 'hydra_relay', async (trx) => {
    await sql`/* inbox_release */
      update inbox set leased_until = null, next_try_at = clock_timestamp() + ${againInMs} * interval '1 millisecond'
      where id = any(${[...ids]}::text[]) and state in ('received', 'parked', 'signalled')`.execute(trx);
  });

export type Known = { state: StateName; document: Subscription };

/** The subscription as the database knows it. */
export const projectionOf = (
  db: Db,
  { tenant, mode, subscription }: Pick<Leased, 'tenant' | 'mode' | 'subscription'>,
): Promise<Known | undefined> =>
  inRole(db, 'hydra_relay', (trx) =>
    trx
      .selectFrom('subscriptions')
      .select(['state', 'document'])
      .where('tenant_id', '=', tenant)
      .where('mode', '=', mode)
      .where('id', '=', subscription)
      .executeTakeFirst(),
  );

export type Homeless = {
  id: string;
  provider: 'stripe' | 'paypal';
  account: string;
  mode: Mode;
  told: Told;
  occurredAt: Date;
  attempts: number;
  receivedAt: number;
  seal: Seal;
  /** What its seal is about; a new owner makes a new seal, under the same key. */
  sealed: Sealable & { macKey: string };
};

/** Events that name no subscription: about a method, or about a payment whose owner has to be found. Locked until settled. */
export async function takeHomeless(trx: Trx, keys: KeyRing, limit: number): Promise<Homeless[]> {
  const { rows } = await sql<SealedRow>`/* inbox_homeless */
    select ${COLUMNS} from inbox
    where state in ('received', 'parked') and next_try_at <= clock_timestamp() and subscription_id is null
      and ${BELIEVED}
    order by seq
    limit ${limit}
    for update skip locked`.execute(trx);
  return rows.map((row) => homelessOf(keys, row));
}

export function homelessOf(keys: KeyRing, row: SealedRow): Homeless {
  const { id, provider, account, mode, occurred_at: occurredAt, attempts, received_at } = row;
  return {
    ...{ id, provider, account, mode, occurredAt, attempts, receivedAt: received_at.getTime() },
    ...saidBy(keys, row),
    sealed: { ...sealable(row), macKey: row.mac_key ?? '' },
  };
}

/** Now it is known whose it is. */
export const giveHome = async (
  trx: Trx,
  keys: KeyRing,
  { id, sealed }: Homeless,
  { tenant, subscription }: { tenant: TenantId; subscription: SubscriptionId },
): Promise<void> => {
  const kept_mac = macOfKept(keys, sealed.macKey, { ...sealed, tenant, subscription });
  await trx
    .updateTable('inbox')
    .set({ tenant_id: tenant, subscription_id: subscription, kept_mac, state: 'received', reason: null })
    .where('id', '=', id)
    .execute();
};

export type Projected = { event: Homeless; tenant: TenantId; changed: boolean };

const asProjected = recordset<{ id: string; tenant: TenantId; keptMac: string; changed: boolean }>('projected', {
  id: ['text', ({ id }) => id],
  tenant: ['text', ({ tenant }) => tenant],
  kept_mac: ['text', ({ keptMac }) => keptMac],
  changed: ['boolean', ({ changed }) => changed],
});

/** Done with, and sealed anew with whose they have turned out to be. */
export async function settleProjected(trx: Trx, keys: KeyRing, projected: readonly Projected[]): Promise<void> {
  const rows = projected.map(({ event: { id, sealed }, tenant, changed }) => {
    const keptMac = macOfKept(keys, sealed.macKey, { ...sealed, tenant }).toString('hex');
    return { id, tenant, keptMac, changed };
  });
  await sql`/* inbox_projected */
    update inbox set tenant_id = projected.tenant, kept_mac = decode(projected.kept_mac, 'hex'),
      state = case when changed then 'applied' else 'ignored' end,
      reason = case when changed then 'projected' else 'it was known, or is over' end,
      settled_at = clock_timestamp(), leased_until = null
    from ${asProjected(rows)}
    where inbox.id = projected.id and inbox.state in ('received', 'parked', 'signalled')`.execute(trx);
}

export const settle = async (
  trx: Trx,
  id: string,
  { state, reason }: { state: 'applied' | 'ignored'; reason: string },
): Promise<void> => {
  await trx
    .updateTable('inbox')
    .set({
      state,
      reason,
      settled_at: sql`clock_timestamp()`,
      leased_until: null,
    })
    .where('id', '=', id)
    .where('state', 'in', ['received', 'parked', 'signalled'])
    .execute();
};

export type Backlog = { state: InboxState; events: number; oldestSeconds: number };

/** What waits, and what a person has to look at. */
export const backlogOf = (db: Db): Promise<Backlog[]> =>
  inRole(db, 'hydra_relay', async (trx) => {
    const { rows } = await sql<Backlog>`
      select state, count(*) as events,
        extract(epoch from clock_timestamp() - min(received_at))::int8 as "oldestSeconds"
      from inbox where state in ('received', 'signalled', 'parked', 'quarantined', 'dead')
      group by state order by state`.execute(trx);
    return rows;
  });
