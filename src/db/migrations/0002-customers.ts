import { type AnyDatabase, isolate, run } from './isolation.ts';

/** Who pays, and with what. Names and addresses only encrypted; of a payment method only what a person needs to see. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table customers (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      external_id text,
      name_encrypted text,
      email_encrypted text,
      email_index bytea,
      data_key text not null,
      locale text not null,
      time_zone text not null,
      currency text not null,
      clock_id text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, external_id),
      foreign key (tenant_id, mode, clock_id) references clocks
    );
    create index on customers (tenant_id, mode, email_index) where email_index is not null;
    create index on customers (tenant_id, mode, clock_id) where clock_id is not null;
    create index on customers (tenant_id, mode, created_at, id);

    create table customer_subjects (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      subject text not null,
      customer_id text not null,
      created_at timestamptz not null,
      primary key (tenant_id, mode, subject),
      foreign key (tenant_id, mode, customer_id) references customers
    );
    create index on customer_subjects (tenant_id, mode, customer_id);

    create table processor_customers (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      processor text not null check (processor in ('stripe', 'paypal')),
      account text not null,
      customer_id text not null,
      processor_customer_id text not null,
      created_at timestamptz not null,
      primary key (tenant_id, mode, processor, account, customer_id),
      foreign key (tenant_id, mode, customer_id) references customers
    );
    -- The relay finds a customer by the processor's own name of it, before it knows the tenant.
    create unique index on processor_customers (processor, account, mode, processor_customer_id);

    create table payment_methods (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      customer_id text not null,
      processor text not null check (processor in ('stripe', 'paypal')),
      brand text,
      last4 text check (last4 ~ '^[0-9]{4}$'),
      is_default boolean not null,
      created_at timestamptz not null,
      detached_at timestamptz,
      primary key (tenant_id, mode, id),
      foreign key (tenant_id, mode, customer_id) references customers
    );
    create index on payment_methods (tenant_id, mode, customer_id, created_at);
    create unique index payment_methods_one_default on payment_methods (tenant_id, mode, customer_id)
      where is_default and detached_at is null;
    `,
  );
  await isolate(db, 'customers', { app: 'select, insert, update' });
  await isolate(db, 'customer_subjects', { app: 'select, insert, update, delete' });
  await isolate(db, 'processor_customers', {
    app: 'select, insert, update',
    door: 'select',
    relay: 'select, insert',
  });
  await isolate(db, 'payment_methods', { app: 'select, insert, update', relay: 'select, insert, update' });
}
