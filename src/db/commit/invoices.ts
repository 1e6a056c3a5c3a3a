import { type RawBuilder, sql } from 'kysely';
import { spanOf } from '../../domain/earning.ts';
import { keyOf } from '../../domain/effect.ts';
import type { CustomerId, InvoiceId, SubscriptionId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import { type Invoice, type InvoiceLine, sumsOf } from '../../domain/invoice.ts';
import { NOBODY, type Parties } from '../../domain/parties.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { dayOf, type Instant, type TimeZone } from '../../domain/time.ts';
import { type LineRow, lineOf } from '../invoices.ts';
import { recordset } from '../recordset.ts';
import type { Trx } from '../tenant.ts';
import { type OwnSpan, writtenSpans } from './earnings.ts';
import type { EffectOf } from './effects.ts';
import { iso } from './projection.ts';

const SERIES = 'INV';

/** An invoice, whose it is, by whose calendar it earns, and who its seller and its buyer were then. */
export type Issued = {
  subscription: SubscriptionId;
  customer: CustomerId;
  timeZone: TimeZone;
  invoice: Invoice;
  parties: Parties;
};

/**
 * Each gets the next number of its series in the transaction that stores it: one that fails gives its number back, so
 * there is no gap. One of which nothing is due is paid by being issued. A draft becomes what it was drafted for.
 */
export async function issueInvoices(trx: Trx, issued: readonly Issued[]): Promise<void> {
  if (issued.length === 0) return;
  const spans = issued.flatMap(spansOf);
  await sql`/* commit_issue */
    with series as (
      insert into invoice_series as series (tenant_id, mode, series, last)
      values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${SERIES}, ${issued.length}::bigint)
      on conflict (tenant_id, mode, series) do update set last = series.last + excluded.last
      returning tenant_id, mode, series, last
    ), issued as (
      insert into invoices as stored (tenant_id, mode, id, subscription_id, customer_id, series, sequence, number, state,
        currency, subtotal, discount, tax, tax_included, total, credit_applied, amount_due, amount_paid, collect,
        purchase_order, tax_note, issued_at, due_at, paid_at, seller_version, buyer_version)
      select tenant_id, mode, id, subscription_id, customer_id, series, last - ${issued.length}::bigint + position,
        series || '-' || lpad((last - ${issued.length}::bigint + position)::text, 6, '0'),
        case amount_due when 0 then 'paid' else 'open' end, currency, subtotal, discount, tax, tax_included, total,
        credit_applied, amount_due, 0, collect, purchase_order, tax_note, issued_at, due_at,
        case amount_due when 0 then issued_at end, seller_version, buyer_version
      from ${invoiceRows(issued.map(inOrder))}, series
      on conflict (tenant_id, mode, id) do update set (series, sequence, number, state, subtotal, discount, tax,
          tax_included, total, credit_applied, amount_due, collect, purchase_order, tax_note, issued_at, due_at, paid_at,
          seller_version, buyer_version, finalise_at, draft_lines)
        = (excluded.series, excluded.sequence, excluded.number, excluded.state, excluded.subtotal, excluded.discount,
          excluded.tax, excluded.tax_included, excluded.total, excluded.credit_applied, excluded.amount_due,
          excluded.collect, excluded.purchase_order, excluded.tax_note, excluded.issued_at, excluded.due_at,
          excluded.paid_at, excluded.seller_version, excluded.buyer_version, null, null)
    ), ${writtenSpans(spans)}
    ${writtenLines(issued.map(({ invoice }) => invoice))}`.execute(trx);
}

/** The end of a statement that stores invoices. */
export const writtenLines = (invoices: readonly Invoice[]): RawBuilder<unknown> => {
  const lines = invoices.flatMap(({ id, lines }) =>
    lines.map((line, ordinal): OwnLine => ({ invoice: id, ordinal, line })),
  );
  return sql`
    insert into invoice_lines (tenant_id, mode, invoice_id, ordinal, description, quantity, unit_price, amount, period_from,
      period_to, proration, discount, discounts, tax, taxes, product, tax_category, tax_inclusive, earning, carried)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), invoice_id, ordinal, description, quantity,
      unit_price, amount, period_from, period_to, proration, discount, discounts, tax, taxes, product, tax_category,
      tax_inclusive, earning, carried
    from ${lineRows(lines)}`;
};

/** What will be issued when the grace is over, if nothing is added: it has no number, and nothing is posted for it. */
export async function draftInvoices(
  trx: Trx,
  { id, customer }: Subscription,
  effects: readonly EffectOf<'draft_invoice'>[],
): Promise<void> {
  for (const { invoice, finaliseAt } of effects) {
    const own = { subscription: id, customer, invoice, parties: NOBODY };
    await sql`/* commit_draft */
      insert into invoices (tenant_id, mode, id, subscription_id, customer_id, state, currency, subtotal, discount, tax,
        tax_included, total, credit_applied, amount_due, amount_paid, collect, purchase_order, tax_note, issued_at, due_at,
        finalise_at, draft_lines)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), id, subscription_id, customer_id, 'draft',
        currency, subtotal, discount, tax, tax_included, total, credit_applied, amount_due, 0, collect, purchase_order,
        tax_note, issued_at, due_at, ${iso(finaliseAt)}::timestamptz, ${JSON.stringify(invoice.lines)}::jsonb
      from ${invoiceRows([inOrder(own, 0)])}
      on conflict (tenant_id, mode, id) do update set (subtotal, discount, tax, tax_included, total, credit_applied,
          amount_due, draft_lines)
        = (excluded.subtotal, excluded.discount, excluded.tax, excluded.tax_included, excluded.total,
          excluded.credit_applied, excluded.amount_due, excluded.draft_lines)`.execute(trx);
  }
}

/** Which days earn what its lines bring in. */
export function spansOf({ subscription, customer, timeZone, invoice }: Issued): OwnSpan[] {
  const about = { subscription, customer, currency: invoice.currency };
  const reference = keyOf({ type: 'issue_invoice', invoice });
  return invoice.lines.flatMap((line, ordinal) => {
    const span = spanOf(line, dayOf(invoice.issuedAt, timeZone));
    return span ? [{ ...about, invoice: invoice.id, ordinal, span, cause: 'invoice' as const, reference }] : [];
  });
}

type OwnInvoice = Omit<Issued, 'timeZone'>;

/** Drafts are stored from them, too, and what is mirrored. */
export const invoiceRows = recordset<OwnInvoice & { position: number }>('invoice', {
  position: ['int', ({ position }) => position],
  subscription_id: ['text', ({ subscription }) => subscription],
  customer_id: ['text', ({ customer }) => customer],
  seller_version: ['int', ({ parties }) => parties.seller],
  buyer_version: ['int', ({ parties }) => parties.buyer],
  id: ['text', ({ invoice }) => invoice.id],
  currency: ['text', ({ invoice }) => invoice.currency],
  subtotal: ['numeric', ({ invoice }) => invoice.subtotal],
  discount: ['numeric', ({ invoice }) => invoice.discount],
  tax: ['numeric', ({ invoice }) => invoice.tax],
  tax_included: ['numeric', ({ invoice }) => invoice.taxIncluded],
  total: ['numeric', ({ invoice }) => invoice.total],
  credit_applied: ['numeric', ({ invoice }) => invoice.creditApplied],
  amount_due: ['numeric', ({ invoice }) => invoice.amountDue],
  collect: ['text', ({ invoice }) => invoice.collect],
  purchase_order: ['text', ({ invoice }) => invoice.purchaseOrder],
  tax_note: ['text', ({ invoice }) => invoice.taxNote],
  issued_at: ['timestamptz', ({ invoice }) => iso(invoice.issuedAt)],
  due_at: ['timestamptz', ({ invoice }) => iso(invoice.dueAt)],
});

export function inOrder(own: OwnInvoice, index: number) {
  const { id, lines, total, creditApplied, amountDue } = own.invoice;
  const sums = sumsOf(lines);
  invariant(sums.total === total && amountDue === total - creditApplied, `invoice ${id}: its lines come to its total`);
  return { ...own, position: index + 1 };
}

type OwnLine = { invoice: InvoiceId; ordinal: number; line: InvoiceLine };

const lineRows = recordset<OwnLine>('line', {
  invoice_id: ['text', ({ invoice }) => invoice],
  ordinal: ['int', ({ ordinal }) => ordinal],
  description: ['text', ({ line }) => line.description],
  quantity: ['bigint', ({ line }) => line.quantity],
  unit_price: ['text', ({ line }) => line.unitPrice],
  amount: ['numeric', ({ line }) => line.amount],
  period_from: ['date', ({ line }) => line.period?.from ?? null],
  period_to: ['date', ({ line }) => line.period?.to ?? null],
  proration: ['text', ({ line }) => line.proration],
  discount: ['numeric', ({ line }) => line.discount ?? 0],
  discounts: ['jsonb', ({ line }) => JSON.stringify(line.discounts ?? [])],
  tax: ['numeric', ({ line }) => sumsOf([line]).tax],
  taxes: ['jsonb', ({ line }) => JSON.stringify(line.taxes ?? [])],
  product: ['text', ({ line }) => line.product ?? null],
  tax_category: ['text', ({ line }) => line.taxCategory ?? 'standard'],
  tax_inclusive: ['boolean', ({ line }) => line.taxInclusive ?? false],
  earning: ['jsonb', ({ line }) => (line.earning ? JSON.stringify(line.earning) : null)],
  carried: ['boolean', ({ line }) => line.carried ?? false],
});

type Void = { subscription: Subscription; effect: EffectOf<'void_invoice'> };
export type Voided = {
  subscription: Subscription;
  invoice: InvoiceId;
  at: Instant;
  lines: InvoiceLine[];
  creditApplied: number;
};

/** Those that were still open, with what has to be taken back. Nothing is taken back twice. */
export async function voidInvoices(trx: Trx, voids: readonly Void[]): Promise<Voided[]> {
  if (voids.length === 0) return [];
  const effects = voids.map(({ effect }) => effect);
  const { rows } = await sql<{ id: InvoiceId; credit_applied: number; lines: LineRow[] }>`/* commit_void */
    with voided as (
      update invoices set state = 'void', voided_at = voided.at
      from unnest(${effects.map(({ invoice }) => invoice)}::text[], ${effects.map(({ at }) => iso(at))}::timestamptz[])
        as voided (invoice, at)
      where invoices.id = voided.invoice and invoices.state in ('open', 'uncollectible')
      returning invoices.id, invoices.credit_applied
    )
    select voided.id, voided.credit_applied, (
      select jsonb_agg(to_jsonb(line) order by ordinal) from invoice_lines as line where line.invoice_id = voided.id
    ) as lines
    from voided`.execute(trx);
  return rows.flatMap(({ id, credit_applied, lines }) => {
    const { subscription, effect } = voids.find(({ effect: { invoice } }) => invoice === id)!;
    return [{ subscription, invoice: id, at: effect.at, creditApplied: credit_applied, lines: lines.map(lineOf) }];
  });
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
      state = case when state in ('open', 'uncollectible') and amount_paid + credited_open + came.amount >= amount_due then 'paid'
        else state end,
      paid_at = case when state in ('open', 'uncollectible') and amount_paid + credited_open + came.amount >= amount_due then came.at
        else paid_at end
    from came
    where invoices.id = came.invoice`.execute(trx);
}
