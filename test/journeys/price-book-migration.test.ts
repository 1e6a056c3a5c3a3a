/** Thirty subscriptions to a dearer price book on the real parts: as it was told before, in waves, stopped, resumed, undone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { demoPriceBook } from '../../src/demo/price-book.ts';
import { canonical } from '../../src/domain/canonical.ts';
import { heldBy } from '../../src/domain/migrate.ts';
import type { Plan, Price, PriceBook } from '../../src/domain/price-book.ts';
import { isAccepted } from '../../src/domain/subscription.ts';
import { type Api, type Ask, publishPrices, startApi } from '../api/support.ts';
import { startChild } from '../support/child.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';
import { TEST_NAMESPACE } from '../support/temporal.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
}, 120_000);
afterAll(() => engine?.stop());

const BOOKS = '/api/admin/price-books';
/** Each test has a tenant of its own. */
const tenant = (): Promise<Api> => {
  const { db, processors, taskQueue } = engine;
  return startApi({ db, processors, taskQueue, temporalAddress: inject('temporalAddress') });
};

/** Everything costs a quarter more, and support is no longer sold. */
const dearer = (price: Price): Price =>
  'charges' in price
    ? {
        ...price,
        charges: price.charges.map((charge) =>
          charge.model === 'flat' && charge.timing !== 'once'
            ? { ...charge, unitAmount: String((Number(charge.unitAmount) * 5) / 4) }
            : charge,
        ),
      }
    : { ...price, unitAmount: String((Number(price.unitAmount) * 5) / 4) };
const dearerBook: PriceBook = {
  plans: demoPriceBook.plans.map(
    ({ addOns = [], ...plan }): Plan => ({
      ...plan,
      prices: plan.prices.map(dearer),
      ...(addOns.length > 0 && {
        addOns: addOns
          .filter(({ id }) => id !== 'support')
          .map((each) => ({ ...each, prices: each.prices.map(dearer) })),
      }),
    }),
  ),
};

async function published({ owner }: Api, document: PriceBook): Promise<string> {
  const { body: draft } = await owner('POST', BOOKS, document);
  const { status, body } = await owner('POST', `${BOOKS}/${draft.id}/publish`, {});
  expect(status, JSON.stringify(body)).toBe(200);
  return draft.id;
}

