import { type AnyDatabase, isolate, run } from './isolation.ts';

/** What customers are written, to whom nothing is written any more, and how a tenant's mails look and read. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table mails (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      -- The business fact: however often it is told, there is one mail.
      cause text not null,
      message text not null,
      language text not null,
      customer_id text not null,
      subscription_id text,
      -- It comes along, drawn when it is sent.
      attached_invoice_id text,
      state text not null check (state in ('queued', 'sent', 'kept', 'unaddressed', 'suppressed', 'bounced', 'failed')),
      reason text,
      sealed text not null,
      at timestamptz not null,
      attempts integer not null default 0,
      next_try_at timestamptz not null default clock_timestamp(),
      leased_until timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      sent_at timestamptz,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, cause),
      foreign key (tenant_id, mode, customer_id) references customers (tenant_id, mode, id),
      check ((state = 'sent') = (sent_at is not null))
    );
    create index on mails (next_try_at) where state = 'queued';
    create index on mails (tenant_id, mode, created_at desc, id desc);
    create index on mails (tenant_id, mode, customer_id);

    -- An address is known by its blind index alone: who is forgotten stays on the list.
    create table mail_suppressions (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      email_index bytea not null,
      customer_id text,
      reason text not null check (reason in ('bounced', 'complained', 'asked')),
      code text,
      created_at timestamptz not null,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, email_index)
    );

    create table mail_settings (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      sender_name text,
      accent text not null check (accent ~ '^#[0-9a-f]{6}$'),
      reply_to text,
      manage_url text,
      updated_at timestamptz not null,
      primary key (tenant_id, mode)
    );

    create table mail_templates (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      message text not null,
      language text not null,
      subject text not null,
      body text not null,
      updated_at timestamptz not null,
      primary key (tenant_id, mode, message, language)
    );
    `,
  );
  await isolate(db, 'mails', { app: 'select, insert, update', relay: 'select, update' });
  await isolate(db, 'mail_suppressions', { app: 'select, insert, delete' });
  await isolate(db, 'mail_settings', { app: 'select, insert, update' });
  await isolate(db, 'mail_templates', { app: 'select, insert, update, delete' });
}
