import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/**
 * What is offered and what was redeemed. The limits are kept here: a redemption counts itself in the transaction that
 * stores it, and one too many is refused, by the name of the limit, whoever was faster.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    create table coupons (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      name text not null,
      percent_off text check (percent_off ~ '^[0-9]{1,3}(\\.[0-9]{1,12})?$'),
      amount_off jsonb,
      duration text not null check (duration in ('once', 'repeating', 'forever')),
      periods integer check (periods >= 1),
      plans text[] check (cardinality(plans) >= 1),
      max_redemptions bigint check (max_redemptions >= 1),
      per_customer bigint check (per_customer >= 1),
      redeem_by timestamptz,
      redeemed bigint not null default 0 check (redeemed >= 0),
      state text not null check (state in ('active', 'archived')),
      created_at timestamptz not null,
      archived_at timestamptz,
      primary key (tenant_id, mode, id),
      check ((percent_off is null) <> (amount_off is null)),
      check ((duration = 'repeating') = (periods is not null)),
      check ((state = 'archived') = (archived_at is not null)),
      constraint coupon_limit check (redeemed <= max_redemptions)
    );

    create table promotion_codes (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      id text not null,
      coupon_id text not null,
      code text not null check (code ~ '^[A-Za-z0-9_-]{2,64}$'),
      active boolean not null,
      expires_at timestamptz,
      max_redemptions bigint check (max_redemptions >= 1),
      first_time_only boolean not null,
      minimum_amount minor_units check (minimum_amount >= 1),
      minimum_currency text,
      customer_id text,
      redeemed bigint not null default 0 check (redeemed >= 0),
      created_at timestamptz not null,
      primary key (tenant_id, mode, id),
      foreign key (tenant_id, mode, coupon_id) references coupons,
      foreign key (tenant_id, mode, customer_id) references customers,
      check ((minimum_amount is null) = (minimum_currency is null)),
      constraint promotion_code_limit check (redeemed <= max_redemptions)
    );
    -- However it is typed, it is the same code.
    create unique index promotion_codes_code on promotion_codes (tenant_id, mode, lower(code));
    create index on promotion_codes (tenant_id, mode, coupon_id, id);

    create table redemptions (
      id bigint generated always as identity primary key,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      coupon_id text not null,
      promotion_code_id text,
      customer_id text not null,
      subscription_id text not null,
      redeemed_at timestamptz not null,
      -- It came to nothing: the first payment was never made. It is not counted any more.
      released_at timestamptz check (released_at >= redeemed_at),
      -- No key to coupons: after an older backup was restored a redemption is kept though its coupon is missing.
      foreign key (tenant_id, mode, subscription_id) references subscriptions
    );
    create index on redemptions (tenant_id, mode, coupon_id, id);
    create index on redemptions (tenant_id, mode, coupon_id, customer_id);
    create index on redemptions (tenant_id, mode, subscription_id);

    -- Which coupon took how much off a line.
    alter table invoice_lines add column discounts jsonb not null default '[]';
    alter table invoice_lines alter column discounts drop default;

    create function count_redemption() returns trigger language plpgsql as $$
    declare
      most bigint;
      first_time boolean;
    begin
      -- Whoever redeems the same coupon waits here, so that what is counted below stands still.
      update coupons set redeemed = redeemed + 1
        where tenant_id = new.tenant_id and mode = new.mode and id = new.coupon_id
        returning per_customer into most;
      if (select count(*) from redemptions
          where tenant_id = new.tenant_id and mode = new.mode and coupon_id = new.coupon_id
            and customer_id = new.customer_id and released_at is null) >= most then
        raise exception 'coupon % was redeemed % times by customer %', new.coupon_id, most, new.customer_id
          using errcode = 'check_violation', constraint = 'coupon_limit_per_customer';
      end if;
      if new.promotion_code_id is not null then
        update promotion_codes set redeemed = redeemed + 1
          where tenant_id = new.tenant_id and mode = new.mode and id = new.promotion_code_id
          returning first_time_only into first_time;
        if first_time and exists (
          select from redemptions
          where tenant_id = new.tenant_id and mode = new.mode and promotion_code_id = new.promotion_code_id
            and customer_id = new.customer_id and released_at is null)
        then
          raise exception 'promotion code % is for a first time', new.promotion_code_id
            using errcode = 'check_violation', constraint = 'promotion_code_first_time';
        end if;
      end if;
      return new;
    end $$;
    create trigger count_redemption before insert on redemptions for each row execute function count_redemption();

    -- One change is allowed, once: the release.
    create function release_redemption() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and old.released_at is null and new.released_at is not null
        and to_jsonb(new) - 'released_at' = to_jsonb(old) - 'released_at'
      then
        update coupons set redeemed = redeemed - 1
          where tenant_id = new.tenant_id and mode = new.mode and id = new.coupon_id;
        update promotion_codes set redeemed = redeemed - 1
          where tenant_id = new.tenant_id and mode = new.mode and id = new.promotion_code_id;
        return new;
      end if;
      raise exception 'redemptions is append-only: % refused', lower(tg_op) using errcode = 'restrict_violation';
    end $$;
    create trigger release_redemption before update or delete on redemptions
      for each row execute function release_redemption();
    create trigger refuse_truncate before truncate on redemptions
      for each statement execute function refuse_change();

    -- What was given to a customer for nothing, or taken back: who did it and why. The money is in the ledger, under the same key.
    create table credit_changes (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      key text not null,
      customer_id text not null,
      kind text not null check (kind in ('granted', 'withdrawn', 'from_unapplied_cash')),
      amount minor_units not null check (amount >= 1),
      currency text not null,
      reason_encrypted text,
      actor_ref text not null,
      at timestamptz not null,
      primary key (tenant_id, mode, key),
      foreign key (tenant_id, mode, customer_id) references customers
    );
    create index on credit_changes (tenant_id, mode, customer_id, at);
    `,
  );
  await appendOnly(db, 'credit_changes');
  await isolate(db, 'coupons', { app: 'select, insert, update' });
  await isolate(db, 'promotion_codes', { app: 'select, insert, update' });
  await isolate(db, 'redemptions', { app: 'select, insert, update (released_at)' });
  await isolate(db, 'credit_changes', { app: 'select, insert' });
}
