import { type AnyDatabase, run } from './isolation.ts';

/**
 * What the door keeps goes to the database in one question and one answer: as a transaction of several statements it took
 * four, and the batches of a busy door wait for each. Only what was told before is looked up, after the insert has found it.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    -- An outcome for each row, in order: new, repeat, different; null where what it met is gone again. What was told before is
    -- found by its key, whatever the statistics of a new table say.
    create function inbox_keep(
      providers text[], accounts text[], modes text[], event_ids text[], tenant_ids text[], subscription_ids text[],
      types text[], facts text[], occurred_ats timestamptz[], states text[], reasons text[],
      verified_bys text[], raw_macs text[], mac_keys text[], kept_macs text[], transmission_ids text[], claims text[]
    ) returns text[]
    language plpgsql security definer set search_path = public, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    as $$
    declare
      outcomes text[];
      is_news boolean;
    begin
      with incoming as materialized (
        select 'evt_' || replace(gen_random_uuid()::text, '-', '') as id, t.*, tenants.id as own_tenant,
          t.state = 'received' and t.tenant_id is not null and tenants.id is null as is_nobodys
        from unnest(providers, accounts, modes, event_ids, tenant_ids, subscription_ids, types, facts, occurred_ats,
            states, reasons, verified_bys, raw_macs, mac_keys, kept_macs, transmission_ids, claims) with ordinality
          as t (provider, account, mode, event_id, tenant_id, subscription_id, type, facts, occurred_at,
            state, reason, verified_by, raw_mac, mac_key, kept_mac, transmission_id, claim, n)
          left join tenants on tenants.id = t.tenant_id
      ), added as (
        insert into inbox (id, provider, account, mode, event_id, tenant_id, subscription_id, type, facts, occurred_at,
          state, reason, settled_at, verified_by, raw_mac, mac_key, kept_mac, transmission_id, claim)
        select id, provider, account, mode, event_id, own_tenant, subscription_id, type, incoming.facts::jsonb, occurred_at,
          case when is_nobodys then 'ignored' else state end,
          case when is_nobodys then 'no such tenant' else reason end,
          case when is_nobodys or state = 'ignored' then clock_timestamp() end,
          verified_by, decode(raw_mac, 'hex'), mac_key, decode(kept_mac, 'hex'), transmission_id, claim::jsonb
        from incoming order by n
        on conflict do nothing
        returning id, state
      )
      select array_agg(case when added.id is not null then 'new' end order by n), bool_or(added.state = 'received')
        into outcomes, is_news
      from incoming left join added using (id);
      if is_news then
        perform pg_notify('hydra_inbox', '');
      end if;
      if array_position(outcomes, null) is null then
        return outcomes;
      end if;
      return array(
        select coalesce(told.outcome, case when known.same then 'repeat' when not known.same then 'different' end)
        from unnest(outcomes, providers, accounts, modes, event_ids, types, facts, transmission_ids, claims) with ordinality
          as told (outcome, provider, account, mode, event_id, type, facts, transmission_id, claim, n)
        left join lateral (
          select bool_and(same) as same from (
            select e.type = told.type and e.facts = told.facts::jsonb and e.claim is not distinct from told.claim::jsonb
              as same
            from inbox e
            where e.provider = told.provider and e.account = told.account and e.mode = told.mode
              and e.event_id = told.event_id
            union all
            -- One delivery tells of one event.
            select e.event_id = told.event_id
            from inbox e
            where e.provider = told.provider and e.account = told.account and e.mode = told.mode
              and e.transmission_id = told.transmission_id
          ) each
        ) known on told.outcome is null
        order by told.n
      );
    end $$;
    grant create on schema public to hydra_door;
    alter function inbox_keep owner to hydra_door;
    revoke create on schema public from hydra_door;
    revoke execute on function inbox_keep from public;
    -- Whoever connects is who has migrated: it may become the door, and so ask it.
    do $$ begin
      execute format('grant execute on function inbox_keep to %I', current_user);
    end $$;
    `,
  );
}
