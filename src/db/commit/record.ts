import { sql } from 'kysely';
import type { Commit } from '../../domain/commit.ts';
import { monthlyRecurring } from '../../domain/mrr.ts';
import type { Trx } from '../tenant.ts';
import { requestedAttempts } from './attempts.ts';
import { ofType } from './effects.ts';
import { type Before, iso } from './projection.ts';

/** An audit row that no decision stands for: something happened to the record itself. */
export type Remark = { action: string; why: Record<string, string | number | null> };

/**
 * The step's own record, in one statement: why, who, what is told to others, what is about to be charged, and which of
 * the inbox's events it has taken in. Whoever waits for the subscription or for the outbox hears of it when the transaction is committed.
 */
export async function record(trx: Trx, commit: Commit, before: Before, remarks: readonly Remark[]): Promise<void> {
  const { subscription, decisions, applied, ignored, at } = commit;
  const { id, customer, version, state, currency } = subscription;
  const recurring = monthlyRecurring(subscription);
  const decided = decisions.map(({ input, rule, from, to, because, effects }, ordinal) => ({
    ordinal,
    at: iso(input.at),
    input,
    rule,
    from_state: from,
    to_state: to,
    because,
    effects,
  }));
  const audited = [
    ...remarks.map(({ action, why }) => ({
      at: iso(at),
      actor_by: 'engine',
      actor_ref: 'commit',
      action,
      from_state: null,
      to_state: state,
      why,
    })),
    ...decisions.map(({ input, rule, from, to, because }) => ({
      at: iso(input.at),
      actor_by: input.origin.by,
      actor_ref: input.origin.ref,
      action: input.type,
      from_state: from,
      to_state: to,
      why: { ...because, rule },
    })),
  ];
  const effects = decisions.flatMap((decision) => decision.effects);
  const announced = ofType(effects, 'announce').map((effect, ordinal) => ({
    ordinal,
    type: effect.event,
    payload: effect.data,
    at: iso(effect.at),
  }));
  const requested = requestedAttempts(ofType(effects, 'charge'));
  await sql`/* commit_record */
    with decided as (
      insert into decisions (tenant_id, mode, subscription_id, version, ordinal, at, input, rule, from_state, to_state,
        because, effects)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), ${id}, ${version}::bigint, ordinal, at, input, rule,
        from_state, to_state, because, effects
      from jsonb_to_recordset(${JSON.stringify(decided)}::jsonb) as decided (ordinal int, at timestamptz, input jsonb,
        rule text, from_state text, to_state text, because jsonb, effects jsonb)
    ), audited as (
      insert into audit_log (tenant_id, mode, at, actor_by, actor_ref, action, subject, version, from_state, to_state, why)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), at, actor_by, actor_ref, action, ${id},
        ${version}::bigint, from_state, to_state, why
      from jsonb_to_recordset(${JSON.stringify(audited)}::jsonb) as audited (at timestamptz, actor_by text,
        actor_ref text, action text, from_state text, to_state text, why jsonb)
    ), announced as (
      insert into outbox (tenant_id, mode, subscription_id, version, ordinal, type, payload, at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), ${id}, ${version}::bigint, ordinal, type, payload, at
      from jsonb_to_recordset(${JSON.stringify(announced)}::jsonb) as announced (ordinal int, type text, payload jsonb,
        at timestamptz)
      returning 1
    ), requested as (
      insert into payment_attempts (tenant_id, mode, invoice_id, attempt, subscription_id, key, amount, currency,
        payment_method_id, state, requested_at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), invoice_id, attempt, ${id}, key, amount,
        ${currency}, payment_method_id, 'requested', requested_at
      from jsonb_to_recordset(${JSON.stringify(requested)}::jsonb) as requested (invoice_id text, attempt int, key text,
        amount numeric, payment_method_id text, requested_at timestamptz)
      on conflict (tenant_id, mode, invoice_id, attempt) do nothing
    ), moved as (
      insert into mrr_movements (tenant_id, mode, subscription_id, version, customer_id, currency, kind, before, after, at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), ${id}, ${version}::bigint, ${customer},
        ${currency},
        case when after = 0 then 'churn' when before > after then 'contraction' when before > 0 then 'expansion'
          when exists (select from mrr_movements where subscription_id = ${id}) then 'reactivation' else 'new' end,
        before, after, ${iso(at)}::timestamptz
      from (values (${before.mrr}::numeric, ${recurring}::numeric)) as recurring (before, after)
      where before <> after
    ), marked as (
      update inbox set state = case when id = any(${applied}::text[]) then 'applied' else 'ignored' end,
        settled_at = clock_timestamp(), leased_until = null
      where id = any(${[...applied, ...ignored]}::text[]) and state not in ('applied', 'ignored')
    )
    select pg_notify('hydra_subscription', ${id}),
      (select pg_notify('hydra_outbox', '') where exists (select from announced))`.execute(trx);
}
