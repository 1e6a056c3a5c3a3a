import { sql } from 'kysely';
import type { Subscription } from '../../domain/subscription.ts';
import type { Trx } from '../tenant.ts';
import type { EffectOf } from './effects.ts';
import { iso } from './projection.ts';
import { Stale } from './stale.ts';

const SERIES = 'CN';

/**
 * Takes it off what the invoice has left, while holding the invoice's row; when there is no longer as much left as was read,
 * nothing of the step is kept. Then it gets the next number of its own series, which has no gap.
 */
export async function issueCreditNote(
  trx: Trx,
  { id: subscription, customer }: Subscription,
  { note }: EffectOf<'issue_credit_note'>,
): Promise<void> {
  const { id, invoice, currency, to, reason, tax, total, issuedAt } = note;
  const [open, back] = to === 'open' ? [total, 0] : [0, total];
  const taken = await sql`/* commit_take_credit */
    update invoices set credited_open = credited_open + ${open}, credited_back = credited_back + ${back},
      state = case when state = 'open' and amount_paid + credited_open + ${open} >= amount_due then 'paid' else state end,
      paid_at = case when state = 'open' and amount_paid + credited_open + ${open} >= amount_due
        then ${iso(issuedAt)}::timestamptz else paid_at end
    where id = ${invoice} and state in ('open', 'paid', 'uncollectible')
      and credited_open + credited_back + ${total} <= total
      and case ${to} when 'open' then state = 'open' and amount_due - amount_paid - credited_open >= ${open}
        else credit_applied + amount_paid - credited_back >= ${back} end
    returning id`.execute(trx);
  if (taken.rows.length === 0) throw new Stale('invoice');
  const lines = note.lines.map(({ line, description, amount, gross, discount, taxes, product, from }) => ({
    ...{ line, description, amount, gross, discount, taxes, product, from_day: from },
  }));
  await sql`/* commit_credit_note */
    with series as (
      insert into invoice_series as series (tenant_id, mode, series, last)
      values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${SERIES}, 1)
      on conflict (tenant_id, mode, series) do update set last = series.last + 1
      returning tenant_id, mode, series, last
    ), note as (
      insert into credit_notes (tenant_id, mode, id, invoice_id, subscription_id, customer_id, series, sequence, number,
        currency, "to", reason, tax, total, issued_at)
      select tenant_id, mode, ${id}, ${invoice}, ${subscription}, ${customer}, series, last,
        series || '-' || lpad(last::text, 6, '0'), ${currency}, ${to}, ${reason}, ${tax}::numeric, ${total}::numeric,
        ${iso(issuedAt)}::timestamptz
      from series
    )
    insert into credit_note_lines (tenant_id, mode, credit_note_id, invoice_id, line, description, amount, gross, discount,
      taxes, product, from_day)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), ${id}, ${invoice}, line, description, amount,
      gross, discount, taxes, product, from_day
    from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line (line int, description text, amount numeric,
      gross numeric, discount numeric, taxes jsonb, product text, from_day date)`.execute(trx);
}
