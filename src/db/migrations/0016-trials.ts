import { TRANSITIONS as BEFORE } from './0004-subscriptions.ts';
import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/** Every way from one state to another, as the core has it. A test compares the two. */
export const TRANSITIONS = [...BEFORE, 'trialing>paused'];

/** A trial may end in a pause, and a customer has one of each product: the first is written down, and stays. */
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

    create table trials_used (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      customer_id text not null,
      product text not null,
      subscription_id text not null,
      began_at timestamptz not null,
      constraint one_trial_a_product primary key (tenant_id, mode, customer_id, product),
      foreign key (tenant_id, mode, customer_id) references customers,
      foreign key (tenant_id, mode, subscription_id) references subscriptions
    );
    insert into trials_used (tenant_id, mode, customer_id, product, subscription_id, began_at)
    select distinct on (tenant_id, mode, customer_id, document -> 'terms' ->> 'product')
      tenant_id, mode, customer_id, document -> 'terms' ->> 'product', id, created_at
    from subscriptions
    where trial_ends_at is not null and document -> 'terms' ->> 'product' is not null
    order by tenant_id, mode, customer_id, document -> 'terms' ->> 'product', created_at, id;
    `,
  );
  await appendOnly(db, 'trials_used');
  await isolate(db, 'trials_used', { app: 'select, insert' });
}
