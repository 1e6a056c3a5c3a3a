/** What processors have told us, at the door: kept once. How it is carried on: inbox-relay.ts. */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Claim } from '../domain/claim.ts';
import type { Mode, PaymentMethodId, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { Fact, Followable } from '../domain/input.ts';
import type { Processor } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { redact } from '../security/redact.ts';
import type { Db } from './client.ts';
import { macOfKept, type RawMac } from './inbox-mac.ts';
import { inRole, type Trx } from './tenant.ts';

export const INBOX_CHANNEL = 'hydra_inbox';

/** News of objects that are the processor's own. They are projected; no workflow is woken for them. */
export type MethodNews = {
  type: 'method_attached' | 'method_updated' | 'method_detached';
  method: PaymentMethodId;
  /** The processor's own name of the customer; null where the method alone tells whose it is. */
  customer: string | null;
  brand: string | null;
  last4: string | null;
};
export type Told = Fact | Followable | MethodNews;

export const isMethodNews = (told: Told): told is MethodNews =>
  told.type === 'method_attached' || told.type === 'method_updated' || told.type === 'method_detached';

/** One event, stripped. */
export type Heard = {
  provider: Processor;
  account: string;
  mode: Mode;
  eventId: string;
  tenant: TenantId | null;
  subscription: SubscriptionId | null;
  type: string;
  told: Told | null;
  occurredAt: Instant;
  /** Why nothing follows from it. */
  ignored: string | null;
  /** What has to be read back before it counts, where the signature proves too little. */
  claim?: Claim | null;
};

/** As the door has left it: with who has vouched for it, and a keyed hash of the body, where there was one. */
export type Kept = Heard & {
  verifiedBy: string;
  rawMac: RawMac | null;
  /** The processor's id of the delivery, where that is unique, too. */
  transmission?: string | null;
};

/** `different`: the same id was told before with other facts. The first stands; this one is in quarantine, for a person. */
export type KeepOutcome = 'new' | 'repeat' | 'different';

type Row = Kept & {
  state: 'received' | 'ignored' | 'quarantined';
  reason: string | null;
  facts: string;
  claimed: string | null;
  macKey: string;
  keptMac: Buffer;
};

/** Keeps each event once, all of them in one transaction. An outcome for each, in order. */
export async function keepEvents(db: Db, keys: KeyRing, events: readonly Kept[]): Promise<KeepOutcome[]> {
  const rows = events.map((event) => rowOf(keys, event));
  const leads = new Map<string, number>();
  const leadOf = rows.map((row, i) => {
    const { provider, account, mode, eventId, type, facts, claimed, transmission = null } = row;
    const content = JSON.stringify([provider, account, mode, eventId, type, facts, claimed, transmission]);
    const lead = leads.get(content) ?? i;
    leads.set(content, lead);
    return lead;
  });
  return retryingDeadlocks(() =>
    inRole(db, 'hydra_door', async (trx) => {
      const outcomes = new Map<number, KeepOutcome>();
      // A row may meet another's insert of the same id that its snapshot didn't show. The next look shows it.
      for (let open = [...leads.values()]; open.length > 0; open = open.filter((i) => !outcomes.has(i))) {
        const told = await keepOnce(
          trx,
          open.map((i) => rows[i]!),
        );
        open.forEach((i, n) => {
          const outcome = told.get(n);
          if (outcome) outcomes.set(i, outcome);
        });
      }
      const different = [...outcomes].filter(([, outcome]) => outcome === 'different').map(([i]) => rows[i]!);
      if (different.length > 0) {
        await keepOnce(
          trx,
          different.map((row) => quarantined(keys, row)),
        );
      }
      return rows.map((_, i) => {
        const outcome = outcomes.get(leadOf[i]!)!;
        return outcome === 'new' && leadOf[i] !== i ? 'repeat' : outcome;
      });
    }),
  );
}

function rowOf(keys: KeyRing, event: Kept): Row {
  const macKey = event.rawMac?.key ?? keys.current;
  const { told } = event;
  const reason = event.ignored && redact(event.ignored, 'inbox_reason');
  const facts = JSON.stringify(told ? [told] : []);
  const state = reason === null ? 'received' : 'ignored';
  const claimed = event.claim ? JSON.stringify(event.claim) : null;
  return { ...event, facts, claimed, state, reason, macKey, keptMac: sealOf(keys, macKey, event) };
}

const sealOf = (keys: KeyRing, macKey: string, event: Kept): Buffer =>
  macOfKept(keys, macKey, { ...event, facts: event.told ? [event.told] : [], rawMac: event.rawMac?.mac ?? null });

/** Under an id of its own, made of what it says: told again, it is the same row. */
function quarantined(keys: KeyRing, row: Row): Row {
  const digest = createHash('sha256')
    .update(`${row.type}/${row.facts}${row.claimed ?? ''}`)
    .digest('hex')
    .slice(0, 16);
  const reason = 'told before under the same id with other facts';
  const second = { ...row, eventId: `${row.eventId}#${digest}`, transmission: null };
  return { ...second, state: 'quarantined', reason, keptMac: sealOf(keys, row.macKey, second) };
}

/** Outcomes by position; a row that raced with another's insert has none yet. */
async function keepOnce(trx: Trx, rows: readonly Row[]): Promise<Map<number, KeepOutcome>> {
  const column = <T>(of: (row: Row) => T): T[] => rows.map(of);
  const result = await sql<{ n: number; outcome: KeepOutcome | null }>`/* inbox_keep */
    with incoming as (
      select * from unnest(
        ${column((row) => row.provider)}::text[], ${column((row) => row.account)}::text[],
        ${column((row) => row.mode)}::text[], ${column((row) => row.eventId)}::text[],
        ${column((row) => row.tenant)}::text[], ${column((row) => row.subscription)}::text[],
        ${column((row) => row.type)}::text[], ${column((row) => row.facts)}::text[],
        ${column((row) => new Date(row.occurredAt).toISOString())}::timestamptz[],
        ${column((row) => row.state)}::text[], ${column((row) => row.reason)}::text[],
        ${column((row) => row.verifiedBy)}::text[], ${column((row) => row.rawMac?.mac.toString('hex') ?? null)}::text[],
        ${column((row) => row.macKey)}::text[], ${column((row) => row.keptMac.toString('hex'))}::text[],
        ${column((row) => row.transmission ?? null)}::text[], ${column((row) => row.claimed)}::text[]
      ) with ordinality
      as t (provider, account, mode, event_id, tenant_id, subscription_id, type, facts, occurred_at, state, reason,
        verified_by, raw_mac, mac_key, kept_mac, transmission_id, claim, n)
    ), known as (
      select n, bool_and(same) as same
      from (
        select i.n,
          e.type = i.type and e.facts = i.facts::jsonb and e.claim is not distinct from i.claim::jsonb as same
        from incoming i
        join inbox e
          on e.provider = i.provider and e.account = i.account and e.mode = i.mode and e.event_id = i.event_id
        union all
        -- One delivery tells of one event.
        select i.n, e.event_id = i.event_id
        from incoming i
        join inbox e
          on e.provider = i.provider and e.account = i.account and e.mode = i.mode
            and e.transmission_id = i.transmission_id
      ) told
      group by n
    ), added as (
      insert into inbox (provider, account, mode, event_id, tenant_id, subscription_id, type, facts, occurred_at, state,
        reason, settled_at, verified_by, raw_mac, mac_key, kept_mac, transmission_id, claim)
      select i.provider, i.account, i.mode, i.event_id, t.id, i.subscription_id, i.type, i.facts::jsonb, i.occurred_at,
        s.state, s.reason, case when s.state = 'ignored' then clock_timestamp() end,
        i.verified_by, decode(i.raw_mac, 'hex'), i.mac_key, decode(i.kept_mac, 'hex'), i.transmission_id, i.claim::jsonb
      from incoming i
      left join tenants t on t.id = i.tenant_id
      cross join lateral (
        select
          case when i.state = 'received' and i.tenant_id is not null and t.id is null then 'ignored' else i.state end
            as state,
          case when i.state = 'received' and i.tenant_id is not null and t.id is null then 'no such tenant' else i.reason
            end as reason
      ) s
      where not exists (select from known where known.n = i.n)
      order by i.n
      on conflict do nothing
      returning provider, account, mode, event_id, type, facts, claim, transmission_id, state
    ), woken as (
      select pg_notify(${INBOX_CHANNEL}, '') from (select from added where state = 'received' limit 1) any_new
    )
    select i.n - 1 as n,
      case when a.event_id is not null then 'new' when k.same then 'repeat' when not k.same then 'different' end as outcome,
      (select count(*) from woken) as woken
    from incoming i
    left join known k on k.n = i.n
    left join added a on a.provider = i.provider and a.account = i.account and a.mode = i.mode
      and a.event_id = i.event_id and a.type = i.type and a.facts = i.facts::jsonb
      and a.claim is not distinct from i.claim::jsonb and a.transmission_id is not distinct from i.transmission_id`.execute(
    trx,
  );
  return new Map(result.rows.flatMap(({ n, outcome }) => (outcome ? [[n, outcome] as const] : [])));
}

/** Two flights that meet the same ids in another order: one of them is told to try again. */
async function retryingDeadlocks<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isDeadlock = error instanceof Error && 'code' in error && error.code === '40P01';
      if (!isDeadlock || tries === 5) throw error;
    }
  }
}
