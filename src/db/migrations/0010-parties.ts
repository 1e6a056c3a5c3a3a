import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/**
 * Who sells and who buys, version by version, so that an invoice names them as they were. Of a buyer only what taxes
 * depend on is legible; all else is sealed under the customer's own key.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table seller_profiles (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      version integer not null check (version >= 1),
      document jsonb not null,
      created_at timestamptz not null,
      primary key (tenant_id, mode, version)
    );

    create table customer_addresses (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      customer_id text not null,
      version integer not null check (version >= 1),
      name_encrypted text,
      address_encrypted text,
      country text check (country ~ '^[A-Z]{2}$'),
      region text,
      tax_id_encrypted text,
      tax_id_country text check (tax_id_country ~ '^[A-Z]{2}$'),
      tax_id_state text check (tax_id_state in ('valid', 'invalid', 'unknown')),
      tax_exempt boolean not null,
      created_at timestamptz not null,
      primary key (tenant_id, mode, customer_id, version),
      foreign key (tenant_id, mode, customer_id) references customers,
      check ((address_encrypted is null) = (country is null)),
      check (region is null or country is not null),
      check ((tax_id_encrypted is null) = (tax_id_country is null)),
      check ((tax_id_encrypted is null) = (tax_id_state is null))
    );

    -- What a reverse charge was granted on. Tax offices ask for it years later.
    create table tax_id_checks (
      id bigint generated always as identity,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      customer_id text not null,
      country text not null check (country ~ '^[A-Z]{2}$'),
      tax_id_encrypted text not null,
      checker text not null,
      state text not null check (state in ('valid', 'invalid', 'unknown')),
      answer_encrypted text not null,
      checked_at timestamptz not null,
      primary key (id),
      foreign key (tenant_id, mode, customer_id) references customers
    );
    create index on tax_id_checks (tenant_id, mode, customer_id, checked_at);

    alter table invoices add column seller_version integer, add column buyer_version integer,
      add foreign key (tenant_id, mode, seller_version) references seller_profiles,
      add foreign key (tenant_id, mode, customer_id, buyer_version) references customer_addresses;

    create function refuse_change_of_parties() returns trigger language plpgsql as $$
    begin
      if old.state <> 'draft' and
        (new.seller_version, new.buyer_version) is distinct from (old.seller_version, old.buyer_version)
      then
        raise exception 'invoice % was issued: its parties stand', old.id using errcode = 'restrict_violation';
      end if;
      return new;
    end $$;
    create trigger refuse_change_of_parties before update on invoices
      for each row execute function refuse_change_of_parties();
    `,
  );
  for (const table of ['seller_profiles', 'customer_addresses', 'tax_id_checks']) {
    await appendOnly(db, table);
    await isolate(db, table, { app: 'select, insert' });
  }
}
