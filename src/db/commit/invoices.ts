import { sql } from 'kysely';
import type { InvoiceId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import { totalOf } from '../../domain/invoice.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Trx } from '../tenant.ts';
import type { EffectOf } from './effects.ts';
import { iso } from './projection.ts';

const SERIES = 'INV';

/**
 * Each gets the next number of its series in the transaction that stores it: one that fails gives its number back, so
 * there is no gap. An invoice over nothing is paid by being issued.
 */
export async function issueInvoices(
  trx: Trx,
  { id, customer }: Subscription,
  effects: readonly EffectOf<'issue_invoice'>[],
): Promise<void> {
  if (effects.length === 0) return;
  for (const { invoice } of effects) {
    invariant(totalOf(invoice.lines) === invoice.total, `invoice ${invoice.id}: its lines come to its total`);
  }
  const invoices = effects.map(({ invoice: { id, currency, total, issuedAt, dueAt } }, i) => ({
    position: i + 1,
    id,
    currency,
    total,
    issued_at: iso(issuedAt),
    due_at: iso(dueAt),
  }));
  const lines = effects.flatMap(({ invoice }) =>
    invoice.lines.map((line, ordinal) => ({
      invoice_id: invoice.id,
      ordinal,
      description: line.description,
      quantity: line.quantity,
      unit_price: line.unitPrice,
      amount: line.amount,
      period_from: line.period?.from ?? null,
      period_to: line.period?.to ?? null,
      proration: line.proration,
    })),
  );
  await sql`/* commit_issue */
    with series as (
      insert into invoice_series as series (tenant_id, mode, series, last)
      values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${SERIES}, ${invoices.length}::bigint)
      on conflict (tenant_id, mode, series) do update set last = series.last + excluded.last
      returning tenant_id, mode, series, last
    ), issued as (
      insert into invoices (tenant_id, mode, id, subscription_id, customer_id, series, sequence, number, state, currency,
        subtotal, discount, tax, total, credit_applied, amount_due, amount_paid, issued_at, due_at, paid_at)
      select tenant_id, mode, invoice.id, ${id}, ${customer}, series, last - ${invoices.length}::bigint + position,
        series || '-' || lpad((last - ${invoices.length}::bigint + position)::text, 6, '0'),
        case total when 0 then 'paid' else 'open' end, currency, total, 0, 0, total, 0, total, 0, issued_at, due_at,
        case total when 0 then issued_at end
      from jsonb_to_recordset(${JSON.stringify(invoices)}::jsonb) as invoice
        (position int, id text, currency text, total numeric, issued_at timestamptz, due_at timestamptz), series
    )
    insert into invoice_lines (tenant_id, mode, invoice_id, ordinal, description, quantity, unit_price, amount, period_from,
      period_to, proration, tax)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), invoice_id, ordinal, description, quantity,
      unit_price, amount, period_from, period_to, proration, 0
    from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as line (invoice_id text, ordinal int, description text,
      quantity bigint, unit_price text, amount numeric, period_from date, period_to date, proration text)`.execute(trx);
}

/** Those that were still open. Nothing is taken back twice. */
export async function voidInvoices(
  trx: Trx,
  effects: readonly EffectOf<'void_invoice'>[],
): Promise<EffectOf<'void_invoice'>[]> {
  if (effects.length === 0) return [];
  const { rows } = await sql<{ id: InvoiceId }>`/* commit_void */
    update invoices set state = 'void', voided_at = voided.at
    from unnest(${effects.map(({ invoice }) => invoice)}::text[], ${effects.map(({ at }) => iso(at))}::timestamptz[])
      as voided (invoice, at)
    where invoices.id = voided.invoice and invoices.state in ('open', 'uncollectible')
    returning invoices.id`.execute(trx);
  const voided = new Set(rows.map(({ id }) => id));
  return effects.filter(({ invoice }) => voided.has(invoice));
}

export type Paid = { invoice: InvoiceId; amount: number; at: string };

/** What came in counts whatever the invoice's state; it is paid when all that was due has come. */
export async function creditInvoices(trx: Trx, paid: readonly Paid[]): Promise<void> {
  if (paid.length === 0) return;
  await sql`/* commit_credit */
    with came as (
      select invoice, sum(amount) as amount, max(at) as at
      from jsonb_to_recordset(${JSON.stringify(paid)}::jsonb) as paid (invoice text, amount numeric, at timestamptz)
      group by invoice
    )
    update invoices set amount_paid = amount_paid + came.amount,
      state = case when state in ('open', 'uncollectible') and amount_paid + came.amount >= amount_due then 'paid'
        else state end,
      paid_at = case when state in ('open', 'uncollectible') and amount_paid + came.amount >= amount_due then came.at
        else paid_at end
    from came
    where invoices.id = came.invoice`.execute(trx);
}
