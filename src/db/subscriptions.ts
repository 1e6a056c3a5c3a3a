/** Subscriptions as they are read. Only `commit` writes them. */
import { type Selectable, sql } from 'kysely';
import type { ClockId, CustomerId, InvoiceId, SubscriptionId } from '../domain/ids.ts';
import type { StateName } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { DecisionsTable, PaymentAttemptsTable, SubscriptionsTable } from './schema.ts';
import type { Trx } from './tenant.ts';

export type SubscriptionRow = Selectable<SubscriptionsTable>;
export type DecisionRow = Selectable<DecisionsTable>;
export type AttemptRow = Selectable<PaymentAttemptsTable>;

/** `customer` narrows it to what that customer may see. */
export async function readSubscription(
  trx: Trx,
  id: SubscriptionId,
  customer: CustomerId | null,
): Promise<SubscriptionRow | null> {
  let query = trx.selectFrom('subscriptions').selectAll().where('id', '=', id);
  if (customer) query = query.where('customer_id', '=', customer);
  return (await query.executeTakeFirst()) ?? null;
}

/** Whether this customer ever had one. One whose first payment never came was none. */
export async function hadSubscription(trx: Trx, customer: CustomerId): Promise<boolean> {
  const row = await trx
    .selectFrom('subscriptions')
    .select('id')
    .where('customer_id', '=', customer)
    .where('state', 'not in', ['draft', 'incomplete'])
    .where(({ not, and, eb, ref }) =>
      not(
        and([
          eb('state', '=', 'canceled'),
          eb(sql<string>`${ref('document')} ->> 'reason'`, 'in', ['payment_incomplete', 'not_accepted']),
        ]),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export type SubscriptionFilter = { customer: CustomerId | null; state?: StateName; clock?: ClockId };

export async function listSubscriptions(
  trx: Trx,
  { customer, state, clock }: SubscriptionFilter,
  page: Page,
): Promise<Slice<SubscriptionRow>> {
  let query = trx.selectFrom('subscriptions').selectAll();
  if (customer) query = query.where('customer_id', '=', customer);
  if (state) query = query.where('state', '=', state);
  if (clock) query = query.where('clock_id', '=', clock);
  if (page.after) query = query.where('id', '<', page.after as SubscriptionId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

export const latestAttempt = async (trx: Trx, invoice: InvoiceId): Promise<AttemptRow | null> =>
  (await trx
    .selectFrom('payment_attempts')
    .selectAll()
    .where('invoice_id', '=', invoice)
    .orderBy('attempt', 'desc')
    .limit(1)
    .executeTakeFirst()) ?? null;

/** Whether the customer was there when that attempt was asked for. */
export async function chargedOnSession(
  trx: Trx,
  id: SubscriptionId,
  invoice: InvoiceId,
  attempt: number,
): Promise<boolean> {
  const charge = JSON.stringify([{ type: 'charge', invoice, attempt, onSession: true }]);
  const row = await trx
    .selectFrom('decisions')
    .select('version')
    .where('subscription_id', '=', id)
    .where(sql<boolean>`effects @> ${charge}::jsonb`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The newest first: one asks why it is as it is, and reads backwards. */
export const decisionsOf = (trx: Trx, id: SubscriptionId, limit: number): Promise<DecisionRow[]> =>
  trx
    .selectFrom('decisions')
    .selectAll()
    .where('subscription_id', '=', id)
    .orderBy('version', 'desc')
    .orderBy('ordinal', 'desc')
    .limit(limit)
    .execute();

/** The one that brought it into the state that it is in. */
export const latestMove = async (trx: Trx, id: SubscriptionId): Promise<DecisionRow | null> =>
  (await trx
    .selectFrom('decisions')
    .selectAll()
    .where('subscription_id', '=', id)
    .whereRef('from_state', '<>', 'to_state')
    .orderBy('version', 'desc')
    .orderBy('ordinal', 'desc')
    .limit(1)
    .executeTakeFirst()) ?? null;

/** In their order, those that led from one version to the other. */
export const decisionsBetween = (trx: Trx, id: SubscriptionId, after: number, upTo: number): Promise<DecisionRow[]> =>
  trx
    .selectFrom('decisions')
    .selectAll()
    .where('subscription_id', '=', id)
    .where('version', '>', after)
    .where('version', '<=', upTo)
    .orderBy('version')
    .orderBy('ordinal')
    .execute();

/** A version's decisions stay on one page, so the page counts versions. */
export async function historyOf(trx: Trx, id: SubscriptionId, page: Page): Promise<Slice<DecisionRow>> {
  const before = page.after === null ? Number.MAX_SAFE_INTEGER : Number(page.after);
  const of = trx.selectFrom('decisions').where('subscription_id', '=', id).where('version', '<', before);
  const versions = of.select('version').distinct().orderBy('version', 'desc');
  const { rows: shown, next } = await sliceOf(versions, page, ({ version }) => String(version));
  const oldest = shown.at(-1)?.version;
  if (oldest === undefined) return { rows: [], next };
  const rows = await of
    .selectAll()
    .where('version', '>=', oldest)
    .orderBy('version', 'desc')
    .orderBy('ordinal', 'desc')
    .execute();
  return { rows, next };
}

export type Posted = { key: string; kind: string; at: Date };

/** What the books say that followed from it, by the time on which it was decided. */
export const postingsOf = (trx: Trx, id: SubscriptionId): Promise<Posted[]> =>
  trx
    .selectFrom('ledger_transactions')
    .select(['key', 'kind', 'at'])
    .where('subscription_id', '=', id)
    .orderBy('id', 'desc')
    .limit(500)
    .execute();

export type DueRow = { id: SubscriptionId; nextDueAt: Instant; document: SubscriptionRow['document'] };

export async function dueOnClock(trx: Trx, clock: ClockId): Promise<DueRow[]> {
  const rows = await trx
    .selectFrom('subscriptions')
    .select(['id', 'next_due_at', 'document'])
    .where('clock_id', '=', clock)
    .where('state', '<>', 'canceled')
    .where('next_due_at', 'is not', null)
    .orderBy('next_due_at')
    .orderBy('id')
    .limit(200)
    .execute();
  return rows.map(({ id, next_due_at, document }) => ({ id, nextDueAt: next_due_at!.getTime(), document }));
}
