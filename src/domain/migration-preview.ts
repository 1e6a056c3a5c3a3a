/**
 * What a migration would do to one subscription: by the same `decide` that then does it, and by the passing of time up to
 * the next invoice, with it and without it.
 */
import { decide } from './decide.ts';
import type { Input, InputOf } from './input.ts';
import type { Invoice } from './invoice.ts';
import type { Unmovable } from './migrate.ts';
import { nextDue } from './next-due.ts';
import { periodPrice } from './price-book.ts';
import { type Accepted, isAccepted, type PendingChange, type Subscription } from './subscription.ts';

export type MigrationPreview = {
  /** What it has once the migration holds. */
  becomes: PendingChange;
  /** Of a whole period, once the migration holds. */
  price: { before: number; after: number };
  /** What is billed for it at once. */
  now: Invoice | null;
  /** The first invoice that time brings; null where none comes. */
  nextInvoice: { before: Invoice | null; after: Invoice | null };
};

export function previewMigration(
  subscription: Extract<Subscription, Accepted>,
  input: InputOf<'migrate'>,
): MigrationPreview | Unmovable {
  const decision = decide(subscription, input);
  if (decision.outcome === 'refused') return { code: decision.code, detail: decision.detail };
  if (decision.outcome === 'unchanged') return { code: 'unchanged', detail: decision.rule };
  const { state, effects } = decision;
  const record = effects.find((effect) => effect.type === 'record_migration')!;
  const { before, after } = record;
  const was = input.when === 'now' ? before : (before.pending ?? before);
  const becomes = input.when === 'now' ? after : (after.pending ?? after);
  return {
    becomes,
    price: { before: periodPrice(was.terms, was.quantity), after: periodPrice(becomes.terms, becomes.quantity) },
    now: effects.find((effect) => effect.type === 'issue_invoice' || effect.type === 'draft_invoice')?.invoice ?? null,
    nextInvoice: { before: invoiceAhead(subscription, input), after: invoiceAhead(state, input) },
  };
}

/** More than that never lies between two invoices: retries, steps of access, a pause’s end. */
const MOST_STEPS = 100;

/** If nothing happens but time, and everything that is open is paid. */
function invoiceAhead(subscription: Subscription, { shared }: InputOf<'migrate'>): Invoice | null {
  let state: Subscription = settled(subscription);
  for (let step = 0; step < MOST_STEPS; step++) {
    const due = nextDue(state);
    if (!due || due.type === 'listening_ended') return null;
    const input: Input = { ...due, origin: { by: 'engine', ref: 'preview' }, ...(shared && { shared }) };
    const decision = decide(state, input);
    if (decision.outcome !== 'applied') return null;
    const issued = decision.effects.find((effect) => effect.type === 'issue_invoice');
    if (issued) return issued.invoice;
    state = decision.state;
  }
  return null;
}

/** What is owed is another matter. */
const settled = (state: Subscription): Subscription =>
  isAccepted(state) ? { ...state, invoices: [], drafts: [] } : state;
