/** Moving those who have subscribed to another version of the price book: told before, in waves, and back. */
import { z } from 'zod';
import {
  GO_ON_SIGNAL,
  MIGRATE_PRICE_BOOK_WORKFLOW,
  type MigrationRef,
  migrationWorkflowIdOf,
} from '../../../workflows/messages.ts';
import { sharedFacts } from '../../customers/shared-facts.ts';
import { audit } from '../../db/audit.ts';
import {
  countByPlan,
  countItems,
  createMigration,
  forgetMigration,
  listItems,
  listMigrations,
  listMovable,
  type MigrationRow,
  type Movable,
  openMigration,
  readMigration,
  retryFailed,
  turnMigration,
} from '../../db/price-book-migrations.ts';
import { type PriceBookRow, plansEverSold, readPriceBook } from '../../db/price-books.ts';
import type { MigrationState } from '../../db/schema.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import type { MigrationId, PriceBookId } from '../../domain/ids.ts';
import { heldBy, migrationOf, movesWhen, type PlanMapping } from '../../domain/migrate.ts';
import { previewMigration } from '../../domain/migration-preview.ts';
import { isAccepted } from '../../domain/subscription.ts';
import { newId } from '../../ids.ts';
import { trying } from '../../temporal/ask-subscription.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, type Call, created, ok, READERS, type Route, route } from '../route.ts';
import {
  migration,
  migrationBody,
  migrationId,
  migrationItem,
  migrationPreviewBody,
  migrationPreviewList,
} from '../schemas/price-book-migrations.ts';
import { listOf, page, priceBookId } from '../schemas.ts';
import { showMigration, showMigrationItem, showMigrationPreview } from '../show-migration.ts';

const BASE = '/api/admin/price-books/:id/migrations';
const reading = { tag: 'Price books', who: READERS, grant: 'price_books:read' } as const;
const writing = { tag: 'Price books', who: ADMINS, grant: 'price_books:write' } as const;
const ofBook = z.strictObject({ id: priceBookId });
const ofMigration = z.strictObject({ id: priceBookId, mid: migrationId });

/** Nobody is moved to what may still be edited, nor to a plan that is not there. */
async function targetOf(trx: Trx, id: PriceBookId, plans: PlanMapping): Promise<PriceBookRow> {
  const row = await readPriceBook(trx, id);
  if (!row) throw notFound('price book');
  if (row.state !== 'published') {
    throw new Problem(409, 'price_book_not_published', `version ${row.version} is a draft, and may still be edited`, {
      errors: [{ path: 'state', message: 'is draft, and has to be published' }],
    });
  }
  const sold = row.document.plans.map(({ id }) => id);
  const ever = await plansEverSold(trx);
  const errors = Object.entries(plans).flatMap(([from, to]) => {
    const path = `plans.${from}`;
    if (!ever.includes(from))
      return [{ path, message: `is for ${from}, and the plans ever sold are ${ever.join(', ')}` }];
    const isSold = to === null || sold.includes(to);
    return isSold ? [] : [{ path, message: `is ${to}, and version ${row.version} sells ${sold.join(', ')}` }];
  });
  if (errors.length === 0) return row;
  throw new Problem(422, 'unknown_plan', `${errors[0]!.path} ${errors[0]!.message}`, { errors });
}

/** Those whose plan is sold on in the version, or is followed by another. */
const plansOf = ({ document }: PriceBookRow, mapping: PlanMapping): string[] => [
  ...new Set([
    ...document.plans.map(({ id }) => id).filter((id) => !(id in mapping)),
    ...Object.entries(mapping).flatMap(([from, to]) => (to === null ? [] : [from])),
  ]),
];

const preview = route({
  ...writing,
  method: 'post',
  path: `${BASE}/preview`,
  summary: 'What a migration would change',
  about:
    'For each subscription: its price before and after, what is billed at once, and the next invoice with it and without ' +
    'it. From the same function that moves it. Nothing is written.',
  pure: true,
  params: ofBook,
  query: page,
  body: migrationPreviewBody,
  answers: { 200: { about: 'The newest subscription first.', schema: migrationPreviewList } },
  async handle(call) {
    const { params, query, body, parts, scope } = call;
    const { plans: mapping = {}, when, proration } = body;
    const { book, slice, counts } = await inTenant(parts.db, scope, async (trx) => {
      const book = await targetOf(trx, params.id, mapping);
      const plans = plansOf(book, mapping);
      const slice = await listMovable(trx, { priceBook: book.id, plans }, pageOf(query, 'id'));
      return { book, slice, counts: await countByPlan(trx, book.id) };
    });
    const how = { migration: 'mig_preview', plans: mapping, when, proration } as const;
    const shown = await Promise.all(slice.rows.map((row) => previewOf(call, row, book, how)));
    const moving = plansOf(book, mapping);
    const plans = counts.map(({ planId, count }) => ({
      planId,
      subscriptions: Number(count),
      to: planId !== null && moving.includes(planId) ? (mapping[planId] ?? planId) : null,
    }));
    return ok({ ...listBody({ rows: shown, next: slice.next }, (each) => each), plans });
  },
});

