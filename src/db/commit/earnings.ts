/**
 * Which days earn what: a fact beside each line of an invoice, and further facts for what takes it back. Progress is kept
 * apart. Where a span is taken back whole, both stop where the first has got to, as their days come to nothing.
 */
import { type RawBuilder, type Selectable, sql } from 'kysely';
import { creditedSpan, type Earned, type Span, type SpanCause, totalOfSpan, wholeOf } from '../../domain/earning.ts';
import type { InvoiceId, SubscriptionId } from '../../domain/ids.ts';
import type { Day } from '../../domain/time.ts';
import { recordset } from '../recordset.ts';
import type { EarningSpansTable } from '../schema.ts';
import type { Trx } from '../tenant.ts';

export type LineSpan = { invoice: InvoiceId; ordinal: number; span: Span; cause: SpanCause; reference: string };

/** Whose it is. */
type About = { customer: string; subscription: SubscriptionId | null; currency: string };
export type OwnSpan = LineSpan & About;

const spanRows = recordset<OwnSpan>('span', {
  subscription_id: ['text', ({ subscription }) => subscription],
  customer_id: ['text', ({ customer }) => customer],
  currency: ['text', ({ currency }) => currency],
  invoice_id: ['text', ({ invoice }) => invoice],
  ordinal: ['int', ({ ordinal }) => ordinal],
  product: ['text', ({ span }) => span.product ?? ''],
  price: ['numeric', ({ span }) => span.rate.price],
  price_before: ['numeric', ({ span }) => span.rate.before],
  days: ['int', ({ span }) => span.rate.days],
  line_from: ['int', ({ span }) => span.rate.from],
  line_to: ['int', ({ span }) => span.rate.to],
  rest: ['numeric', ({ span: { rate } }) => rate.gross - wholeOf(rate)],
  line_discount: ['numeric', ({ span }) => span.rate.discount],
  from_index: ['int', ({ span }) => span.from],
  to_index: ['int', ({ span }) => span.to],
  first_day: ['date', ({ span }) => span.firstDay],
  known_on: ['date', ({ span }) => span.knownOn],
  gross: ['numeric', ({ span }) => totalOfSpan(span).gross],
  discount: ['numeric', ({ span }) => totalOfSpan(span).discount],
  cause: ['text', ({ cause }) => cause],
  reference: ['text', ({ reference }) => reference],
});

/** Parts of a statement that writes spans with their progress, for one that stores invoices at the same time. */
export const writtenSpans = (spans: readonly OwnSpan[]): RawBuilder<unknown> => sql`
  earned as (
    insert into earning_spans (tenant_id, mode, invoice_id, ordinal, subscription_id, customer_id, product, currency,
      price, price_before, days, line_from, line_to, rest, line_discount, from_index, to_index, first_day, known_on,
      gross, discount, cause, reference)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), invoice_id, ordinal, subscription_id,
      customer_id, product, currency, price, price_before, days, line_from, line_to, rest, line_discount,
      from_index, to_index, first_day, known_on, gross, discount, cause, reference
    from ${spanRows(spans)}
    returning tenant_id, mode, id, customer_id, subscription_id, first_day, known_on, to_index - from_index as days
  ), followed as (
    insert into earning_progress (tenant_id, mode, span_id, customer_id, subscription_id, next_day, due_on, end_day)
    select tenant_id, mode, id, customer_id, subscription_id, first_day, greatest(first_day, known_on), first_day + days
    from earned
  )`;

/** In a statement of their own: what a credit note gives back, say. */
export async function writeSpans(trx: Trx, about: About, spans: readonly LineSpan[]): Promise<void> {
  if (spans.length === 0) return;
  const own = spans.map((span) => ({ ...span, ...about }));
  await sql`/* commit_spans */ with ${writtenSpans(own)} select 1`.execute(trx);
}

export type CreditedLine = Earned & { ordinal: number; from: Day | null };

