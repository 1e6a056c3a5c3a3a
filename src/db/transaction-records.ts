import { sql } from 'kysely';
import type { PaymentId, SubscriptionId } from '../domain/ids.ts';
import type { Scope, Trx } from './tenant.ts';

type Paid = { payment: PaymentId; event: string | null };

/** What a step has recorded as paid, the webhook event that told it (null where the call's own answer did), and for whom. */
export async function machinesPaidFor(
  trx: Trx,
  subscription: SubscriptionId,
  version: number,
): Promise<{ payments: Paid[]; anchors: Buffer[] }> {
  const seats = await trx
    .selectFrom('license_seats')
    .select('anchor_hash')
    .where('subscription_id', '=', subscription)
    .where('released_at', 'is', null)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute();
  if (seats.length === 0) return { payments: [], anchors: [] };
  const { rows } = await sql<Paid>`
    select effect ->> 'payment' as payment, min(case when input -> 'origin' ->> 'by' = 'processor'
      then input -> 'origin' ->> 'ref' end) as event
    from decisions, jsonb_array_elements(effects) as effect
    where subscription_id = ${subscription} and version = ${version} and effect ->> 'type' = 'record_payment'
    group by 1 order by 1`.execute(trx);
  return { payments: rows, anchors: seats.map(({ anchor_hash }) => anchor_hash) };
}

/** Told twice, the first stands. */
export async function recordTransaction(
  trx: Trx,
  { tenant, mode }: Scope,
  { payment, event, anchors }: Paid & { anchors: readonly string[] },
): Promise<void> {
  await sql`
    insert into transaction_records (tenant_id, mode, transaction_id, webhook_event, hardware_anchor)
    select ${tenant}, ${mode}, ${payment}, ${event}, anchor from unnest(${[...anchors]}::text[]) as anchor
    where not exists (select from transaction_records where transaction_id = ${payment})`.execute(trx);
}