type Owned = { id: string; ask: Ask };
async function subscribed(api: Api, body: object, over: object = {}): Promise<Owned> {
  const { ask } = await api.customer(over);
  const answer = await ask('POST', '/api/billing/subscribe', { paymentMethodId: 'pm_card_visa', ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return { id: answer.body.subscription.id, ask };
}

const KINDS = [
  { planId: 'basic' },
  { planId: 'team', quantity: 3 },
  { planId: 'pro' },
  { planId: 'business', quantity: 8, addOns: [{ id: 'backup', quantity: 2 }] },
  { planId: 'pro_yearly', trialDays: 0 },
];
const thirty = async (api: Api): Promise<Owned[]> => {
  const all: Owned[] = [];
  for (let i = 0; i < 30; i += 5) {
    all.push(...(await Promise.all(KINDS.map((body) => subscribed(api, body)))));
  }
  return all;
};

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire
type Told = Record<string, any>;

async function pages(ask: Ask, method: string, path: string, body?: object): Promise<Told[]> {
  const all: Told[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await ask(method, `${path}?limit=7${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    all.push(...answer.body.data);
    cursor = answer.body.nextCursor;
  }
  return all;
}

const ended = (api: Api, path: string, state: string) =>
  until(
    async () => (await api.owner('GET', path)).body,
    (seen) => seen.state !== 'running' && seen.state !== 'undoing',
    `the migration is ${state}`,
    120_000,
  );

const heldOf = async ({ db, tenant: of }: Api): Promise<Map<string, string>> => {
  const rows = await inTenant(db, { tenant: of, mode: 'test' }, (trx) =>
    trx.selectFrom('subscriptions').select(['id', 'document']).execute(),
  );
  return new Map(rows.map(({ id, document }) => [id, isAccepted(document) ? canonical(heldBy(document)) : '']));
};

const quiet = (api: Api) =>
  until(
    () =>
      inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
        trx.selectFrom('invoices').select('id').where('state', '<>', 'paid').execute(),
      ),
    (open) => open.length === 0,
    'every invoice is paid',
    60_000,
  );

test('thirty go in waves as it was told, one that fails stops it, and each comes back to what it had', async () => {
  const api = await tenant();
  await publishPrices(api);
  const all = await thirty(api);
  const withSupport = await subscribed(api, { planId: 'business', addOns: [{ id: 'support', quantity: 1 }] });
  await quiet(api);
  const before = await heldOf(api);
  const book = await published(api, dearerBook);
  const migrations = `${BOOKS}/${book}/migrations`;
  const how = { when: 'now' } as const;

  const told = await pages(api.owner, 'POST', `${migrations}/preview`, how);
  expect(told).toHaveLength(31);
  const foretold = new Map(told.map((each) => [each.subscriptionId, each]));
  expect(foretold.get(withSupport.id)).toMatchObject({
    ...{ to: null, price: null, nextInvoice: null },
    problem: { code: 'add_on_not_sold', detail: expect.stringContaining('support') },
  });
  expect(foretold.get(all[1]!.id)).toMatchObject({
    price: { before: { amount: 3600 }, after: { amount: 4500 }, difference: { amount: 900, currency: 'usd' } },
    now: { total: { amount: 900 } },
    nextInvoice: {
      before: { total: { amount: 3600 } },
      after: { total: { amount: 4500 } },
      difference: { amount: 900 },
    },
  });
  expect(await heldOf(api)).toEqual(before);

  const settings = { ...how, canaryPercent: 10, waveSize: 9, stopAfterFailures: 1, pauseAfterCanary: true };
  const { status, body: begun } = await api.owner('POST', migrations, settings);
  expect(status, JSON.stringify(begun)).toBe(201);
  const path = `${migrations}/${begun.id}`;
  expect(await api.owner('POST', migrations, settings)).toMatchObject({
    status: 409,
    body: { code: 'migration_open' },
  });

  // Whether or not it is in the canary, the one that can't be moved stops it.
  let now = await ended(api, path, 'stopped or paused');
  if (now.state === 'paused') {
    expect(now).toMatchObject({
      reason: expect.stringContaining('canary'),
      counts: { moved: 4, pending: 27, failed: 0 },
    });
    await api.owner('POST', `${path}/resume`, {});
    now = await ended(api, path, 'stopped');
  }
  expect(now).toMatchObject({ state: 'stopped', reason: '1 failed, and it stops after 1', counts: { failed: 1 } });
  const failed = await pages(api.owner, 'GET', `${path}/items`);
  expect(failed.filter(({ state }) => state === 'failed')).toMatchObject([
    { subscriptionId: withSupport.id, reason: expect.stringMatching(/^add_on_not_sold: business sells no support/) },
  ]);

  const dropped = await withSupport.ask('POST', '/api/billing/change', {
    ...{ subscriptionId: withSupport.id, addOns: [], when: 'now' },
  });
  expect(dropped.status).toBe(200);
  expect((await api.owner('POST', `${path}/resume`, {})).body).toMatchObject({
    state: 'running',
    counts: { failed: 0 },
  });
  now = await ended(api, path, 'done or paused');
  if (now.state === 'paused') {
    await api.owner('POST', `${path}/resume`, {});
    now = await ended(api, path, 'done');
  }
  expect(now).toMatchObject({ state: 'done', reason: null, counts: { moved: 31, failed: 0, pending: 0, skipped: 0 } });

  // To the minor unit, as it was told.
  await quiet(api);
  const invoices = await inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('invoices').select(['subscription_id', 'total', 'id']).orderBy('id').execute(),
  );
  for (const { id } of all) {
    const billed = invoices.filter(({ subscription_id: of }) => of === id).map(({ total }) => total);
    const { now: atOnce, price } = foretold.get(id)!;
    const isTrial = atOnce === null;
    expect({ id, last: billed.at(-1), count: billed.length }).toEqual({
      ...{ id, last: isTrial ? undefined : atOnce.total.amount, count: isTrial ? 0 : 2 },
    });
    const { body: shown } = await api.owner('GET', `/api/admin/subscriptions/${id}`);
    expect(shown.priceBookId).toBe(book);
    expect(price.after.amount).toBeGreaterThan(price.before.amount);
  }
  const audited = await inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('audit_log').selectAll().where('action', '=', 'migrate').where('subject', '=', all[1]!.id).execute(),
  );
  expect(audited).toMatchObject([
    {
      ...{ actor_by: 'principal', actor_ref: begun.createdBy },
      why: {
        ...{ migration: begun.id, toPriceBook: book, fromPrice: 3600, toPrice: 4500 },
        arithmetic: expect.stringMatching(/Unused time on 3 × Team seat: -36\.00 USD = .*Remaining time on/),
      },
    },
  ]);

  // One is the customer's own by now.
  const [own] = all;
  const changed = await own!.ask('POST', '/api/billing/change', {
    subscriptionId: own!.id,
    planId: 'team',
    when: 'now',
  });
  expect(changed.status, JSON.stringify(changed.body)).toBe(200);
  expect((await api.owner('POST', `${path}/undo`, {})).status).toBe(200);
  const undone = await ended(api, path, 'undone');
  expect(undone).toMatchObject({ state: 'undone', counts: { left: 1, moved: 0, undone: 30 } });
  const left = (await pages(api.owner, 'GET', `${path}/items`)).filter(({ state }) => state === 'left');
  expect(left).toMatchObject([
    { subscriptionId: own!.id, reason: expect.stringMatching(/^changed_since: .*Team seat/) },
  ]);
  const after = await heldOf(api);
  for (const { id } of all.slice(1)) expect(after.get(id), id).toBe(before.get(id));
  await quiet(api);
  expect((await verifyLedger(engine.db)).differences).toEqual([]);
  await api.stop();
}, 300_000);

test('at the period’s end the next invoice is the one that was told', async () => {
  const api = await tenant();
  await publishPrices(api);
  const { body: clock } = await api.owner('POST', '/api/admin/clocks', {});
  const { id } = await subscribed(api, { planId: 'team', quantity: 3 }, { clockId: clock.id });
  await quiet(api);
  const book = await published(api, dearerBook);
  const migrations = `${BOOKS}/${book}/migrations`;
  const [told] = await pages(api.owner, 'POST', `${migrations}/preview`, { when: 'period_end' });
  expect(told).toMatchObject({ subscriptionId: id, now: null, nextInvoice: { difference: { amount: 900 } } });

  const { body: begun } = await api.owner('POST', migrations, { when: 'period_end', canaryPercent: 100 });
  expect(await ended(api, `${migrations}/${begun.id}`, 'done')).toMatchObject({ state: 'done', counts: { moved: 1 } });
  await api.owner('POST', `/api/admin/clocks/${clock.id}/advance`, { by: 'P32D' });
  await until(
    async () => (await api.owner('GET', `/api/admin/clocks/${clock.id}`)).body,
    ({ state }) => state === 'ready',
    'the clock is there',
    60_000,
  );
  const { body } = await api.owner('GET', `/api/admin/subscriptions/${id}`);
  expect(body).toMatchObject({ priceBookId: book, state: 'active' });
  const rows = await inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('invoices').select(['total', 'issued_at']).orderBy('issued_at').execute(),
  );
  expect(rows.map(({ total }) => total)).toEqual([3600, told!.nextInvoice.after.total.amount]);
  expect(rows[1]?.issued_at.toISOString()).toBe(told!.nextInvoice.at);
  await api.stop();
}, 180_000);

test('a worker killed in its middle is followed by another, and each is moved once', async () => {
  const api = await tenant();
  await publishPrices(api);
  const all = await Promise.all(Array.from({ length: 12 }, () => subscribed(api, { planId: 'basic' })));
  await quiet(api);
  const book = await published(api, dearerBook);
  await engine.stopWorkers();
  const doomed = await startChild('worker', {
    DATABASE_URL: engine.databaseUrl,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: 'hydra-live',
    TEMPORAL_TEST_NAMESPACE: TEST_NAMESPACE,
    TEMPORAL_TASK_QUEUE: engine.taskQueue,
    TEMPORAL_WORKFLOW_BUNDLE: inject('workflowBundlePath'),
    STRIPE_API_KEY: 'sk_test_simulated',
    STRIPE_API_BASE: engine.simulator.url,
    HYDRA_FAIL_POINT: 'commit.after:5',
  });
  const migrations = `${BOOKS}/${book}/migrations`;
  const { body: begun } = await api.owner('POST', migrations, { when: 'period_end', waveSize: 5 });
  expect(await doomed.ended).toBe('SIGKILL');
  const path = `${migrations}/${begun.id}`;
  const half = (await api.owner('GET', path)).body;
  expect(half.state).toBe('running');
  expect(half.counts.moved).toBeGreaterThanOrEqual(5);
  expect(half.counts.pending).toBeGreaterThan(0);

  await engine.startWorkers();
  await sleep(100);
  expect(await ended(api, path, 'done')).toMatchObject({ state: 'done', counts: { moved: 12, failed: 0, skipped: 0 } });
  const decided = await inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('decisions').select(['subscription_id', 'rule']).where('rule', 'like', 'migrate%').execute(),
  );
  expect(decided.map(({ subscription_id: id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
  await api.stop();
}, 180_000);
