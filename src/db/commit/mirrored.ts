/** What follows a processor that collects: its invoices as they are there, and its own name of the subscription. */
import { sql } from 'kysely';
import { NOBODY } from '../../domain/parties.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Trx } from '../tenant.ts';
import { writtenSpans } from './earnings.ts';
import type { EffectOf } from './effects.ts';
import { type Issued, inOrder, invoiceRows, spansOf, writtenLines } from './invoices.ts';
import { iso } from './projection.ts';

type Mirror = { subscription: Subscription; effect: EffectOf<'mirror_invoice'> };

/** Those that were not there before. None gets a number of ours, and its days earn as those of ours do. */
export async function mirrorInvoices(trx: Trx, mirrors: readonly Mirror[]): Promise<Mirror[]> {
  if (mirrors.length === 0) return [];
  const own = mirrors.map(
    ({ subscription: { id: subscription, customer, timeZone }, effect: { invoice } }): Issued => ({
      ...{ subscription, customer, timeZone, invoice, parties: NOBODY },
    }),
  );
  const written = await sql<{ id: string }>`/* commit_mirror */
    insert into invoices (tenant_id, mode, id, subscription_id, customer_id, number, processor_invoice_id, state, currency,
      subtotal, discount, tax, tax_included, total, credit_applied, amount_due, amount_paid, collect, issued_at, due_at,
      paid_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), id, subscription_id, customer_id, number,
      theirs, case amount_due when 0 then 'paid' else 'open' end, currency, subtotal, discount, tax, tax_included, total,
      credit_applied, amount_due, 0, collect, issued_at, due_at, case amount_due when 0 then issued_at end
    from ${invoiceRows(own.map(inOrder))}
    join unnest(${mirrors.map(({ effect }) => effect.invoice.id)}::text[],
      ${mirrors.map(({ effect }) => effect.number)}::text[], ${mirrors.map(({ effect }) => effect.theirs)}::text[])
      as mirror (id, number, theirs) using (id)
    order by id
    on conflict (tenant_id, mode, id) do nothing
    returning id`.execute(trx);
  const fresh = new Set(written.rows.map(({ id }) => id));
  const news = own.filter(({ invoice }) => fresh.has(invoice.id));
  await sql`/* commit_mirror_lines */
    with ${writtenSpans(news.flatMap(spansOf))} ${writtenLines(news.map(({ invoice }) => invoice))}`.execute(trx);
  return mirrors.filter(({ effect }) => fresh.has(effect.invoice.id));
}

type Link = { subscription: Subscription; effect: EffectOf<'link_subscription'> };

export async function linkSubscriptions(trx: Trx, links: readonly Link[]): Promise<void> {
  for (const { subscription, effect } of links) {
    await sql`/* commit_link */
      insert into processor_subscriptions (tenant_id, mode, processor, processor_subscription_id, subscription_id, linked_at)
      values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${subscription.processor}, ${effect.theirs},
        ${subscription.id}, ${iso(effect.at)})
      on conflict (tenant_id, mode, processor, processor_subscription_id) do nothing`.execute(trx);
  }
}
