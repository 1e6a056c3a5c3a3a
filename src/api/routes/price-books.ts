import { z } from 'zod';
import { createPriceBook, listPriceBooks, publishPriceBook, readPriceBook } from '../../db/price-books.ts';
import { inTenant } from '../../db/tenant.ts';
import { newId } from '../../ids.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, created, ok, READERS, route } from '../route.ts';
import { listOf, page, priceBook, priceBookDocument, priceBookId, publishBody } from '../schemas.ts';
import { showPriceBook } from '../show.ts';

const tag = 'Price books';
const params = z.strictObject({ id: priceBookId });

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
    const draft = { id: newId('pb'), document: body, at: new Date() };
    return created(showPriceBook(await inTenant(parts.db, scope, (trx) => createPriceBook(trx, scope, draft))));
  },
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
      if (row) return ok(showPriceBook(row));
      if (!(await readPriceBook(trx, id))) throw notFound('price book');
      throw new Problem(409, 'price_book_published', 'it was published before, and stays as it is');
    }),
});

export const priceBookRoutes = [list, get, create, publish];
