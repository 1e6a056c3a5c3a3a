/** Migrations as they go over the wire. */
import type { ItemCounts, MigrationItemRow, MigrationRow, Movable } from '../db/price-book-migrations.ts';
import type { Invoice } from '../domain/invoice.ts';
import type { Held, Unmovable } from '../domain/migrate.ts';
import type { MigrationPreview } from '../domain/migration-preview.ts';
import { periodPrice } from '../domain/price-book.ts';
import type { Accepted } from '../domain/subscription.ts';
import { showLine } from './show.ts';

export const showMigration = (row: MigrationRow, counts: ItemCounts) => ({
  id: row.id,
  priceBookId: row.price_book_id,
  state: row.state,
  reason: row.reason,
  plans: row.plans,
  ...row.settings,
  wave: row.wave,
  counts,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

export const showMigrationItem = (row: MigrationItemRow) => ({
  subscriptionId: row.subscription_id,
  wave: row.wave,
  state: row.state,
  reason: row.reason,
  before: showHeld(row.before, row.before),
  after: showHeld(row.after, row.before),
  movedAt: row.moved_at?.toISOString() ?? null,
  undoneAt: row.undone_at?.toISOString() ?? null,
});

/** What it pays once the migration holds, and what it would have paid then. */
function showHeld(held: Held | null, before: Held | null) {
  if (!held || !before) return null;
  const { terms, quantity } = held.pending ?? held;
  const { priceBookId, planId, currency } = terms;
  return { priceBookId, planId, price: { amount: periodPrice(terms, quantity), currency } };
}

export function showMigrationPreview(
  { id, customer_id, currency }: Movable,
  { terms, quantity }: Accepted,
  found: MigrationPreview | Unmovable,
) {
  const { priceBookId, planId } = terms;
  const base = { subscriptionId: id, customerId: customer_id, from: { priceBookId, planId }, quantity };
  if ('code' in found) {
    const { code, detail } = found;
    return { ...base, to: null, problem: { code, detail }, price: null, now: null, nextInvoice: null };
  }
  const money = (amount: number) => ({ amount, currency });
  const priced = (invoice: Invoice | null) =>
    invoice && { total: money(invoice.total), lines: invoice.lines.map((line) => showLine(line, currency)) };
  const { price, now, nextInvoice, becomes } = found;
  const { before, after } = nextInvoice;
  const at = (after ?? before)?.issuedAt;
  return {
    ...base,
    to: { priceBookId: becomes.terms.priceBookId, planId: becomes.terms.planId },
    problem: null,
    price: { before: money(price.before), after: money(price.after), difference: money(price.after - price.before) },
    now: priced(now),
    nextInvoice: {
      at: at === undefined ? null : new Date(at).toISOString(),
      before: priced(before),
      after: priced(after),
      difference: money((after?.total ?? 0) - (before?.total ?? 0)),
    },
  };
}
