import { z } from 'zod';
import {
  createPriceBook,
  editPriceBook,
  listPriceBooks,
  publishPriceBook,
  readPriceBook,
} from '../../db/price-books.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import type { PriceBookId } from '../../domain/ids.ts';
import type { PriceBook } from '../../domain/price-book.ts';
import { checkPriceBook } from '../../domain/price-book-check.ts';
import { newId } from '../../ids.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, created, ok, READERS, route } from '../route.ts';
import { listOf, page, priceBook, priceBookDocument, priceBookId, publishBody } from '../schemas.ts';
import { showPriceBook } from '../show.ts';

const tag = 'Price books';
const params = z.strictObject({ id: priceBookId });

const MAX_TOLD = 50;

/** Nothing is kept that could not be sold on. */
function sound(document: PriceBook): PriceBook {
  const problems = checkPriceBook(document).slice(0, MAX_TOLD);
  const [first] = problems;
  if (!first) return document;
  throw new Problem(422, 'price_book_invalid', `${first.path} ${first.message}`, { errors: problems });
}

/** Why nothing was found to be changed. */
async function notADraft(trx: Trx, id: PriceBookId): Promise<Problem> {
  const row = await readPriceBook(trx, id);
  if (!row) return notFound('price book');
  return new Problem(409, 'price_book_published', `version ${row.version} was published before, and stays as it is`, {
    errors: [{ path: 'state', message: `is ${row.state}, and has to be draft` }],
  });
}

const list = route({
  method: 'get',
  path: '/api/admin/price-books',
  tag,
  summary: 'List price books',
  who: READERS,
  grant: 'price_books:read',
  query: page,
  answers: { 200: { about: 'The newest version first.', schema: listOf(priceBook, 'PriceBook') } },
  async handle({ parts, scope, query }) {
    const slice = await inTenant(parts.db, scope, (trx) => listPriceBooks(trx, pageOf(query, 'number')));
    return ok(listBody(slice, showPriceBook));
  },
});

const get = route({
  method: 'get',
  path: '/api/admin/price-books/:id',
  tag,
  summary: 'Read a price book',
  who: READERS,
  grant: 'price_books:read',
  params,
  answers: { 200: { about: 'The whole of it.', schema: priceBook } },
  async handle({ parts, scope, params: { id } }) {
    const row = await inTenant(parts.db, scope, (trx) => readPriceBook(trx, id));
    if (!row) throw notFound('price book');
    return ok(showPriceBook(row));
  },
});

const create = route({
  method: 'post',
  path: '/api/admin/price-books',
  tag,
  summary: 'Draft a price book',
  who: ADMINS,
  grant: 'price_books:write',
  body: priceBookDocument,
  answers: { 201: { about: 'A draft: nothing is sold on it yet.', schema: priceBook } },
  async handle({ parts, scope, body }) {
    const draft = { id: newId('pb'), document: sound(body), at: new Date() };
    return created(showPriceBook(await inTenant(parts.db, scope, (trx) => createPriceBook(trx, scope, draft))));
  },
});

const edit = route({
  method: 'patch',
  path: '/api/admin/price-books/:id',
  tag,
  summary: 'Edit a draft of a price book',
  about: 'What is sent takes the place of all of it. A published version stays as it is.',
  who: ADMINS,
  grant: 'price_books:write',
  params,
  body: priceBookDocument,
  answers: { 200: { about: 'As it is now.', schema: priceBook } },
  handle: ({ parts, scope, params: { id }, body }) =>
    inTenant(parts.db, scope, async (trx) => {
      const row = await editPriceBook(trx, id, sound(body));
      if (!row) throw await notADraft(trx, id);
      return ok(showPriceBook(row));
    }),
});

const publish = route({
  method: 'post',
  path: '/api/admin/price-books/:id/publish',
  tag,
  summary: 'Publish a price book',
  about: 'From then on new subscriptions are sold on it, and it can’t be changed.',
  who: ADMINS,
  grant: 'price_books:write',
  params,
  body: publishBody,
  answers: { 200: { about: 'Published.', schema: priceBook } },
  handle: ({ parts, scope, params: { id }, body }) =>
    inTenant(parts.db, scope, async (trx) => {
      const at = new Date();
      const effectiveAt = body.effectiveAt === undefined ? at : new Date(body.effectiveAt);
      const row = await publishPriceBook(trx, id, { effectiveAt, at });
      if (!row) throw await notADraft(trx, id);
      // Of a draft from before the rules of today; what is thrown takes the publishing back.
      sound(row.document);
      return ok(showPriceBook(row));
    }),
});

export const priceBookRoutes = [list, get, create, edit, publish];
