import { type AnyDatabase, run } from './isolation.ts';

/** Each tenant's rows of the audit log are a chain in each mode: at a place, and sealed with all that is before it. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table audit_log
      add column place bigint,
      -- Which request to the API it was, where it was one.
      add column request_id text default nullif(current_setting('hydra.request', true), ''),
      add check ((sealed_at is null) = (place is null));
    create unique index on audit_log (tenant_id, mode, place) where place is not null;
    create index on audit_log (tenant_id, mode, id);

    create or replace function refuse_change_of_audit() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and old.sealed_at is null and new.sealed_at is not null
        and to_jsonb(new) - 'sealed_at' - 'hash' - 'place' = to_jsonb(old) - 'sealed_at' - 'hash' - 'place'
      then
        return new;
      end if;
      raise exception 'audit_log is append-only: % refused', lower(tg_op) using errcode = 'restrict_violation';
    end $$;

    create policy hydra_sealer on audit_log to hydra_sealer using (true) with check (true);
    grant select, update (sealed_at, hash, place) on audit_log to hydra_sealer;
    `,
  );
}
