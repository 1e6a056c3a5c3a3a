import { type AnyDatabase, isolate, run } from './isolation.ts';

/** A price book is worked on as a draft. Once published it stays as it is, since subscriptions were sold on it. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table price_books (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      version integer not null check (version >= 1),
      state text not null check (state in ('draft', 'published')),
      document jsonb not null,
      content_hash text not null,
      effective_at timestamptz,
      published_at timestamptz,
      created_at timestamptz not null,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, version),
      check ((state = 'published') = (published_at is not null)),
      check (state = 'draft' or effective_at is not null)
    );
    create index on price_books (tenant_id, mode, effective_at desc) where state = 'published';

    create function refuse_published_price_book() returns trigger language plpgsql as $$
    begin
      if old.state = 'published' then
        raise exception 'price book % is published: % refused', old.id, lower(tg_op) using errcode = 'restrict_violation';
      end if;
      return case tg_op when 'DELETE' then old else new end;
    end $$;
    create trigger refuse_published before update or delete on price_books
      for each row execute function refuse_published_price_book();
    create trigger refuse_truncate before truncate on price_books
      for each statement execute function refuse_change();
    `,
  );
  await isolate(db, 'price_books', { app: 'select, insert, update, delete' });
}
