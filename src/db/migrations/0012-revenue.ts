import { type AnyDatabase, appendOnly, isolate, run } from './isolation.ts';

/** When revenue is earned, day by day, and months that are closed. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table tenants add column time_zone text not null default 'UTC';

    -- amount × part ÷ whole in whole numbers, half away from zero, as the core rounds: a numeric quotient is cut first.
    create function prorated(amount numeric, part integer, whole integer) returns numeric
      language sql immutable parallel safe return
        case when amount < 0 then -div(-2 * amount * part + whole, 2 * whole)
          else div(2 * amount * part + whole, 2 * whole) end;

    -- What the days [k, l) of a line come to. Beside its shape it may leave something over, which its own days share.
    create function earned_between(price numeric, price_before numeric, days integer, line_from integer, line_to integer,
      rest numeric, k integer, l integer) returns numeric
      language sql immutable parallel safe return
        prorated(price_before + price, l, days) - prorated(price_before + price, k, days)
        - case when price_before = 0 then 0
            else prorated(price_before, l, days) - prorated(price_before, k, days) end
        + case when rest = 0 then 0
            else prorated(rest, l - line_from, line_to - line_from) - prorated(rest, k - line_from, line_to - line_from) end;

    -- What each line earns on which days. What takes something back is a span of its own: none is ever changed.
    create table earning_spans (
      id bigint generated always as identity primary key,
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      invoice_id text not null,
      ordinal integer not null,
      subscription_id text,
      customer_id text not null,
      -- Empty where the line names none, as an account's owner is.
      product text not null,
      currency text not null,
      -- The line's whole: its shape, what that leaves over, and its discount.
      price minor_units not null,
      price_before minor_units not null,
      days integer not null check (days > 0),
      line_from integer not null check (line_from >= 0),
      line_to integer not null check (line_to > line_from and line_to <= days),
      rest minor_units not null,
      line_discount minor_units not null,
      -- The days of it that this is about, and what they come to.
      from_index integer not null check (from_index >= line_from),
      to_index integer not null check (to_index > from_index and to_index <= line_to),
      first_day date not null,
      known_on date not null,
      gross minor_units not null,
      discount minor_units not null,
      cause text not null check (cause in ('invoice', 'void', 'credit_note', 'cancellation')),
      reference text not null,
      -- The span that this one takes back, from its first day on.
      mirrors bigint,
      recorded_at timestamptz not null default clock_timestamp(),
      foreign key (tenant_id, mode, customer_id) references customers,
      check (gross = earned_between(price, price_before, days, line_from, line_to, rest, from_index, to_index)),
      check (discount = prorated(line_discount, to_index - line_from, line_to - line_from)
        - prorated(line_discount, from_index - line_from, line_to - line_from))
    );
    create index on earning_spans (tenant_id, mode, invoice_id);
    create index on earning_spans (tenant_id, mode, subscription_id) where subscription_id is not null;

    -- How far each span is booked; it leaves the table when all of it is.
    create table earning_progress (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      span_id bigint not null,
      customer_id text not null,
      subscription_id text,
      -- The first day that is not booked yet, the day on which it will be, and the day before which it ends.
      next_day date not null,
      due_on date not null,
      end_day date not null,
      primary key (tenant_id, mode, span_id),
      check (next_day < end_day)
    ) with (fillfactor = 80);
    create index on earning_progress (tenant_id, mode, subscription_id) where subscription_id is not null;

    -- What was booked of a span, and where: usually a day; more where they came to be known late.
    create table revenue_days (
      tenant_id text not null,
      mode text not null check (mode in ('test', 'live')),
      span_id bigint not null,
      from_day date not null,
      to_day date not null,
      booked_on date not null,
      gross minor_units not null,
      discount minor_units not null,
      transaction_id bigint not null,
      primary key (tenant_id, mode, span_id, from_day),
      check (to_day > from_day)
    );
    create index on revenue_days (transaction_id);

    -- A closed month takes nothing more. Rows come in order and stay: a month is not opened again.
    create table ledger_periods (
      tenant_id text not null references tenants,
      mode text not null check (mode in ('test', 'live')),
      month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
      -- The first moment of the month after it, and the zone in which that was counted.
      ends_at timestamptz not null,
      time_zone text not null,
      closed_at timestamptz not null,
      closed_by text not null,
      primary key (tenant_id, mode, month)
    );

    -- The day that a posting belongs to, where that day's month was closed when it came. Its key says what it was.
    alter table ledger_transactions add column belongs_to date;

    create function ledger_lock(tenant text, mode text) returns bigint
      language sql immutable parallel safe return hashtextextended('ledger/' || tenant || '/' || mode, 0);

    -- Postings share the lock and closing has it alone: a month is closed when all that was posted to it is there.
    create function refuse_closed() returns trigger language plpgsql as $$
    declare
      late record;
    begin
      perform pg_advisory_xact_lock_shared(ledger_lock(tenant_id, mode))
        from (select distinct tenant_id, mode from added) as books;
      select added.key, added.at, closed.month into late
        from (select distinct tenant_id, mode from added) as books
        cross join lateral (
          select period.tenant_id, period.mode, period.month, period.ends_at from ledger_periods as period
          where period.tenant_id = books.tenant_id and period.mode = books.mode order by month desc limit 1
        ) as closed
        join added on added.tenant_id = closed.tenant_id and added.mode = closed.mode and added.at < closed.ends_at
        limit 1;
      if found then
        raise exception 'ledger transaction % of % comes after month % was closed', late.key, late.at, late.month
          using errcode = 'LC001';
      end if;
      return null;
    end $$;
    create trigger refuse_closed after insert on ledger_transactions
      referencing new table as added for each statement execute function refuse_closed();
    `,
  );
  await appendOnly(db, 'earning_spans');
  await appendOnly(db, 'revenue_days');
  await appendOnly(db, 'ledger_periods');
  await isolate(db, 'earning_spans', { app: 'select, insert' });
  await isolate(db, 'earning_progress', { app: 'select, insert, update, delete' });
  await isolate(db, 'revenue_days', { app: 'select, insert' });
  await isolate(db, 'ledger_periods', { app: 'select, insert' });
}
