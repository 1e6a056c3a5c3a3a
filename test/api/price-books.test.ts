/** A price book is worked on as a draft and sold on once it is published; what could not be sold on is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { createPriceBook } from '../../src/db/price-books.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { demoPriceBook } from '../../src/demo/price-book.ts';
import { type Api, rowCounts, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
});
afterAll(() => api?.stop());

const BOOKS = '/api/admin/price-books';
const plan = { id: 'a', product: 'a', name: 'A', interval: { unit: 'month', count: 1 }, trialDays: 0 };
const flat = { currency: 'usd', model: 'flat', unitAmount: '100' };
const book = (over: object) => ({ plans: [{ ...plan, prices: [flat], ...over }] });
const tiers = (...all: object[]) =>
  book({ prices: [{ currency: 'usd', charges: [{ id: 'x', name: 'X', model: 'graduated', tiers: all }] }] });
const charge = (over: object) =>
  book({ prices: [{ currency: 'usd', charges: [{ id: 'x', name: 'X', model: 'flat', unitAmount: '1', ...over }] }] });
const at = 'plans.0.prices.0';

const refused: [string, unknown, string, (string | RegExp)[]][] = [
  [
    'a gap in its tiers',
    tiers({ upTo: 100 }, { from: 150, upTo: null }),
    `${at}.charges.0.tiers.1.from`,
    ['150', '100'],
  ],
  [
    'tiers that overlap',
    tiers({ upTo: 100 }, { upTo: 80 }, { upTo: null }),
    `${at}.charges.0.tiers.1.upTo`,
    ['80', '100'],
  ],
  ['an end of its last tier', tiers({ upTo: 100 }), `${at}.charges.0.tiers.0.upTo`, ['100', 'null']],
  ['a negative price', book({ prices: [{ ...flat, unitAmount: '-5' }] }), `${at}.unitAmount`, ['-5', '0']],
  ['an unknown currency', book({ prices: [{ ...flat, currency: 'xyz' }] }), `${at}.currency`, ['xyz', 'ISO 4217']],
  ['a malformed decimal', book({ prices: [{ ...flat, unitAmount: '1,99' }] }), `${at}.unitAmount`, ['1,99', '"1999"']],
  ['a minimum above its maximum', charge({ minimum: 9, maximum: 8 }), `${at}.charges.0.minimum`, ['9', '8']],
  ['no interval', book({ interval: { unit: 'month', count: 0 } }), 'plans.0.interval.count', ['0', '1']],
  ['a plan id twice', { plans: [...book({}).plans, ...book({}).plans] }, 'plans.1.id', ['a', 'plans.0.id']],
];

describe('a price book with', () => {
  test.each(refused)('%s is refused, and nothing is kept', async (_what, document, path, values) => {
    const { body: draft } = await api.owner('POST', BOOKS, book({}));
    const before = await rowCounts(db);
    for (const [method, to] of [
      ['POST', BOOKS],
      ['PATCH', `${BOOKS}/${draft.id}`],
    ] as const) {
      const { status, headers, body } = await api.owner(method, to, document);
      expect({ status, code: body.code }).toEqual({ status: 422, code: 'price_book_invalid' });
      expect(headers.get('content-type')).toContain('application/problem+json');
      const told = body.errors.find((error: { path: string }) => error.path === path);
      for (const value of values) expect(told?.message).toMatch(value);
    }
    expect(await rowCounts(db)).toMatchObject({ price_books: before.price_books });
    expect((await api.owner('GET', `${BOOKS}/${draft.id}`)).body.document).toEqual(book({}));
  });

  test.each([
    ['a price as a number', book({ prices: [{ ...flat, unitAmount: 19.99 }] }), `${at}.unitAmount`],
    ['an unknown model', charge({ model: 'guess' }), `${at}.charges.0.model`],
    ['a field of another model', charge({ packageSize: 5 }), `${at}.charges.0.packageSize`],
    ['half a tier', tiers({ upTo: 1.5 }, { upTo: null }), `${at}.charges.0.tiers.0.upTo`],
  ])('%s is not of the form', async (_what, document, path) => {
    const { status, body } = await api.owner('POST', BOOKS, document);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test('every kind of price comes back as it was sent', async () => {
    const { status, body } = await api.owner('POST', BOOKS, demoPriceBook);
    expect(status).toBe(201);
    expect((await api.owner('GET', `${BOOKS}/${body.id}`)).body.document).toEqual(demoPriceBook);
  });
});

test('a draft is edited, and a published version is not', async () => {
  const { body: draft } = await api.owner('POST', BOOKS, book({}));
  const edited = await api.owner('PATCH', `${BOOKS}/${draft.id}`, book({ name: 'B' }));
  expect(edited).toMatchObject({ status: 200, body: { id: draft.id, state: 'draft', document: book({ name: 'B' }) } });
  expect((await api.owner('POST', `${BOOKS}/${draft.id}/publish`, {})).status).toBe(200);
  for (const [method, path, body] of [
    ['PATCH', `${BOOKS}/${draft.id}`, book({ name: 'C' })],
    ['POST', `${BOOKS}/${draft.id}/publish`, {}],
  ] as const) {
    expect(await api.owner(method, path, body)).toMatchObject({
      status: 409,
      body: { code: 'price_book_published', errors: [{ path: 'state', message: 'is published, and has to be draft' }] },
    });
  }
  expect((await api.owner('GET', `${BOOKS}/${draft.id}`)).body.document).toEqual(book({ name: 'B' }));
  expect(await api.owner('PATCH', `${BOOKS}/pb_none`, book({}))).toMatchObject({ status: 404 });
});

test('a draft from before a rule is refused where it is published, and stays a draft', async () => {
  const document = { plans: [{ ...demoPriceBook.plans[0]!, trialDays: -1 }] };
  const scope = { tenant: api.tenant, mode: 'test' } as const;
  await inTenant(db, scope, (trx) =>
    createPriceBook(trx, scope, { id: 'pb_old', document, at: new Date(), by: 'test' }),
  );
  const answer = await api.owner('POST', `${BOOKS}/pb_old/publish`, {});
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'plans.0.trialDays' }] } });
  expect((await api.owner('GET', `${BOOKS}/pb_old`)).body.state).toBe('draft');
});

const basic = (unitAmount: string) => book({ prices: [{ ...flat, unitAmount }] });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('which version is in effect', () => {
  const published = async (document: object, effectiveAt?: string) => {
    const { body: draft } = await api.owner('POST', BOOKS, document);
    const { status, body } = await api.owner(
      'POST',
      `${BOOKS}/${draft.id}/publish`,
      effectiveAt ? { effectiveAt } : {},
    );
    expect(status).toBe(200);
    return body;
  };

  test('is the last to have taken effect, at any time and on a clock', async () => {
    const now = await published(basic('100'));
    const nextYear = inMs(365 * 86_400_000);
    const later = await published(basic('200'), nextYear);
    const at = async (query: string) => (await api.owner('GET', `${BOOKS}/in-effect${query}`)).body;
    expect((await at('')).id).toBe(now.id);
    expect((await at(`?at=${inMs(366 * 86_400_000)}`)).id).toBe(later.id);
    expect((await at(`?at=${nextYear}`)).id).toBe(later.id);
    const { body: clock } = await api.owner('POST', '/api/admin/clocks', {});
    expect((await at(`?clockId=${clock.id}`)).id).toBe(now.id);
    await db
      .updateTable('clocks')
      .set({ now: inMs(400 * 86_400_000) })
      .where('id', '=', clock.id)
      .execute();
    expect((await at(`?clockId=${clock.id}`)).id).toBe(later.id);
    expect(await at('?at=2001-01-01T00:00:00Z')).toMatchObject({ status: 404, code: 'no_price_book' });
    expect(await at(`?at=${nextYear}&clockId=${clock.id}`)).toMatchObject({ code: 'invalid_request' });
  });

  test('is never one that takes effect before it is there', async () => {
    const { body: draft } = await api.owner('POST', BOOKS, basic('300'));
    const { status, body } = await api.owner('POST', `${BOOKS}/${draft.id}/publish`, {
      effectiveAt: '2020-01-01T00:00:00Z',
    });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'effective_date_past' });
    expect(body.errors).toEqual([
      {
        path: 'effectiveAt',
        message: expect.stringMatching(/is 2020-01-01T00:00:00.000Z, and the earliest is now, 20/),
      },
    ]);
    expect((await api.owner('GET', `${BOOKS}/${draft.id}`)).body.state).toBe('draft');
  });
});

test('what a version changes is told against another, and against the one in effect', async () => {
  const { body: first } = await api.owner('POST', BOOKS, basic('100'));
  await api.owner('POST', `${BOOKS}/${first.id}/publish`, {});
  const { body: second } = await api.owner('POST', BOOKS, basic('150'));
  const { status, body } = await api.owner('GET', `${BOOKS}/${second.id}/diff`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    with: { id: first.id, contentHash: first.contentHash },
    priceBook: { id: second.id, state: 'draft' },
    changes: [
      { kind: 'changed', planId: 'a', path: 'plans.a.prices.usd', words: 'a costs 1.50 USD instead of 1.00 USD' },
    ],
  });
  const back = await api.owner('GET', `${BOOKS}/${first.id}/diff?with=${second.id}`);
  expect(back.body.changes[0].words).toBe('a costs 1.00 USD instead of 1.50 USD');
  expect((await api.owner('GET', `${BOOKS}/${first.id}/diff?with=${first.id}`)).body.changes).toEqual([]);
  expect(await api.owner('GET', `${BOOKS}/${first.id}/diff?with=pb_none`)).toMatchObject({ status: 404 });
});

test('the hash is of the content, whatever the order of its fields, and is verified', async () => {
  const turned = { plans: [Object.fromEntries(Object.entries(basic('100').plans[0]!).reverse())] };
  const { body: one } = await api.owner('POST', BOOKS, basic('100'));
  const { body: other } = await api.owner('POST', BOOKS, turned);
  expect(one).toMatchObject({ contentHash: other.contentHash, intact: true });
  expect(one.contentHash).toMatch(/^[0-9a-f]{64}$/);
  await db
    .updateTable('price_books')
    .set({ document: JSON.stringify(basic('1')) })
    .where('id', '=', one.id)
    .execute();
  expect((await api.owner('GET', `${BOOKS}/${one.id}`)).body).toMatchObject({ intact: false });
});

test('who drafted, edited and published it is in the audit log, with what it was before', async () => {
  const { body: draft } = await api.owner('POST', BOOKS, basic('100'));
  const { body: edited } = await api.owner('PATCH', `${BOOKS}/${draft.id}`, basic('200'));
  const { body: done } = await api.owner('POST', `${BOOKS}/${draft.id}/publish`, {});
  await api.owner('PATCH', `${BOOKS}/${draft.id}`, basic('300'));
  const rows = await db.selectFrom('audit_log').selectAll().where('subject', '=', draft.id).orderBy('id').execute();
  const none = { effectiveAt: null };
  expect(rows.map(({ action, version, why, actor_by: by }) => ({ action, version, why, by }))).toEqual([
    {
      ...{ action: 'price_book_drafted', version: draft.version, by: 'principal' },
      why: { hashBefore: null, hashAfter: draft.contentHash, ...none },
    },
    {
      ...{ action: 'price_book_edited', version: draft.version, by: 'principal' },
      why: { hashBefore: draft.contentHash, hashAfter: edited.contentHash, ...none },
    },
    {
      ...{ action: 'price_book_published', version: draft.version, by: 'principal' },
      why: { hashBefore: edited.contentHash, hashAfter: edited.contentHash, effectiveAt: done.effectiveAt },
    },
  ]);
  expect(rows.every(({ actor_ref: who }) => /^user\/[0-9a-f]{24}$/.test(who))).toBe(true);
});