async function previewOf(
  { parts, principal }: Call,
  row: Movable,
  book: PriceBookRow,
  how: Parameters<typeof migrationOf>[2],
): Promise<object> {
  const { document } = row;
  if (!isAccepted(document)) throw new Error(`${row.id} is ${row.state}, and has no terms`);
  const at = row.now ?? Date.now();
  const when = movesWhen(document, how.when);
  const made = migrationOf(heldBy(document), { id: book.id, document: book.document }, { ...how, when });
  if (!made) throw new Error(`${row.id} is on ${document.terms.priceBookId}, and was taken for movable`);
  if ('code' in made) return showMigrationPreview(row, document, made);
  const shared = await sharedFacts(parts, document, {}, at);
  const input = { ...made, at, shared, origin: { by: 'principal', ref: principal.ref } } as const;
  return showMigrationPreview(row, document, previewMigration(document, input));
}

const create = route({
  ...writing,
  method: 'post',
  path: BASE,
  summary: 'Migrate subscriptions to this version',
  about:
    'A canary share first, then the rest in waves. It stops by itself after so many failures, and can be resumed, ' +
    'canceled and undone. Quantities, add-ons and discounts are kept. There is one migration at a time.',
  params: ofBook,
  body: migrationBody,
  answers: { 201: { about: 'On its way.', schema: migration } },
  async handle(call) {
    const { plans: mapping = {}, ...settings } = call.body;
    const { principal, scope, parts } = call;
    const at = new Date();
    const row = await inTenant(parts.db, scope, async (trx) => {
      const book = await targetOf(trx, call.params.id, mapping);
      const open = await openMigration(trx);
      if (open) throw new Problem(409, 'migration_open', `${open.id} is ${open.state}: one is made at a time`);
      const given = { id: newId('mig'), priceBook: book.id, mapping, plans: plansOf(book, mapping), settings };
      return createMigration(trx, scope, { ...given, by: principal.ref, at });
    });
    try {
      await goOn(call, row.id);
    } catch (error) {
      await inTenant(parts.db, scope, (trx) => forgetMigration(trx, row.id));
      throw error;
    }
    const body = await inTenant(parts.db, scope, async (trx) => {
      await noted(trx, call, row, null, 'price_book_migration_begun');
      return shown(trx, row);
    });
    return created(body);
  },
});

const list = route({
  ...reading,
  method: 'get',
  path: BASE,
  summary: 'List the migrations to a version',
  params: ofBook,
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(migration, 'PriceBookMigration') } },
  handle: ({ parts, scope, params: { id }, query }) =>
    inTenant(parts.db, scope, async (trx) => {
      const slice = await listMigrations(trx, id, pageOf(query, 'id'));
      const ids = slice.rows.map((row) => row.id);
      const counts = await countItems(trx, ids);
      return ok(listBody(slice, (row) => showMigration(row, counts.get(row.id)!)));
    }),
});

const get = route({
  ...reading,
  method: 'get',
  path: `${BASE}/:mid`,
  summary: 'Read a migration',
  params: ofMigration,
  answers: { 200: { about: 'How far it has come.', schema: migration } },
  handle: ({ parts, scope, params }) =>
    inTenant(parts.db, scope, async (trx) => ok(await shown(trx, await migrationOfBook(trx, params)))),
});

const items = route({
  ...reading,
  method: 'get',
  path: `${BASE}/:mid/items`,
  summary: 'List the subscriptions of a migration',
  params: ofMigration,
  query: page.extend({
    state: z.enum(['pending', 'moved', 'failed', 'skipped', 'undone', 'left']).optional(),
  }),
  answers: {
    200: {
      about: 'Each with what it had and has, or with what went wrong.',
      schema: listOf(migrationItem, 'PriceBookMigrationItem'),
    },
  },
  handle: ({ parts, scope, params, query: { state, ...paging } }) =>
    inTenant(parts.db, scope, async (trx) => {
      const row = await migrationOfBook(trx, params);
      return ok(listBody(await listItems(trx, row.id, state, pageOf(paging, 'id')), showMigrationItem));
    }),
});

