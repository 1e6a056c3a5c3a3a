import { TRANSITIONS as BEFORE } from './0016-trials.ts';
import { type AnyDatabase, isolate, run } from './isolation.ts';

/** Every way from one state to another, as the core has it. A test compares the two. */
export const TRANSITIONS = [...BEFORE, 'past_due>paused'];

/**
 * What a tenant says of dunning, in versions: worked on as a draft, and as it was from the moment it is published, since
 * debts are dunned by it. And what the card networks ask us to remember: whose card a method is, by a keyed hash that says
 * nothing else of it, and what the network has advised after a try.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create or replace function refuse_unknown_transition() returns trigger language plpgsql as $$
    begin
      if new.from_state <> new.to_state and new.from_state || '>' || new.to_state not in (
        ${TRANSITIONS.map((each) => `'${each}'`).join(', ')}
      ) then
        raise exception 'no way from % to %', new.from_state, new.to_state using errcode = 'check_violation';
      end if;
      return new;
    end $$;

    create table dunning_policies (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      name text not null,
      version integer not null check (version >= 1),
      state text not null check (state in ('draft', 'published')),
      document jsonb not null,
      content_hash text not null,
      published_at timestamptz,
      created_at timestamptz not null,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, name, version),
      check ((state = 'published') = (published_at is not null)),
      check (document ->> 'name' = name)
    );

    create function refuse_published_dunning_policy() returns trigger language plpgsql as $$
    begin
      if old.state = 'published' then
        raise exception 'dunning policy % is published: % refused', old.id, lower(tg_op) using errcode = 'restrict_violation';
      end if;
      return case tg_op when 'DELETE' then old else new end;
    end $$;
    create trigger refuse_published before update or delete on dunning_policies
      for each row execute function refuse_published_dunning_policy();
    create trigger refuse_truncate before truncate on dunning_policies
      for each statement execute function refuse_change();

    alter table customers add column segment text;
    alter table payment_methods add column card_key text;
    create index on payment_methods (tenant_id, mode, card_key) where card_key is not null;
    alter table payment_attempts add column advice text;
    create index on payment_attempts (tenant_id, mode, payment_method_id, requested_at);
    `,
  );
  await isolate(db, 'dunning_policies', { app: 'select, insert, update, delete' });
}
