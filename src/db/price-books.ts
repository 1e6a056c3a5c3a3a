import { createHash } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { canonical } from '../domain/canonical.ts';
import type { PriceBookId } from '../domain/ids.ts';
import type { PriceBook } from '../domain/price-book.ts';
import { audit } from './audit.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { PriceBooksTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type PriceBookRow = Selectable<PriceBooksTable>;

/** The one that holds at that time: the latest to take effect, and of those that take effect together the newest. */
export const priceBookAt = async (trx: Trx, at: Date): Promise<PriceBookRow | null> =>
  (await trx
    .selectFrom('price_books')
    .selectAll()
    .where('state', '=', 'published')
    .where('effective_at', '<=', at)
    .orderBy('effective_at', 'desc')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()) ?? null;

export const readPriceBook = async (trx: Trx, id: PriceBookId): Promise<PriceBookRow | null> =>
  (await trx.selectFrom('price_books').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

/** In any version that was published: whoever subscribes has one of these. */
export async function plansEverSold(trx: Trx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct plan ->> 'id' as id from price_books, jsonb_array_elements(document -> 'plans') as plan
    where state = 'published' order by id`.execute(trx);
  return rows.map(({ id }) => id);
}

export async function listPriceBooks(trx: Trx, page: Page): Promise<Slice<PriceBookRow>> {
  let query = trx.selectFrom('price_books').selectAll();
  if (page.after) query = query.where('version', '<', Number(page.after));
  return sliceOf(query.orderBy('version', 'desc'), page, ({ version }) => String(version));
}

/** Of what it says, whatever the order of its fields: the same catalog has the same hash, here and in a file. */
export const contentHashOf = (document: PriceBook): string =>
  createHash('sha256').update(canonical(document)).digest('hex');

export const isIntact = ({ document, content_hash: hash }: Pick<PriceBookRow, 'document' | 'content_hash'>): boolean =>
  contentHashOf(document) === hash;

/** Versions count on without a gap; two drafts at once wait for each other. */
export async function createPriceBook(
  trx: Trx,
  scope: Scope,
  { id, document, at, by }: { id: PriceBookId; document: PriceBook; at: Date; by: string },
): Promise<PriceBookRow> {
  await trx.selectFrom('price_books').select('id').orderBy('version', 'desc').limit(1).forUpdate().execute();
  const { last } = await trx
    .selectFrom('price_books')
    .select(({ fn }) => fn.max('version').as('last'))
    .executeTakeFirstOrThrow();
  const row = await trx
    .insertInto('price_books')
    .values({
      ...{ tenant_id: scope.tenant, mode: scope.mode, id, version: (last ?? 0) + 1, state: 'draft' },
      ...{ ...contentOf(document), created_at: at },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await noted(trx, scope, row, { at, by, action: 'price_book_drafted', hashBefore: null });
  return row;
}

/** Null where there is no such draft. */
export async function editPriceBook(
  trx: Trx,
  scope: Scope,
  { id, document, at, by }: { id: PriceBookId; document: PriceBook; at: Date; by: string },
): Promise<PriceBookRow | null> {
  const before = await lockedDraft(trx, id);
  if (!before) return null;
  const row = await trx
    .updateTable('price_books')
    .set(contentOf(document))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await noted(trx, scope, row, { at, by, action: 'price_book_edited', hashBefore: before.content_hash });
  return row;
}

const contentOf = (document: PriceBook) => ({
  document: JSON.stringify(document),
  content_hash: contentHashOf(document),
});

/** Null where it was published before: what was sold on stays as it is. */
export async function publishPriceBook(
  trx: Trx,
  scope: Scope,
  { id, effectiveAt, at, by }: { id: PriceBookId; effectiveAt: Date; at: Date; by: string },
): Promise<PriceBookRow | null> {
  const before = await lockedDraft(trx, id);
  if (!before) return null;
  const row = await trx
    .updateTable('price_books')
    .set({ state: 'published', effective_at: effectiveAt, published_at: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await noted(trx, scope, row, { at, by, action: 'price_book_published', hashBefore: before.content_hash });
  return row;
}

const lockedDraft = async (trx: Trx, id: PriceBookId): Promise<PriceBookRow | null> =>
  (await trx
    .selectFrom('price_books')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'draft')
    .forUpdate()
    .executeTakeFirst()) ?? null;

const noted = (
  trx: Trx,
  scope: Scope,
  row: PriceBookRow,
  { at, by, action, hashBefore }: { at: Date; by: string; action: string; hashBefore: string | null },
): Promise<void> =>
  audit(trx, scope, {
    ...{ at, by, action, subject: row.id, version: row.version },
    from: hashBefore === null ? null : 'draft',
    to: row.state,
    why: { hashBefore, hashAfter: row.content_hash, effectiveAt: row.effective_at?.toISOString() ?? null },
  });
