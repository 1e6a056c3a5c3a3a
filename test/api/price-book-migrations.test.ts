/** What a migration refuses before anybody is moved, and that it leaves nothing behind where it could not begin. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { demoPriceBook } from '../../src/demo/price-book.ts';
import type { PriceBookId } from '../../src/domain/ids.ts';
import { type Api, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
let draft: string;
let book: PriceBookId;
const BOOKS = '/api/admin/price-books';
beforeAll(async () => {
  api = await startApiAlone({ patienceMs: { command: 300, payment: 300 } });
  db = api.db;
  draft = (await api.owner('POST', BOOKS, demoPriceBook)).body.id;
  book = (await api.owner('POST', BOOKS, demoPriceBook)).body.id;
  await api.owner('POST', `${BOOKS}/${book}/publish`, {});
});
afterAll(() => api?.stop());

const rows = () => db.selectFrom('price_book_migrations').select('id').execute();

describe.each(['', '/preview'])('migrations%s', (to) => {
  test.each<[string, () => string, object, number, string, string, RegExp]>([
    ['a draft', () => draft, {}, 409, 'price_book_not_published', 'state', /is draft, and has to be published/],
    [
      'a plan that isn’t there',
      () => book,
      { plans: { basic: 'gold' } },
      422,
      'unknown_plan',
      'plans.basic',
      /is gold, and version 2 sells basic, pro/,
    ],
    [
      'a plan that nobody can have',
      () => book,
      { plans: { bsaic: 'pro' } },
      422,
      'unknown_plan',
      'plans.bsaic',
      /is for bsaic, and the plans ever sold are basic, /,
    ],
    ['no such way', () => book, { proration: 'half' }, 400, 'invalid_request', 'proration', /.+/],
    ['an unknown field', () => book, { price: 1 }, 400, 'invalid_request', 'price', /is not known here/],
  ])('%s is refused', async (_what, id, over, status, code, path, message) => {
    const answer = await api.owner('POST', `${BOOKS}/${id()}/migrations${to}`, { when: 'now', ...over });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.body.errors).toContainEqual({ path, message: expect.stringMatching(message) });
    expect(await rows()).toEqual([]);
  });

  test('is for those who may write, and there is such a book', async () => {
    const support = api.as(await api.token('support'));
    expect(await support('POST', `${BOOKS}/${book}/migrations${to}`, { when: 'now' })).toMatchObject({ status: 403 });
    expect(await api.owner('POST', `${BOOKS}/pb_none/migrations${to}`, { when: 'now' })).toMatchObject({ status: 404 });
  });
});

test('with nobody to move the preview is empty', async () => {
  const { status, body } = await api.owner('POST', `${BOOKS}/${book}/migrations/preview`, { when: 'period_end' });
  expect({ status, body }).toEqual({ status: 200, body: { data: [], nextCursor: null, plans: [] } });
});

test('with Temporal away nothing is begun, and nothing is in the way later', async () => {
  const answer = await api.owner('POST', `${BOOKS}/${book}/migrations`, { when: 'period_end' });
  expect(answer).toMatchObject({ status: 503, body: { code: 'temporal_unavailable' } });
  expect(await rows()).toEqual([]);
});

describe('turns', () => {
  const path = (name = '') => `${BOOKS}/${book}/migrations/mig_1${name}`;
  const begun = (state: 'running' | 'paused' | 'done') =>
    db
      .insertInto('price_book_migrations')
      .values({
        ...{
          tenant_id: api.tenant,
          mode: 'test',
          id: 'mig_1',
          price_book_id: book,
          state,
          wave: 0,
          created_by: 'user/x',
        },
        ...{ plans: '{}', settings: '{}', created_at: new Date(), updated_at: new Date() },
      })
      .onConflict((conflict) => conflict.columns(['tenant_id', 'mode', 'id']).doUpdateSet({ state }))
      .execute();

  test.each([
    ['pause', 'running', 200, 'paused'],
    ['pause', 'paused', 409, 'migration_paused'],
    ['cancel', 'paused', 200, 'canceled'],
    ['cancel', 'done', 409, 'migration_done'],
    ['resume', 'done', 409, 'migration_done'],
    ['undo', 'running', 409, 'migration_running'],
  ] as const)('%s of one that is %s', async (name, from, status, outcome) => {
    await begun(from);
    const answer = await api.owner('POST', path(`/${name}`), {});
    expect(answer.status).toBe(status);
    expect(status === 200 ? answer.body.state : answer.body.code).toBe(outcome);
    const audited = await db
      .selectFrom('audit_log')
      .select(['action', 'from_state', 'to_state'])
      .where('subject', '=', 'mig_1')
      .orderBy('id', 'desc')
      .executeTakeFirst();
    if (status === 200) {
      expect(audited).toEqual({ action: `price_book_migration_${name}`, from_state: from, to_state: outcome });
    }
  });

  test('it is one of its own book', async () => {
    expect((await api.owner('GET', path())).status).toBe(200);
    expect((await api.owner('GET', `${BOOKS}/${draft}/migrations/mig_1`)).status).toBe(404);
    const { body } = await api.owner('GET', `${BOOKS}/${book}/migrations`);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['mig_1']);
  });
});
