/** What the books say of the names that a processor has told us, and what they know that it has not told. */
import { sql } from 'kysely';
import type { Moved } from '../domain/discrepancy.ts';
import type { PaymentId, SubscriptionId } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import type { Db } from './client.ts';
import type { Heard } from './inbox.ts';
import { inRole, type Trx } from './tenant.ts';

export type Whose = { processor: Processor; account: string };

export async function paymentsHere(
  trx: Trx,
  { processor }: Whose,
  ids: readonly PaymentId[],
): Promise<Map<PaymentId, Moved>> {
  if (ids.length === 0) return new Map();
  const rows = await trx
    .selectFrom('payments')
    .select(['id', 'subscription_id', 'amount', 'currency'])
    .where('id', 'in', ids)
    .where('processor', '=', processor)
    .execute();
  return new Map(rows.map((row) => [row.id, movedBy(row)]));
}

type PaymentRow = { id: PaymentId; subscription_id: SubscriptionId | null; amount: number; currency: string };

const movedBy = ({ id, subscription_id: subscription, amount, currency }: PaymentRow): Moved => ({
  ...{ kind: 'payment', subject: id, payment: id, subscription, amount, currency },
});

/** By the processor's names of them or by our own. `amount` is null while one is on its way. */
export async function refundsHere(
  trx: Trx,
  named: readonly { name: string; ours: string | null }[],
): Promise<{ moved: Moved[]; awaited: string[] }> {
  const { rows } = await sql<{
    name: string;
    state: string;
    payment: PaymentId;
    subscription: SubscriptionId | null;
    amount: number;
    currency: string;
  }>`/* refunds_here */
    select named.name, refund.state, refund.payment_id as payment, refund.subscription_id as subscription, refund.amount,
      refund.currency
    from jsonb_to_recordset(${JSON.stringify(named)}::jsonb) as named (name text, ours text)
    join refunds as refund on refund.name = named.name or refund.id = named.ours`.execute(trx);
  const moved = rows.map(({ name, state, payment, subscription, amount, currency }): Moved => {
    const back = state === 'succeeded' ? -amount : 0;
    return { kind: 'refund', subject: name, payment, subscription, amount: back, currency };
  });
  return { moved, awaited: rows.filter(({ state }) => state === 'requested').map(({ name }) => name) };
}

export async function disputesHere(trx: Trx, ids: readonly string[]): Promise<Moved[]> {
  if (ids.length === 0) return [];
  const rows = await trx
    .selectFrom('disputes')
    .select(['id', 'payment_id', 'subscription_id', 'withdrawn', 'reinstated', 'currency'])
    .where('id', 'in', ids)
    .execute();
  return rows.map(({ id, payment_id: payment, subscription_id: subscription, withdrawn, reinstated, currency }) => ({
    ...{ kind: 'dispute', subject: id, payment, subscription, amount: reinstated - withdrawn, currency },
  }));
}

/** Which of the processor's customers are this tenant's. */
export async function customersHere(
  trx: Trx,
  { processor, account }: Whose,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await trx
    .selectFrom('processor_customers')
    .select('processor_customer_id')
    .where('processor', '=', processor)
    .where('account', '=', account)
    .where('processor_customer_id', 'in', ids)
    .execute();
  return new Set(rows.map(({ processor_customer_id: id }) => id));
}

/** What the books have taken in between: payments by their names, and refunds by the processor's. */
export async function movedHere(
  trx: Trx,
  { processor }: Whose,
  { from, to }: { from: Date; to: Date },
): Promise<Moved[]> {
  const payments = await trx
    .selectFrom('payments')
    .select(['id', 'subscription_id', 'amount', 'currency'])
    .where('processor', '=', processor)
    .where('received_at', '>=', from)
    .where('received_at', '<', to)
    .execute();
  const refunds = await trx
    .selectFrom('refunds')
    .innerJoin('payments', 'payments.id', 'refunds.payment_id')
    .select(['refunds.name', 'refunds.payment_id', 'refunds.subscription_id', 'refunds.amount', 'refunds.currency'])
    .where('payments.processor', '=', processor)
    .where('refunds.state', '=', 'succeeded')
    .where('refunds.name', 'is not', null)
    .where('refunds.refunded_at', '>=', from)
    .where('refunds.refunded_at', '<', to)
    .execute();
  return [
    ...payments.map(movedBy),
    ...refunds.map(({ name, payment_id: payment, subscription_id: subscription, amount, currency }): Moved => {
      return { kind: 'refund', subject: name!, payment, subscription, amount: -amount, currency };
    }),
  ];
}

/** Payments that an event tells of which is on its way to its workflow. */
export async function paymentsOnTheirWay(trx: Trx): Promise<Set<PaymentId>> {
  const { rows } = await sql<{ payment: PaymentId }>`/* payments_on_their_way */
    select distinct coalesce(fact ->> 'payment', fact -> 'seen' ->> 'payment') as payment
    from inbox, jsonb_array_elements(facts) as fact
    where state in ('received', 'signalled', 'parked')`.execute(trx);
  return new Set(rows.map(({ payment }) => payment));
}

/** Of these events, those that the inbox does not have. As the door sees it: an event may have no tenant yet. */
export async function notKept<E extends Heard>(db: Db, events: readonly E[]): Promise<E[]> {
  if (events.length === 0) return [];
  const asked = events.map(({ provider, account, mode, eventId }) => ({ provider, account, mode, event: eventId }));
  const { rows } = await inRole(db, 'hydra_door', (trx) =>
    sql<{ event: string }>`/* events_kept */
      select asked.event from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        as asked (provider text, account text, mode text, event text)
      join inbox on inbox.provider = asked.provider and inbox.account = asked.account and inbox.mode = asked.mode
        and inbox.event_id = asked.event`.execute(trx),
  );
  const known = new Set(rows.map(({ event }) => event));
  return events.filter(({ eventId }) => !known.has(eventId));
}
