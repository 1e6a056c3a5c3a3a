import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/** Every way from one state to another, as the core has it. A test compares the two. */
export const TRANSITIONS = [
  'draft>incomplete',
  'draft>trialing',
  'draft>active',
  'draft>canceled',
  'incomplete>active',
  'incomplete>canceled',
  'trialing>active',
  'trialing>canceled',
  'active>past_due',
  'active>paused',
  'active>canceled',
  'past_due>active',
  'past_due>unpaid',
  'past_due>canceled',
  'unpaid>active',
  'unpaid>canceled',
  'paused>active',
  'paused>canceled',
];

/** A subscription as it is, and every decision that made it so. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create domain subscription_state as text check (value in
      ('draft', 'incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled'));

    create table subscriptions (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      customer_id text not null,
      state subscription_state not null,
      collection text not null check (collection in ('engine', 'processor')),
      processor text not null check (processor in ('stripe', 'paypal')),
      plan_id text,
      price_book_id text,
      quantity bigint check (quantity >= 1),
      currency text not null,
      time_zone text not null,
      anchor_at timestamptz,
      trial_ends_at timestamptz,
      period_start timestamptz,
      period_end timestamptz,
      next_due_at timestamptz,
      cancel_at timestamptz,
      access_level text not null check (access_level in ('full', 'grace', 'restricted', 'none')),
      access_until timestamptz,
      clock_id text,
      document jsonb not null,
      version bigint not null check (version >= 1),
      decision_hash text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      primary key (tenant_id, mode, id),
      foreign key (tenant_id, mode, customer_id) references customers,
      foreign key (tenant_id, mode, clock_id) references clocks
    );
    create index on subscriptions (tenant_id, mode, customer_id, created_at);
    create index on subscriptions (tenant_id, mode, created_at, id);
    create index on subscriptions (next_due_at) where next_due_at is not null;
    create index on subscriptions (tenant_id, mode, clock_id, next_due_at) where clock_id is not null;

    create table decisions (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      subscription_id text not null,
      version bigint not null,
      ordinal integer not null,
      at timestamptz not null,
      input jsonb not null,
      rule text not null,
      from_state subscription_state not null,
      to_state subscription_state not null,
      because jsonb not null,
      effects jsonb not null,
      primary key (tenant_id, mode, subscription_id, version, ordinal),
      foreign key (tenant_id, mode, subscription_id) references subscriptions
    );

    create function refuse_unknown_transition() returns trigger language plpgsql as $$
    begin
      if new.from_state <> new.to_state and new.from_state || '>' || new.to_state not in (
        ${TRANSITIONS.map((each) => `'${each}'`).join(', ')}
      ) then
        raise exception 'no way from % to %', new.from_state, new.to_state using errcode = 'check_violation';
      end if;
      return new;
    end $$;
    create trigger refuse_unknown_transition before insert on decisions
      for each row execute function refuse_unknown_transition();
    `,
  );
  await appendOnly(db, 'decisions');
  await isolate(db, 'subscriptions', { app: 'select, insert, update', relay: 'select' });
  await isolate(db, 'decisions', { app: 'select, insert' });
}
