/** A tenant's own failures, for a backtest: when each began, and from when on a try is known to pass. */
import { sql } from 'kysely';
import type { Failure } from '../domain/backtest.ts';
import type { DeclineClass } from '../domain/input.ts';
import type { Trx } from './tenant.ts';

type Row = {
  decline: DeclineClass;
  failed_at: Date;
  time_zone: string;
  amount: string;
  paid_at: Date | null;
  retried: boolean;
};

/** The newest so many. One that was paid by a try of ours passes from then on; else the customer has acted. */
export async function pastFailures(trx: Trx, limit: number): Promise<Failure[]> {
  const { rows } = await sql<Row>`/* past_failures */
    select first.decline, first.requested_at as failed_at, subscriptions.time_zone, first.amount::text as amount,
      paid.settled_at as paid_at, coalesce(paid.attempt > 1, false) as retried
    from payment_attempts as first
    join subscriptions on subscriptions.id = first.subscription_id
    left join lateral (
      select settled_at, attempt from payment_attempts as later
      where later.invoice_id = first.invoice_id and later.state = 'succeeded' order by attempt limit 1
    ) as paid on true
    where first.attempt = 1 and first.state = 'failed'
    order by first.requested_at desc, first.invoice_id limit ${limit}`.execute(trx);
  return rows.map(({ decline, failed_at, time_zone: timeZone, amount, paid_at, retried }) => ({
    ...{ decline, failedAt: failed_at.getTime(), timeZone, amount: Number(amount), actsAt: null },
    passes: paid_at && retried ? [{ from: paid_at.getTime(), to: Number.MAX_SAFE_INTEGER }] : [],
  }));
}
