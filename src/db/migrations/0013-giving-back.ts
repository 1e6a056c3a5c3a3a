import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/**
 * What happens to an invoice after it was issued: credit notes, refunds that are promised before they are paid, disputes,
 * write-offs, and money that came on another way than through a processor.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table invoices
      add column credited_open minor_units not null default 0 check (credited_open >= 0),
      add column credited_back minor_units not null default 0 check (credited_back >= 0),
      add column written_off_at timestamptz,
      drop constraint invoices_check2,
      add constraint paid_when_nothing_is_due check (state <> 'paid' or amount_paid + credited_open >= amount_due),
      add constraint credited_within_its_total check (credited_open + credited_back <= total),
      add constraint written_off_is_known check (state <> 'uncollectible' or written_off_at is not null);

    create table credit_notes (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      invoice_id text not null,
      subscription_id text not null,
      customer_id text not null,
      series text not null,
      sequence bigint not null,
      number text not null,
      currency text not null,
      "to" text not null check ("to" in ('open', 'credit', 'refund')),
      reason text not null,
      tax minor_units not null,
      total minor_units not null check (total > 0),
      issued_at timestamptz not null,
      primary key (tenant_id, mode, id),
      unique (tenant_id, mode, series, sequence),
      unique (tenant_id, mode, number),
      foreign key (tenant_id, mode, invoice_id) references invoices
    );
    create index on credit_notes (tenant_id, mode, invoice_id);
    create index on credit_notes (tenant_id, mode, customer_id, issued_at);
    create index on credit_notes (tenant_id, mode, issued_at, id);

    create table credit_note_lines (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      credit_note_id text not null,
      -- Which line of the invoice it takes back.
      invoice_id text not null,
      line integer not null,
      description text not null,
      -- What of the line's total; the three below are its parts.
      amount minor_units not null,
      gross minor_units not null,
      discount minor_units not null,
      taxes jsonb not null,
      product text,
      from_day date,
      primary key (tenant_id, mode, credit_note_id, line),
      foreign key (tenant_id, mode, credit_note_id) references credit_notes,
      foreign key (tenant_id, mode, invoice_id, line) references invoice_lines
    );
    create index on credit_note_lines (tenant_id, mode, invoice_id, line);

    -- The invoice's row is held by whoever issues a note, so nobody adds to the sum while it is looked at.
    create function refuse_credit_above_line() returns trigger language plpgsql as $$
    declare
      bad record;
    begin
      select whole.invoice_id, whole.ordinal, whole.total, sum(note.amount) as credited into bad
        from (
          select line.*, line.amount - line.discount + coalesce((
            select sum((part.value->>'amount')::numeric) from jsonb_array_elements(line.taxes) as part
            where not (part.value->>'inclusive')::boolean), 0) as total
          from invoice_lines as line
          where (line.tenant_id, line.mode, line.invoice_id) in (select tenant_id, mode, invoice_id from added)
        ) as whole
        join credit_note_lines as note on note.tenant_id = whole.tenant_id and note.mode = whole.mode
          and note.invoice_id = whole.invoice_id and note.line = whole.ordinal
        group by whole.tenant_id, whole.mode, whole.invoice_id, whole.ordinal, whole.total
        having abs(sum(note.amount)) > abs(whole.total)
        limit 1;
      if found then
        raise exception 'line % of invoice % comes to %, and % of it would be credited',
          bad.ordinal, bad.invoice_id, bad.total, bad.credited
          using errcode = 'check_violation', constraint = 'credited_within_its_line';
      end if;
      return null;
    end $$;
    create trigger refuse_credit_above_line after insert on credit_note_lines
      referencing new table as added for each statement execute function refuse_credit_above_line();

    alter table payments
      alter column processor drop not null,
      add column applied minor_units,
      add column reference text;
    -- Row-level security is forced on the owner, too, who has no tenant here.
    alter table payments no force row level security;
    update payments set applied = case when unapplied then 0 else amount end;
    alter table payments force row level security;
    alter table payments
      alter column applied set not null,
      add constraint applied_within_its_amount check (applied between 0 and amount),
      add constraint outside_has_a_reference check ((processor is null) = (reference is not null));

    create index on payments (tenant_id, mode, subscription_id) where subscription_id is not null;

    alter table refunds rename column id to name;
    alter table refunds
      drop constraint refunds_pkey,
      add column id text,
      alter column name drop not null,
      add column state text not null default 'succeeded'
        check (state in ('requested', 'succeeded', 'failed', 'credited')),
      add column attempt integer not null default 1,
      -- What it gives back. One that was made at the processor may give back several of these.
      add column "from" text not null default 'credit_note'
        check ("from" in ('credit_note', 'customer_credit', 'unapplied_cash')),
      -- Made at the processor, and learned of afterwards.
      add column outside boolean not null default false,
      add column unapplied minor_units not null default 0,
      add column credit_note_id text,
      add column invoice_id text,
      add column code text,
      add column requested_at timestamptz,
      add column failed_at timestamptz,
      alter column refunded_at drop not null;
    alter table refunds no force row level security;
    update refunds set id = 'ref_' || name, requested_at = refunded_at, outside = true;
    alter table refunds force row level security;
    alter table refunds
      alter column id set not null,
      alter column requested_at set not null,
      alter column state drop default,
      alter column attempt drop default,
      alter column "from" drop default,
      add primary key (tenant_id, mode, id),
      add constraint succeeded_at_some_time check ((state = 'succeeded') <= (refunded_at is not null)),
      add constraint failed_at_some_time check ((state = 'failed') <= (failed_at is not null));
    create unique index on refunds (tenant_id, mode, name) where name is not null;
    create index on refunds (tenant_id, mode, invoice_id) where invoice_id is not null;
    create index on refunds (tenant_id, mode, requested_at, id);
    grant update on refunds to hydra_app;

    create table disputes (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      -- The processor's own name of it.
      id text not null,
      payment_id text not null,
      invoice_id text,
      subscription_id text,
      customer_id text not null,
      amount minor_units not null check (amount >= 0),
      currency text not null,
      reason text,
      -- The bank only asks.
      inquiry boolean not null,
      outcome text check (outcome in ('won', 'lost', 'closed')),
      withdrawn minor_units not null default 0 check (withdrawn >= 0),
      reinstated minor_units not null default 0 check (reinstated >= 0),
      fee minor_units not null default 0,
      opened_at timestamptz not null,
      closed_at timestamptz,
      primary key (tenant_id, mode, id),
      check ((outcome is null) = (closed_at is null))
    );
    create index on disputes (tenant_id, mode, payment_id);
    create index on disputes (tenant_id, mode, opened_at, id);
    `,
  );
  await appendOnly(db, 'credit_notes');
  await appendOnly(db, 'credit_note_lines');
  await isolate(db, 'credit_notes', { app: 'select, insert' });
  await isolate(db, 'credit_note_lines', { app: 'select, insert' });
  await isolate(db, 'disputes', { app: 'select, insert, update' });
}