/**
 * What a credit note gives back of an invoice's lines, earned no more. Answers which of them are earned by the day: the
 * others were earned when they were invoiced.
 */
export async function creditSpans(
  trx: Trx,
  note: { invoice: InvoiceId; day: Day; reference: string; lines: readonly CreditedLine[] },
): Promise<Set<number>> {
  const rows = await trx
    .selectFrom('earning_spans')
    .selectAll()
    .where('invoice_id', '=', note.invoice)
    .where('cause', '=', 'invoice')
    .execute();
  const first = rows[0];
  if (!first) return new Set();
  const spans = new Map(rows.map((row) => [row.ordinal, spanOfRow(row)]));
  const given = note.lines.flatMap(({ ordinal, from, ...earned }): LineSpan[] => {
    const span = spans.get(ordinal);
    if (!span || (earned.gross === 0 && earned.discount === 0)) return [];
    const { invoice, reference } = note;
    return [{ invoice, ordinal, span: creditedSpan(span, earned, note.day, from), cause: 'credit_note', reference }];
  });
  const { customer_id: customer, subscription_id: subscription, currency } = first;
  await writeSpans(trx, { customer, subscription, currency }, given);
  return new Set(spans.keys());
}

function spanOfRow(row: Selectable<EarningSpansTable>): Span {
  const shape = { price: row.price, before: row.price_before, days: row.days, from: row.line_from, to: row.line_to };
  return {
    product: row.product === '' ? null : row.product,
    rate: { ...shape, gross: wholeOf(shape) + row.rest, discount: row.line_discount },
    ...{ from: row.from_index, to: row.to_index, firstDay: row.first_day, knownOn: row.known_on },
  };
}

/** Takes back all that these invoices earn: what was earned until then on the day of its voiding, the rest never. */
export async function takeBackSpans(trx: Trx, voided: readonly { invoice: InvoiceId; day: Day }[]): Promise<void> {
  if (voided.length === 0) return;
  await sql`/* commit_take_back */
    with voided as (
      select * from unnest(${voided.map(({ invoice }) => invoice)}::text[], ${voided.map(({ day }) => day)}::date[])
        as voided (invoice, day)
    ), span as (
      select span.*, voided.day, span.first_day + (span.to_index - span.from_index) as end_day
      from voided join earning_spans as span on span.invoice_id = voided.invoice
    ), mirror as (
      insert into earning_spans (tenant_id, mode, invoice_id, ordinal, subscription_id, customer_id, product, currency,
        price, price_before, days, line_from, line_to, rest, line_discount, from_index, to_index, first_day, known_on,
        gross, discount, cause, reference, mirrors)
      select tenant_id, mode, invoice_id, ordinal, subscription_id, customer_id, product, currency, -price, -price_before,
        days, line_from, line_to, -rest, -line_discount, from_index, to_index, first_day, day, -gross, -discount, 'void',
        'void/' || invoice_id, id
      from span order by id
      returning *
    ), ${endTogether(sql`select mirror.mirrors as span_id, mirror.id as mirror_id, mirror.tenant_id, mirror.mode,
        mirror.customer_id, mirror.subscription_id, mirror.first_day, mirror.known_on, span.end_day
      from mirror join span on span.id = mirror.mirrors`)}
    select 1`.execute(trx);
}

/** What is still to be earned, before the accounts that all share: recognition takes both in this order. */
export async function holdSpans(trx: Trx, subscriptions: readonly SubscriptionId[]): Promise<void> {
  if (subscriptions.length === 0) return;
  await sql`/* commit_hold_spans */
    select span_id from earning_progress where subscription_id = any(${[...subscriptions]}::text[])
    order by span_id for update`.execute(trx);
}

/**
 * Ends on that day without a credit: what was still to come is earned on it. The days that are left are taken back, and
 * come at once.
 */
