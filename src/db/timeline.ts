/**
 * What happened to subscriptions, in one order: what was heard, decided, charged, booked, told and done by hand. `brought_by`
 * of the one is among what another one `brings`: so causes and effects are found without asking again.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Effect } from '../domain/effect.ts';
import type { CustomerId, SubscriptionId } from '../domain/ids.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { Trx } from './tenant.ts';

export type Happening = {
  kind: 'event' | 'decision' | 'charge' | 'entry' | 'message' | 'mail' | 'action';
  id: string;
  at: Date;
  place: string;
  subscription_id: SubscriptionId | null;
  /** An event's type, a decision's rule, a posting's kind. */
  name: string;
  state: string | null;
  amount: number | null;
  currency: string | null;
  who: string | null;
  facts: Record<string, string | number | null>;
  effects: Effect[];
  brings: string[];
  brought_by: string | null;
};

export type WhoseTimeline = { customer: CustomerId } | { subscription: SubscriptionId };

/** One that goes by another key than the effect that it belongs to. */
const EFFECTS_KEY = sql`case
    when bare like 'credit_returned/%' then regexp_replace(bare, '^credit_returned', 'void')
    when bare like 'credit/%' then regexp_replace(bare, '^credit', 'invoice')
    else bare end`;
const COLUMNS = sql`kind, id, moment, rank, number, subscription_id, name, state, amount, currency, who, facts, effects,
  brings, brought_by`;
const NO_AMOUNT = sql`null::int8, null::text`;
const NO_EFFECTS = sql`'[]'::jsonb, array[]::text[]`;
const momentOf = (column: string) => sql`floor(extract(epoch from ${sql.ref(column)}) * 1000)::int8`;

export async function timelineOf(trx: Trx, of: WhoseTimeline, page: Page): Promise<Slice<Happening>> {
  const whose =
    'customer' in of
      ? sql`subscription_id in (select id from subscriptions where customer_id = ${of.customer})`
      : sql`subscription_id = ${of.subscription}`;
  const subjects =
    'customer' in of
      ? sql`subject in (select id from subscriptions where customer_id = ${of.customer} union all select ${of.customer})`
      : sql`subject = ${of.subscription}`;
  const mails =
    'customer' in of
      ? sql`customer_id = ${of.customer}`
      : sql`customer_id = (select customer_id from subscriptions where id = ${of.subscription}) and ${whose}`;
  const [moment = '0', rank = '0', number = '0'] = page.after?.split(':') ?? [];
  const before =
    page.after === null ? sql`true` : sql`(moment, rank, number) < (${moment}::int8, ${rank}::int4, ${number}::int8)`;
  const most = page.limit + 1;
  const part = (select: RawBuilder<unknown>) =>
    sql`(select * from (${select}) as part (${COLUMNS}) where ${before}
      order by moment desc, rank desc, number desc limit ${most})`;

  const query = sql<Happening>`
    select to_timestamp(moment / 1000.0) as at, moment || ':' || rank || ':' || number as place, ${COLUMNS}
    from (
      ${part(sql`select 'event', id, ${momentOf('occurred_at')}, 0, seq, subscription_id, type, state, ${NO_AMOUNT},
          provider, jsonb_build_object('reason', reason, 'attempts', attempts, 'eventId', event_id), '[]'::jsonb,
          array['event/' || id], null
        from inbox where ${whose}`)}
      union all
      ${part(sql`select 'decision', subscription_id || '/' || version || '.' || ordinal, ${momentOf('at')}, 1,
          version::int8 * 1000 + ordinal, subscription_id, rule, to_state, ${NO_AMOUNT},
          concat_ws(' ', input #>> '{origin,by}', input #>> '{origin,ref}'),
          because || jsonb_build_object('input', input ->> 'type', 'from', from_state, 'version', version), effects,
          array[subscription_id || '/' || version],
          case input #>> '{origin,by}' when 'processor' then 'event/' || (input #>> '{origin,ref}')
            when 'engine' then subscription_id || '/answer/' || (input #>> '{origin,ref}') end
        from decisions where ${whose}`)}
      union all
      ${part(sql`select 'charge', invoice_id || '/' || attempt, ${momentOf('requested_at')}, 2, abs(hashtext(key))::int8,
          subscription_id, 'attempt ' || attempt, state, amount::int8, currency, processor_payment_id,
          jsonb_build_object('invoice', invoice_id, 'code', code, 'decline', decline), '[]'::jsonb,
          array[subscription_id || '/answer/charge/' || invoice_id || '/' || attempt],
          subscription_id || '/charge/' || invoice_id || '/' || attempt
        from payment_attempts where ${whose}`)}
      union all
      ${part(sql`select 'entry', id::text, ${momentOf('at')}, 3, id, subscription_id, kind, null, total, currency, null,
          jsonb_build_object('key', key, 'invoice', invoice_id), ${NO_EFFECTS}, subscription_id || '/' || ${EFFECTS_KEY}
        from (
          select posted.*, replace(key, subscription_id || '/', '') as bare, sums.total, sums.currency
          from ledger_transactions as posted, lateral (
            select sum(amount) filter (where amount > 0)::int8 as total, min(currency) as currency
            from ledger_entries where transaction_id = posted.id
          ) as sums
          where ${whose}
        ) as own`)}
      union all
      ${part(sql`select 'message', event_id, ${momentOf('at')}, 4, number, subscription_id, type, state, ${NO_AMOUNT}, null,
          payload, ${NO_EFFECTS}, subscription_id || '/' || version
        from (
          select event_id, subscription_id, version, type, payload, at, 'announced' as state, seq as number
          from announcements where ${whose}
          union all
          select event_id, subscription_id, version, type, payload, at, 'pending', id from outbox where ${whose}
        ) as told`)}
      union all
      ${part(sql`select 'mail', id, ${momentOf('at')}, 5, abs(hashtext(id))::int8, subscription_id, message, state,
          ${NO_AMOUNT}, null, jsonb_build_object('language', language, 'attempts', attempts, 'reason', reason, 'mail', id),
          ${NO_EFFECTS}, null
        from mails where ${mails}`)}
      union all
      ${part(sql`select 'action', id::text, ${momentOf('at')}, 6, id, subject, action, to_state, ${NO_AMOUNT},
          actor_by || ' ' || actor_ref, why - 'comment', ${NO_EFFECTS}, null
        from audit_log where ${subjects} and version is null`)}
    ) as happened
    order by moment desc, rank desc, number desc`;
  const limited = {
    limit: (count: number) => ({
      execute: async () => (await sql<Happening>`${query} limit ${count}`.execute(trx)).rows,
    }),
  };
  return sliceOf(limited, page, ({ place }) => place);
}
