import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { PriceBookId } from '../domain/ids.ts';
import type { PriceBook } from '../domain/price-book.ts';
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

export async function listPriceBooks(trx: Trx, page: Page): Promise<Slice<PriceBookRow>> {
  let query = trx.selectFrom('price_books').selectAll();
  if (page.after) query = query.where('version', '<', Number(page.after));
  return sliceOf(query.orderBy('version', 'desc'), page, ({ version }) => String(version));
}

/** Versions count on without a gap; two drafts at once wait for each other. */
export async function createPriceBook(
  trx: Trx,
  { tenant, mode }: Scope,
  { id, document, at }: { id: PriceBookId; document: PriceBook; at: Date },
): Promise<PriceBookRow> {
  await trx.selectFrom('price_books').select('id').orderBy('version', 'desc').limit(1).forUpdate().execute();
  const { last } = await trx
    .selectFrom('price_books')
    .select(({ fn }) => fn.max('version').as('last'))
    .executeTakeFirstOrThrow();
  return trx
    .insertInto('price_books')
    .values({
      tenant_id: tenant,
      mode,
      id,
      version: (last ?? 0) + 1,
      state: 'draft',
      ...contentOf(document),
      created_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Null where there is no such draft. */
export const editPriceBook = async (trx: Trx, id: PriceBookId, document: PriceBook): Promise<PriceBookRow | null> =>
  (await trx
    .updateTable('price_books')
    .set(contentOf(document))
    .where('id', '=', id)
    .where('state', '=', 'draft')
    .returningAll()
    .executeTakeFirst()) ?? null;

function contentOf(document: PriceBook) {
  const text = JSON.stringify(document);
  return { document: text, content_hash: createHash('sha256').update(text).digest('hex') };
}

/** Null where it was published before: what was sold on stays as it is. */
export const publishPriceBook = async (
  trx: Trx,
  id: PriceBookId,
  { effectiveAt, at }: { effectiveAt: Date; at: Date },
): Promise<PriceBookRow | null> =>
  (await trx
    .updateTable('price_books')
    .set({ state: 'published', effective_at: effectiveAt, published_at: at })
    .where('id', '=', id)
    .where('state', '=', 'draft')
    .returningAll()
    .executeTakeFirst()) ?? null;
