import { z } from 'zod';
import { readClock } from '../../db/clocks.ts';
import { meterKeys } from '../../db/meters.ts';
import {
  createPriceBook,
  editPriceBook,
  listPriceBooks,
  type PriceBookRow,
  priceBookAt,
  publishPriceBook,
  readPriceBook,
} from '../../db/price-books.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import type { ClockId, PriceBookId } from '../../domain/ids.ts';
import type { PriceBook } from '../../domain/price-book.ts';
import { checkPriceBook, meteredIn } from '../../domain/price-book-check.ts';
import { diffPriceBooks } from '../../domain/price-book-diff.ts';
import { newId } from '../../ids.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { ADMINS, created, ok, READERS, route } from '../route.ts';
import { priceBookDiff } from '../schemas/price-book-diff.ts';
import { clockId, instant, listOf, page, priceBook, priceBookDocument, priceBookId, publishBody } from '../schemas.ts';
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

async function bookOf(trx: Trx, id: PriceBookId): Promise<PriceBookRow> {
  const row = await readPriceBook(trx, id);
  if (!row) throw notFound('price book');
  return row;
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
    return ok(showPriceBook(await inTenant(parts.db, scope, (trx) => bookOf(trx, id))));
  },
});

const inEffect = route({
  method: 'get',
  path: '/api/admin/price-books/in-effect',
  tag,
  summary: 'The price book in effect',
  about:
    'What is sold at that time: the published version that was the last to take effect. A plan that it does not have is ' +
    'sold no longer. Without a time: now, which is the clock’s where one is named.',
  who: READERS,
  grant: 'price_books:read',
  query: z.strictObject({ at: instant.optional(), clockId: clockId.optional() }),
  answers: { 200: { about: 'That version.', schema: priceBook } },
  async handle({ parts, scope, query: { at, clockId: clock } }) {
    if (at !== undefined && clock !== undefined) throw badField('clockId', 'either a clock or a time');
    const row = await inTenant(parts.db, scope, async (trx) => {
      const time = at === undefined ? await nowOn(trx, clock) : new Date(at);
      return priceBookAt(trx, time);
    });
    if (!row) throw new Problem(404, 'no_price_book', 'no price book is in effect at that time');
    return ok(showPriceBook(row));
  },
});

async function nowOn(trx: Trx, clock: ClockId | undefined): Promise<Date> {
  if (clock === undefined) return new Date();
  const row = await readClock(trx, clock);
  if (!row) throw notFound('clock');
  return row.now;
}

const diff = route({
  method: 'get',
  path: '/api/admin/price-books/:id/diff',
  tag,
  summary: 'What a price book changes',
  about:
    'Price by price and in words, against another version, or against the one in effect where none is named. It tells ' +
    'what is sold anew: subscriptions stay on their version until they are migrated.',
  who: READERS,
  grant: 'price_books:read',
  params,
  query: z.strictObject({ with: priceBookId.optional() }),
  answers: { 200: { about: 'The changes, in the order of the plans.', schema: priceBookDiff } },
  handle: ({ parts, scope, params: { id }, query }) =>
    inTenant(parts.db, scope, async (trx) => {
      const after = await bookOf(trx, id);
      const before = query.with === undefined ? await priceBookAt(trx, new Date()) : await bookOf(trx, query.with);
      const changes = diffPriceBooks(before?.document ?? null, after.document);
      return ok({ with: before && brief(before), priceBook: brief(after), changes });
    }),
});

const brief = ({ id, version, state, content_hash: contentHash }: PriceBookRow) => ({
  ...{ id, version, state, contentHash },
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
  async handle({ parts, scope, principal, body }) {
    const draft = { id: newId('pb'), document: sound(body), at: new Date(), by: principal.ref };
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
  handle: ({ parts, scope, principal, params: { id }, body }) =>
    inTenant(parts.db, scope, async (trx) => {
      const edited = { id, document: sound(body), at: new Date(), by: principal.ref };
      const row = await editPriceBook(trx, scope, edited);
      if (!row) throw await notADraft(trx, id);
      return ok(showPriceBook(row));
    }),
});

const publish = route({
  method: 'post',
  path: '/api/admin/price-books/:id/publish',
  tag,
  summary: 'Publish a price book',
  about:
    'It can’t be changed any more. From its effective date on, at once where none is given, new subscriptions are sold on ' +
    'it; on a test clock that is the clock’s time.',
  who: ADMINS,
  grant: 'price_books:write',
  params,
  body: publishBody,
  answers: { 200: { about: 'Published.', schema: priceBook } },
  handle: ({ parts, scope, principal, params: { id }, body }) =>
    inTenant(parts.db, scope, async (trx) => {
      const at = new Date();
      const effectiveAt = effectiveDate(body.effectiveAt, at);
      const row = await publishPriceBook(trx, scope, { id, effectiveAt, at, by: principal.ref });
      if (!row) throw await notADraft(trx, id);
      // Of a draft from before the rules of today; what is thrown takes the publishing back.
      sound(row.document);
      await countable(trx, row.document);
      return ok(showPriceBook(row));
    }),
});

/** A price that counts nothing would never be billed. */
async function countable(trx: Trx, document: PriceBook): Promise<void> {
  const keys = await meterKeys(trx);
  const problems = meteredIn(document).flatMap(({ path, meter }) =>
    keys.has(meter) ? [] : [{ path, message: `is ${meter}, and no published meter has that key` }],
  );
  const [first] = problems;
  if (first) throw new Problem(422, 'price_book_invalid', `${first.path} ${first.message}`, { errors: problems });
}

/** Nothing is sold on a version before it is there. */
function effectiveDate(wanted: string | undefined, now: Date): Date {
  if (wanted === undefined) return now;
  const effectiveAt = new Date(wanted);
  if (effectiveAt >= now) return effectiveAt;
  const message = `is ${effectiveAt.toISOString()}, and the earliest is now, ${now.toISOString()}`;
  throw new Problem(422, 'effective_date_past', `effectiveAt ${message}`, {
    errors: [{ path: 'effectiveAt', message }],
  });
}

export const priceBookRoutes = [list, inEffect, get, diff, create, edit, publish];
