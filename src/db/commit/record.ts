import { sql } from 'kysely';
import type { Commit } from '../../domain/commit.ts';
import { monthlyRecurring } from '../../domain/mrr.ts';
import type { Trx } from '../tenant.ts';
import { requestedAttempts } from './attempts.ts';
import { ofType } from './effects.ts';
import { entitlementsChanged } from './entitled.ts';
import { type Before, iso } from './projection.ts';

/** An audit row that no decision stands for: something happened to the record itself. */
export type Remark = { action: string; why: Record<string, string | number | null> };

type Recording = { step: Commit; before: Before; remarks: readonly Remark[] };

/**
 * The steps' own record, in one statement: why, who, what is told to others, what is about to be charged, and which of
 * the inbox's events they have taken in. Whoever waits for a subscription or for the outbox hears of it when the
 * transaction is committed.
 */
export async function record(trx: Trx, recordings: readonly Recording[]): Promise<void> {
  const rows = recordings.map(rowsOf);
  const applied = recordings.flatMap(({ step }) => step.applied);
  const ignored = recordings.flatMap(({ step }) => step.ignored);
  const json = (of: (own: ReturnType<typeof rowsOf>) => readonly unknown[]) => JSON.stringify(rows.flatMap(of));
  await sql`/* commit_record */
    with decided as (
      insert into decisions (tenant_id, mode, subscription_id, version, ordinal, at, input, rule, from_state, to_state,
        because, effects)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), subscription, version, ordinal, at, input, rule,
        from_state, to_state, because, effects
      from jsonb_to_recordset(${json(({ decided }) => decided)}::jsonb) as decided (subscription text, version bigint,
        ordinal int, at timestamptz, input jsonb, rule text, from_state text, to_state text, because jsonb, effects jsonb)
    ), audited as (
      insert into audit_log (tenant_id, mode, at, actor_by, actor_ref, action, subject, version, from_state, to_state, why)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), at, actor_by, actor_ref, action, subscription,
        version, from_state, to_state, why
      from jsonb_to_recordset(${json(({ audited }) => audited)}::jsonb) as audited (subscription text, version bigint,
        at timestamptz, actor_by text, actor_ref text, action text, from_state text, to_state text, why jsonb)
    ), announced as (
      insert into outbox (tenant_id, mode, subscription_id, version, ordinal, type, payload, at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), subscription, version, ordinal, type, payload, at
      from jsonb_to_recordset(${json(({ announced }) => announced)}::jsonb) as announced (subscription text,
        version bigint, ordinal int, type text, payload jsonb, at timestamptz)
      returning type, payload ->> 'customer' as customer
    ), requested as (
      insert into payment_attempts (tenant_id, mode, invoice_id, attempt, subscription_id, key, amount, currency,
        payment_method_id, state, requested_at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), invoice_id, attempt, subscription, key, amount,
        currency, payment_method_id, 'requested', requested_at
      from jsonb_to_recordset(${json(({ requested }) => requested)}::jsonb) as requested (subscription text,
        currency text, invoice_id text, attempt int, key text, amount numeric, payment_method_id text,
        requested_at timestamptz)
      on conflict (tenant_id, mode, invoice_id, attempt) do nothing
    ), moved as (
      insert into mrr_movements (tenant_id, mode, subscription_id, version, customer_id, currency, kind, before, after, at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), subscription, version, customer, currency,
        case when after = 0 then 'churn' when before > after then 'contraction' when before > 0 then 'expansion'
          when exists (select from mrr_movements where subscription_id = recurring.subscription) then 'reactivation' else 'new' end,
        before, after, at
      from jsonb_to_recordset(${json(({ moved }) => [moved])}::jsonb) as recurring (subscription text, version bigint,
        customer text, currency text, before numeric, after numeric, at timestamptz)
      where before <> after
    ), marked as (
      update inbox set state = case when id = any(${applied}::text[]) then 'applied' else 'ignored' end,
        settled_at = clock_timestamp(), leased_until = null
      where id = any(${[...applied, ...ignored]}::text[]) and state not in ('applied', 'ignored')
    )
    select pg_notify('hydra_subscription', subscription),
      (select pg_notify('hydra_outbox', '') where exists (select from announced)),
      (select count(pg_notify('hydra_entitlements', customer)) from announced where type = 'entitlements.changed')
    from unnest(${recordings.map(({ step }) => step.subscription.id)}::text[]) as told (subscription)`.execute(trx);
}

/** Each row says whose it is: those of many subscriptions go together. */
function rowsOf({ step, before, remarks }: Recording) {
  const { subscription: state, decisions, at } = step;
  const { id: subscription, version, customer, currency } = state;
  const own = { subscription, version };
  const effects = decisions.flatMap((decision) => decision.effects);
  return {
    decided: decisions.map(({ input, rule, from, to, because, effects }, ordinal) => ({
      ...{ ...own, ordinal, at: iso(input.at), input, rule, from_state: from, to_state: to, because, effects },
    })),
    audited: [
      ...remarks.map(({ action, why }) => ({
        ...{ ...own, at: iso(at), actor_by: 'engine', actor_ref: 'commit', action },
        ...{ from_state: null, to_state: state.state, why },
      })),
      ...decisions.map(({ input, rule, from, to, because }) => ({
        ...{ ...own, at: iso(input.at), actor_by: input.origin.by, actor_ref: input.origin.ref, action: input.type },
        ...{ from_state: from, to_state: to, why: { ...because, rule } },
      })),
    ],
    announced: [...ofType(effects, 'announce'), ...entitlementsChanged(step, before)].map((effect, ordinal) => ({
      ...{ ...own, ordinal, type: effect.event, payload: effect.data, at: iso(effect.at) },
    })),
    requested: requestedAttempts(ofType(effects, 'charge')).map((attempt) => ({ ...attempt, subscription, currency })),
    moved: { ...own, customer, currency, before: before.mrr, after: monthlyRecurring(state), at: iso(at) },
  };
}