export async function earnRest(
  trx: Trx,
  { subscription, day, reference }: { subscription: SubscriptionId; day: Day; reference: string },
): Promise<void> {
  await sql`/* commit_earn_rest */
    with span as (
      select span.*, greatest(span.first_day, ${day}::date + 1) as rest_day, open.end_day
      from earning_progress as open join earning_spans as span on span.id = open.span_id
      where open.subscription_id = ${subscription} and open.end_day > ${day}::date + 1
      order by span.id for update of open
    ), part as (
      select span.*, from_index + (rest_day - first_day) as rest_index, from_index + (end_day - first_day) as end_index
      from span
    ), valued as (
      select part.*,
        earned_between(price, price_before, days, line_from, line_to, rest, rest_index, end_index) as rest_gross,
        prorated(line_discount, end_index - line_from, line_to - line_from)
          - prorated(line_discount, rest_index - line_from, line_to - line_from) as rest_discount
      from part
    ), mirror as (
      insert into earning_spans (tenant_id, mode, invoice_id, ordinal, subscription_id, customer_id, product, currency,
        price, price_before, days, line_from, line_to, rest, line_discount, from_index, to_index, first_day, known_on,
        gross, discount, cause, reference, mirrors)
      select tenant_id, mode, invoice_id, ordinal, subscription_id, customer_id, product, currency, -price, -price_before,
        days, line_from, line_to, -rest, -line_discount, rest_index, end_index, rest_day, ${day}::date, -rest_gross,
        -rest_discount, 'cancellation', ${reference}, id
      from valued
      returning *
    ), at_once as (
      insert into earning_spans (tenant_id, mode, invoice_id, ordinal, subscription_id, customer_id, product, currency,
        price, price_before, days, line_from, line_to, rest, line_discount, from_index, to_index, first_day, known_on,
        gross, discount, cause, reference)
      select tenant_id, mode, invoice_id, ordinal, subscription_id, customer_id, product, currency, rest_gross, 0, 1, 0, 1,
        0, rest_discount, 0, 1, ${day}::date, ${day}::date, rest_gross, rest_discount, 'cancellation', ${reference}
      from valued
      where rest_gross <> 0 or rest_discount <> 0
      returning *
    ), due as (
      insert into earning_progress (tenant_id, mode, span_id, customer_id, subscription_id, next_day, due_on, end_day)
      select tenant_id, mode, id, customer_id, subscription_id, first_day, first_day, first_day + 1 from at_once
    ), ${endTogether(sql`select mirror.mirrors as span_id, mirror.id as mirror_id, mirror.tenant_id, mirror.mode,
        mirror.customer_id, mirror.subscription_id, mirror.first_day, mirror.known_on, span.end_day
      from mirror join span on span.id = mirror.mirrors`)}
    select 1`.execute(trx);
}

/**
 * A span and its mirror come to nothing day by day, so neither goes on after the day on which it is known, nor after what
 * is booked already. One that was stopped before goes on in its mirror: there is another that wants the same days.
 */
const endTogether = (pairs: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  pair as (${pairs}), open as (
    select progress.span_id, progress.next_day, greatest(progress.next_day, pair.known_on + 1, pair.first_day) as stop
    from pair join earning_progress as progress on progress.span_id = pair.span_id and progress.end_day = pair.end_day
    order by progress.span_id for update of progress
  ), over as (
    delete from earning_progress using open where earning_progress.span_id = open.span_id and open.stop <= open.next_day
  ), cut as (
    update earning_progress set end_day = open.stop from open
    where earning_progress.span_id = open.span_id and open.stop > open.next_day and open.stop < earning_progress.end_day
  ), mirrored as (
    insert into earning_progress (tenant_id, mode, span_id, customer_id, subscription_id, next_day, due_on, end_day)
    select pair.tenant_id, pair.mode, pair.mirror_id, pair.customer_id, pair.subscription_id, pair.first_day,
      greatest(pair.first_day, pair.known_on), least(pair.end_day, coalesce(open.stop, pair.end_day))
    from pair left join open on open.span_id = pair.span_id
    where pair.first_day < least(pair.end_day, coalesce(open.stop, pair.end_day))
  )`;
