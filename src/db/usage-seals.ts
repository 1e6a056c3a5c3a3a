/** What of the windows was billed, and what they have come to since. */
import { sql } from 'kysely';
import { decimalText } from '../domain/decimal.ts';
import type { CustomerId, InvoiceId, SubscriptionId } from '../domain/ids.ts';
import { type Meter, MOST_LATE_DAYS, versionAt } from '../domain/meter.ts';
import type { LineTax } from '../domain/tax.ts';
import { DAY, type Instant } from '../domain/time.ts';
import {
  isSameQuantity,
  keyOfSpan,
  type LateUsage,
  type UsageFacts,
  type UsageSpan,
  type UsageWish,
} from '../domain/usage.ts';
import { type Change, ofType } from './commit/effects.ts';
import { countingMeters } from './meters.ts';
import type { Trx } from './tenant.ts';
import { totalUsage } from './usage-read.ts';

type Whose = { id: SubscriptionId; customer: CustomerId };

export async function usageFacts(trx: Trx, whose: Whose, of: UsageWish): Promise<UsageFacts> {
  const meters = await countingMeters(trx, 'ever');
  const quantities: UsageFacts['quantities'] = {};
  for (const span of of.spans) quantities[keyOfSpan(span)] = await used(trx, meters, whose.customer, span);
  return { of, quantities, late: await lateUsage(trx, whose, meters, of) };
}

async function used(
  trx: Trx,
  meters: readonly Meter[],
  customer: CustomerId,
  { meter: key, from, to }: { meter: string; from: Instant; to: Instant },
): Promise<string> {
  const meter = versionAt(meters, key, from);
  return meter ? decimalText(await totalUsage(trx, meter, customer, { from, to })) : '0';
}

type Seal = {
  span: UsageSpan;
  n: number;
  quantity: string;
  amount: number;
  invoice_id: InvoiceId;
  gross: number | null;
  discount: number | null;
  taxes: LineTax[] | null;
};

/** Of what was billed before. Nothing that is accepted since the period began lies further back than an event may be late. */
async function lateUsage(
  trx: Trx,
  { id, customer }: Whose,
  meters: readonly Meter[],
  { spans }: UsageWish,
): Promise<LateUsage[]> {
  const began = Math.min(...spans.map(({ from }) => from));
  const since = Number.isFinite(began) ? began - (MOST_LATE_DAYS + 1) * DAY : 0;
  const { rows } = await sql<Seal>`
    select latest.span, latest.n, latest.quantity::text, latest.amount, first.invoice_id, line.amount as gross, line.discount,
      line.taxes
    from (
      select distinct on (charge_id, from_at) * from usage_seals
      where subscription_id = ${id} and to_at > ${new Date(since)}
      order by charge_id, from_at, n desc
    ) as latest
    join usage_seals as first on first.subscription_id = latest.subscription_id and first.charge_id = latest.charge_id
      and first.from_at = latest.from_at and first.n = 1
    left join invoice_lines as line on line.invoice_id = first.invoice_id and line.ordinal = first.ordinal
    order by latest.from_at, latest.charge_id`.execute(trx);
  const late: LateUsage[] = [];
  for (const { span, n, quantity, amount, invoice_id: invoice, gross, discount, taxes } of rows) {
    const now = await used(trx, meters, customer, { meter: span.charge.meter!, from: span.from, to: span.to });
    if (isSameQuantity(now, quantity)) continue;
    const rates = (taxes ?? []).map(({ jurisdiction, name, percent }) => ({ jurisdiction, name, percent }));
    const billed = { quantity, amount, invoice, gross: gross ?? 0, discount: discount ?? 0, rates };
    late.push({ span, n, quantity: now, billed });
  }
  return late;
}

/** Once for each: of two that would bill the same the second is told that it is not so any more. */
export async function sealUsage(trx: Trx, changes: readonly Change[]): Promise<void> {
  const seals = changes.flatMap(({ subscription: { id, customer }, effects }) =>
    ofType(effects, 'issue_invoice').flatMap(({ invoice, usage }) =>
      (usage?.billed ?? []).map(({ span, n, quantity, amount, ordinal }) => ({
        ...{ subscription_id: id, charge_id: span.id, customer_id: customer, invoice_id: invoice.id, ordinal, n },
        ...{ from_at: new Date(span.from), to_at: new Date(span.to), span, quantity, amount },
        sealed_at: new Date(invoice.issuedAt),
      })),
    ),
  );
  if (seals.length === 0) return;
  await sql`/* commit_seals */
    insert into usage_seals (tenant_id, mode, subscription_id, charge_id, from_at, n, to_at, customer_id, invoice_id, ordinal,
      span, quantity, amount, sealed_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), subscription_id, charge_id, from_at, n, to_at,
      customer_id, invoice_id, ordinal, span, quantity, amount, sealed_at
    from jsonb_to_recordset(${JSON.stringify(seals)}::jsonb) as seal (subscription_id text, charge_id text,
      from_at timestamptz, n int, to_at timestamptz, customer_id text, invoice_id text, ordinal int, span jsonb,
      quantity numeric, amount numeric, sealed_at timestamptz)`.execute(trx);
}
