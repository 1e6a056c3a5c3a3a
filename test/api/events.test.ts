/** Operators look at what the processors have told us, and have it told again. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import type { Kept } from '../../src/db/inbox.ts';
import type { InboxState } from '../../src/db/schema.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { arrive, happened, relayWith } from '../relay/support.ts';
import { type Api, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
});
afterAll(() => api?.stop());
beforeEach(async () => {
  await db.deleteFrom('inbox').execute();
});

/** One that stands there, and its id. */
async function put(state: InboxState, over: Partial<Kept> = {}): Promise<string> {
  const event = happened('sub_a', { tenant: api.tenant, ...over });
  await arrive(db, event);
  const { id } = await db
    .updateTable('inbox')
    .set({ state, reason: 'as it was', attempts: 7, next_try_at: new Date(Date.now() + 1e9), received_at: new Date(0) })
    .where('event_id', '=', event.eventId)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
const replay = (id: string) => api.owner('POST', `/api/admin/events/${id}/replay`);
const replayAll = (filter: object) => api.owner('POST', '/api/admin/events/replay', { filter });
const listed = async (query: string) =>
  (await api.owner('GET', `/api/admin/events?${query}`)).body.data.map(({ id }: { id: string }) => id);
const states = async () =>
  Object.fromEntries(
    (await db.selectFrom('inbox').select(['id', 'state']).execute()).map(({ id, state }) => [id, state]),
  );
const audited = () =>
  inTenant(db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('audit_log').selectAll().where('action', 'like', 'event%').orderBy('id').execute(),
  );

test('they are listed by state, type, provider, subscription and time', async () => {
  const dead = await put('dead');
  const parked = await put('parked', { provider: 'paypal', type: 'PAYMENT.CAPTURE.COMPLETED' });
  const other = await put('dead', { subscription: 'sub_b' });
  await db
    .updateTable('inbox')
    .set({ received_at: new Date('2027-01-02') })
    .where('id', '=', other)
    .execute();
  expect(await listed('')).toEqual([other, parked, dead]);
  expect(await listed('state=dead')).toEqual([other, dead]);
  expect(await listed('type=PAYMENT.CAPTURE.COMPLETED')).toEqual([parked]);
  expect(await listed('provider=stripe&state=dead&limit=1')).toEqual([other]);
  expect(await listed('subscriptionId=sub_b')).toEqual([other]);
  expect(await listed('since=2027-01-02T00:00:00Z')).toEqual([other]);
  for (const query of ['state=lost', 'provider=acme', 'since=yesterday', 'type=a%20b']) {
    expect((await api.owner('GET', `/api/admin/events?${query}`)).status).toBe(400);
  }
});

test.each(['dead', 'parked', 'quarantined', 'signalled', 'received'] as const)(
  'one that is %s is told again, as if it had just come',
  async (state) => {
    const id = await put(state);
    const before = (await audited()).length;
    const answer = await replay(id);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id,
        state: 'received',
        reason: null,
        attempts: 0,
        replayedAt: expect.any(String),
        verifiedBy: expect.any(String),
      },
    });
    const { drain, sent } = relayWith(db);
    await drain();
    expect(sent).toMatchObject([{ subscription: 'sub_a', delivered: [{ inboxId: id }] }]);
    expect((await audited()).slice(before)).toMatchObject([
      { action: 'event.replayed', subject: id, actor_ref: expect.stringMatching(/^user\//), from_state: state },
    ]);
  },
);

test('the days until it dies begin anew', async () => {
  const id = await put('dead');
  await replay(id);
  const { drain } = relayWith(db, {}, async () => 'no_workflow');
  await drain();
  expect(await states()).toEqual({ [id]: 'parked' });
});

test('one that was changed in the table goes back to quarantine', async () => {
  const id = await put('quarantined');
  await db
    .updateTable('inbox')
    .set({ occurred_at: new Date(1) })
    .execute();
  expect((await replay(id)).status).toBe(200);
  const { drain, sent } = relayWith(db);
  await drain();
  expect([sent, await states()]).toEqual([[], { [id]: 'quarantined' }]);
});

test.each(['applied', 'ignored'] as const)('one that is %s is not told again', async (state) => {
  const id = await put(state);
  expect(await replay(id)).toMatchObject({
    status: 409,
    body: { code: 'not_replayable', detail: `the event cannot be told again: it is ${state}` },
  });
  expect(await replayAll({})).toMatchObject({ status: 200, body: { replayed: 0, more: false } });
  expect(await states()).toEqual({ [id]: state });
});

test('one that a relay holds is on its way', async () => {
  const id = await put('signalled');
  await db
    .updateTable('inbox')
    .set({ leased_until: new Date(Date.now() + 60_000) })
    .execute();
  expect((await replay(id)).body).toMatchObject({
    code: 'not_replayable',
    detail: expect.stringContaining('on its way'),
  });
});

test('many at once: what is parked or dead, or what the filter says; quarantine only by name', async () => {
  const dead = await put('dead');
  const parked = await put('parked', { type: 'refund.created' });
  const doubted = await put('quarantined');
  const applied = await put('applied');
  const before = (await audited()).length;
  expect((await replayAll({ type: 'refund.created' })).body).toEqual({ replayed: 1, more: false });
  expect(await states()).toEqual({
    [dead]: 'dead',
    [parked]: 'received',
    [doubted]: 'quarantined',
    [applied]: 'applied',
  });
  expect((await replayAll({})).body).toEqual({ replayed: 1, more: false });
  expect((await replayAll({ state: 'quarantined', since: '1969-12-31T00:00:00Z' })).body).toEqual({
    replayed: 1,
    more: false,
  });
  expect((await replayAll({ state: 'quarantined' })).body).toEqual({ replayed: 0, more: false });
  expect(new Set(Object.values(await states()))).toEqual(new Set(['received', 'applied']));
  expect((await audited()).slice(before).map(({ why }) => why)).toEqual([
    { type: 'refund.created', replayed: 1 },
    { replayed: 1 },
    { state: 'quarantined', since: expect.any(String), replayed: 1 },
  ]);
  for (const filter of [{ state: 'applied' }, { colour: 'red' }, { since: 'now' }]) {
    expect((await replayAll(filter)).status).toBe(400);
  }
});

test('nobody else’s, and not by everybody', async () => {
  const foreign = `ten_${'0'.repeat(12)}` as const;
  await db.insertInto('tenants').values({ id: foreign, name: 'Other', created_at: new Date() }).execute();
  const id = await put('dead', { tenant: foreign });
  expect((await replay(id)).status).toBe(404);
  expect((await replayAll({})).body.replayed).toBe(0);
  const mine = await put('dead');
  const support = api.as(await api.token('support'));
  expect((await support('POST', `/api/admin/events/${mine}/replay`)).status).toBe(403);
  expect((await support('POST', '/api/admin/events/replay', { filter: {} })).status).toBe(403);
  expect((await support('GET', '/api/admin/events')).body.data).toHaveLength(1);
});
