import { type AnyDatabase, isolate, run } from './isolation.ts';

/**
 * Subscriptions on their way to another version of the price book: what was asked for, and how far each has come. What
 * one had is kept with it, so that it can be moved back.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table price_book_migrations (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      price_book_id text not null,
      state text not null check (state in ('running', 'paused', 'stopped', 'done', 'canceled', 'undoing', 'undone')),
      reason text,
      plans jsonb not null,
      settings jsonb not null,
      wave integer not null check (wave >= 0),
      created_by text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      primary key (tenant_id, mode, id),
      foreign key (tenant_id, mode, price_book_id) references price_books
    );
    -- One at a time: two that move the same subscription would each take the other's work for the customer's.
    create unique index price_book_migrations_one_at_a_time on price_book_migrations (tenant_id, mode)
      where state in ('running', 'paused', 'stopped', 'undoing');
    create index on price_book_migrations (tenant_id, mode, price_book_id, id);

    create table price_book_migration_items (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      migration_id text not null,
      subscription_id text not null,
      wave integer not null check (wave >= 0),
      state text not null check (state in ('pending', 'moved', 'failed', 'skipped', 'undone', 'left')),
      reason text,
      before jsonb,
      after jsonb,
      moved_at timestamptz,
      undone_at timestamptz,
      primary key (tenant_id, mode, migration_id, subscription_id),
      foreign key (tenant_id, mode, migration_id) references price_book_migrations on delete cascade,
      foreign key (tenant_id, mode, subscription_id) references subscriptions,
      check (state not in ('moved', 'undone', 'left') or (before is not null and after is not null))
    );
    create index on price_book_migration_items (tenant_id, mode, migration_id, state, wave, subscription_id);
    `,
  );
  await isolate(db, 'price_book_migrations', { app: 'select, insert, update, delete' });
  await isolate(db, 'price_book_migration_items', { app: 'select, insert, update, delete' });
}
