import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/** What was asked for, each try to collect it, and what came and went back. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table invoice_series (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      series text not null,
      last bigint not null check (last >= 1),
      primary key (tenant_id, mode, series)
    );

    create table invoices (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      subscription_id text not null,
      customer_id text not null,
      series text not null,
      sequence bigint not null,
      number text not null,
      state text not null check (state in ('draft', 'open', 'paid', 'void', 'uncollectible')),
      currency text not null,
      subtotal minor_units not null,
      discount minor_units not null,
      tax minor_units not null,
      total minor_units not null check (total >= 0),
      credit_applied minor_units not null,
      amount_due minor_units not null check (amount_due >= 0),
      amount_paid minor_units not null check (amount_paid >= 0),
      issued_at timestamptz not null,
      due_at timestamptz not null,
      paid_at timestamptz,
      voided_at timestamptz,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, series, sequence),
      unique (tenant_id, mode, number),
      foreign key (tenant_id, mode, subscription_id) references subscriptions,
      foreign key (tenant_id, mode, customer_id) references customers,
      check (total = subtotal - discount + tax),
      check (amount_due = total - credit_applied),
      check (state <> 'paid' or amount_paid >= amount_due),
      check ((state = 'paid') = (paid_at is not null)),
      check ((state = 'void') = (voided_at is not null))
    );
    create index on invoices (tenant_id, mode, subscription_id, issued_at);
    create index on invoices (tenant_id, mode, customer_id, issued_at);
    create index on invoices (tenant_id, mode, due_at) where state = 'open';

    create function refuse_change_of_issued() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        raise exception 'invoice % was issued: delete refused', old.id using errcode = 'restrict_violation';
      end if;
      if old.state <> 'draft' and
        (new.id, new.tenant_id, new.mode, new.subscription_id, new.customer_id, new.series, new.sequence, new.number,
         new.currency, new.subtotal, new.discount, new.tax, new.total, new.credit_applied, new.amount_due, new.issued_at,
         new.due_at)
        is distinct from
        (old.id, old.tenant_id, old.mode, old.subscription_id, old.customer_id, old.series, old.sequence, old.number,
         old.currency, old.subtotal, old.discount, old.tax, old.total, old.credit_applied, old.amount_due, old.issued_at,
         old.due_at)
      then
        raise exception 'invoice % was issued: its amounts stand', old.id using errcode = 'restrict_violation';
      end if;
      if new.state <> old.state and old.state || '>' || new.state not in (
        'draft>open', 'draft>paid', 'open>paid', 'open>void', 'open>uncollectible', 'uncollectible>paid', 'uncollectible>void'
      ) then
        raise exception 'invoice %: no way from % to %', old.id, old.state, new.state using errcode = 'check_violation';
      end if;
      return new;
    end $$;
    create trigger refuse_change_of_issued before update or delete on invoices
      for each row execute function refuse_change_of_issued();
    create trigger refuse_truncate before truncate on invoices
      for each statement execute function refuse_change();

    create table invoice_lines (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      invoice_id text not null,
      ordinal integer not null,
      description text not null,
      quantity bigint not null,
      unit_price text check (unit_price ~ '^-?[0-9]+(\\.[0-9]+)?$'),
      amount minor_units not null,
      period_from date,
      period_to date,
      proration text,
      tax minor_units not null,
      primary key (tenant_id, mode, invoice_id, ordinal),
      foreign key (tenant_id, mode, invoice_id) references invoices,
      check (period_to >= period_from),
      check ((period_from is null) = (period_to is null))
    );

    create table payment_attempts (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      invoice_id text not null,
      attempt integer not null check (attempt >= 1),
      subscription_id text not null,
      key text not null,
      amount minor_units not null check (amount > 0),
      currency text not null,
      payment_method_id text,
      state text not null check
        (state in ('requested', 'succeeded', 'failed', 'needs_action', 'processing', 'canceled')),
      processor_payment_id text,
      decline text,
      code text,
      requested_at timestamptz not null,
      settled_at timestamptz,
      primary key (tenant_id, mode, invoice_id, attempt),
      -- No key to invoices: after an older backup was restored an attempt is kept though its invoice is missing.
      unique (tenant_id, mode, key)
    );
    create index on payment_attempts (tenant_id, mode, subscription_id);
    create index on payment_attempts (processor_payment_id) where processor_payment_id is not null;

    -- Money that came is money that came: no index here refuses it, whatever it was for.
    create table payments (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      processor text not null check (processor in ('stripe', 'paypal')),
      subscription_id text,
      customer_id text not null,
      invoice_id text,
      amount minor_units not null check (amount > 0),
      currency text not null,
      unapplied boolean not null,
      why text,
      received_at timestamptz not null,
      primary key (tenant_id, mode, id)
    );
    create index on payments (tenant_id, mode, invoice_id) where invoice_id is not null;
    create index on payments (tenant_id, mode, customer_id, received_at);
    create index on payments (id);

    create table refunds (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      payment_id text not null,
      subscription_id text,
      amount minor_units not null check (amount > 0),
      currency text not null,
      refunded_at timestamptz not null,
      primary key (tenant_id, mode, id)
    );
    create index on refunds (tenant_id, mode, payment_id);
    `,
  );
  await appendOnly(db, 'invoice_lines');
  await isolate(db, 'invoice_series', { app: 'select, insert, update' });
  await isolate(db, 'invoices', { app: 'select, insert, update', relay: 'select' });
  await isolate(db, 'invoice_lines', { app: 'select, insert' });
  await isolate(db, 'payment_attempts', { app: 'select, insert, update', relay: 'select' });
  await isolate(db, 'payments', { app: 'select, insert, update', relay: 'select' });
  await isolate(db, 'refunds', { app: 'select, insert', relay: 'select' });
}
