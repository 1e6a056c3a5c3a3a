import { TRANSITIONS } from './0016-trials.ts';
import { type AnyDatabase, isolate, run } from './isolation.ts';

/** Subscriptions that a processor collects: its names of them, its invoices under its own numbers, and its leaps. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table processor_subscriptions (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      processor text not null check (processor in ('stripe', 'paypal')),
      processor_subscription_id text not null,
      subscription_id text not null,
      linked_at timestamptz not null,
      primary key (tenant_id, mode, processor, processor_subscription_id),
      foreign key (tenant_id, mode, subscription_id) references subscriptions
    );
    -- The relay finds a subscription by the processor's own name of it, before it knows the tenant.
    create index on processor_subscriptions (processor, mode, processor_subscription_id);

    -- Two series of numbers that are not ours may meet.
    alter table invoices
      add column processor_invoice_id text,
      drop constraint invoices_tenant_id_mode_number_key;
    create unique index invoices_own_number on invoices (tenant_id, mode, number) where processor_invoice_id is null;
    create index on invoices (processor_invoice_id) where processor_invoice_id is not null;

    alter table refunds
      drop constraint refunds_from_check,
      add constraint refunds_from_check
        check ("from" in ('credit_note', 'customer_credit', 'unapplied_cash', 'goodwill'));

    -- Who follows a processor may miss what came in between.
    create or replace function refuse_unknown_transition() returns trigger language plpgsql as $$
    begin
      if new.from_state <> new.to_state and new.from_state || '>' || new.to_state not in (
        ${TRANSITIONS.map((each) => `'${each}'`).join(', ')}
      ) and not (
        new.from_state <> 'canceled' and new.to_state <> 'draft' and exists (
          select from subscriptions
          where tenant_id = new.tenant_id and mode = new.mode and id = new.subscription_id and collection = 'processor'
        )
      ) then
        raise exception 'no way from % to %', new.from_state, new.to_state using errcode = 'check_violation';
      end if;
      return new;
    end $$;
    `,
  );
  await isolate(db, 'processor_subscriptions', { app: 'select, insert', relay: 'select' });
}