async function migrationOfBook(trx: Trx, { id, mid }: { id: PriceBookId; mid: MigrationId }): Promise<MigrationRow> {
  const row = await readMigration(trx, mid);
  if (row?.price_book_id !== id) throw notFound('migration');
  return row;
}

type Turn = { name: string; from: readonly MigrationState[]; to: MigrationState; summary: string; about?: string };

/** A turn that the operator gives it. What is to go on is told to its workflow, which looks for itself. */
const turning = ({ name, from, to, summary, about }: Turn): Route =>
  route({
    ...writing,
    method: 'post',
    path: `${BASE}/:mid/${name}`,
    summary,
    ...(about && { about }),
    params: ofMigration,
    answers: { 200: { about: 'As it is now.', schema: migration } },
    async handle(call) {
      const { parts, scope, params } = call;
      const row = await inTenant(parts.db, scope, async (trx) => {
        const before = await migrationOfBook(trx, params);
        const after = await turnMigration(trx, before.id, { from, to, at: new Date() });
        if (!after) {
          throw new Problem(409, `migration_${before.state}`, `cannot ${name}: the migration is ${before.state}`, {
            errors: [{ path: 'state', message: `is ${before.state}, and has to be ${from.join(' or ')}` }],
          });
        }
        if (name === 'resume') await retryFailed(trx, after.id);
        await noted(trx, call, after, before.state, `price_book_migration_${name}`);
        return after;
      });
      if (to === 'running' || to === 'undoing') await goOn(call, row.id);
      return ok(await inTenant(parts.db, scope, (trx) => shown(trx, row)));
    },
  });

const pause = turning({
  ...{ name: 'pause', from: ['running'], to: 'paused', summary: 'Pause a migration' },
  about: 'What has been asked just now is still done.',
});
const resume = turning({
  ...{ name: 'resume', from: ['running', 'paused', 'stopped'], to: 'running', summary: 'Resume a migration' },
  about: 'What has failed is tried again.',
});
const cancel = turning({
  ...{ name: 'cancel', from: ['running', 'paused', 'stopped'], to: 'canceled', summary: 'Cancel a migration' },
  about: 'What was moved stays moved, until it is undone.',
});
const undo = turning({
  ...{ name: 'undo', from: ['paused', 'stopped', 'done', 'canceled', 'undoing'], to: 'undoing' },
  summary: 'Undo a migration',
  about: 'Each subscription goes back to what it had. One that has changed since is left as it is, and is named.',
});

async function shown(trx: Trx, row: MigrationRow): Promise<object> {
  return showMigration(row, (await countItems(trx, [row.id])).get(row.id)!);
}

function noted(trx: Trx, { scope, principal }: Call, row: MigrationRow, from: MigrationState | null, action: string) {
  const { when, proration, canaryPercent, waveSize } = row.settings;
  return audit(trx, scope, {
    ...{ at: row.updated_at, by: principal.ref, action, subject: row.id, from, to: row.state },
    why: { priceBook: row.price_book_id, when, proration, canaryPercent, waveSize },
  });
}

/** Begun, or told that there is more to do: the same call, however often. */
async function goOn({ parts, scope }: Call, id: MigrationId): Promise<void> {
  const ref: MigrationRef = { ...scope, migration: id };
  const answer = await trying(parts.temporal, scope.mode, parts.patienceMs.command, async (client) => {
    await client.workflow.signalWithStart<(ref: MigrationRef) => Promise<void>>(MIGRATE_PRICE_BOOK_WORKFLOW, {
      workflowId: migrationWorkflowIdOf(scope.tenant, id),
      taskQueue: parts.temporal.taskQueue,
      args: [ref],
      signal: GO_ON_SIGNAL,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `migration ${id}`,
    });
    return { outcome: 'applied', version: 0 };
  });
  if (answer.outcome === 'no_namespace') {
    throw new Problem(409, 'mode_not_configured', `this deployment has no ${scope.mode} mode`);
  }
  if (answer.outcome !== 'applied') {
    throw new Problem(503, 'temporal_unavailable', 'migrations can’t be moved on just now', { retryAfterSeconds: 5 });
  }
}

export const priceBookMigrationRoutes = [preview, create, list, get, items, pause, resume, cancel, undo];
