/** What happens at the processor and is not heard of, whole: fetched, compared, booked, and shown to a person. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { CustomerId, SubscriptionId } from '../../src/domain/ids.ts';
import { DAY } from '../../src/domain/time.ts';
import { newId } from '../../src/ids.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { ensureReconcileSchedules } from '../../src/temporal/reconcile-schedules.ts';
import { createTemporal, type Temporal } from '../../src/temporal/temporal.ts';
import { reconcileScheduleIdOf, workflowIdOf } from '../../workflows/messages.ts';
import { type Api, type Ask, startApi } from '../api/support.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';
import { isSettled, type News, startNews } from '../support/news.ts';

let engine: Engine;
let news: News;
let temporal: Temporal;
let api: Api;
let finance: Ask;
const logged: string[] = [];
const log = { info() {}, warn: keepLine, error: keepLine };
function keepLine(fields: object, message: string): void {
  logged.push(`${message} ${JSON.stringify(fields)}`);
}

beforeAll(async () => {
  engine = await startEngine();
  news = await startNews(engine);
  temporal = createTemporal(engine.temporal, engine.taskQueue, {});
  const { db, processors, taskQueue } = engine;
  api = await startApi({ db, processors, taskQueue, temporalAddress: inject('temporalAddress') });
  finance = api.as(await api.token('finance', { tenant: engine.tenant }));
});
afterAll(async () => {
  await api?.stop();
  await temporal?.close();
  await news?.stop();
  await engine?.stop();
});

const scope = () => ({ tenant: engine.tenant, mode: 'test' as const });
const look = (since = Date.now() - DAY) =>
  reconcile(
    {
      db: engine.db,
      keys: news.keys,
      methodKey: randomBytes(32),
      processors: engine.processors,
      temporal,
      log,
      graceMs: 0,
    },
    { ...scope(), id: newId('rec'), since, thorough: true, by: 'test' },
  );
const simulator = (path: string, body: object = {}) =>
  fetch(`${engine.simulator.url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
const discrepancies = () =>
  inTenant(engine.db, scope(), (trx) =>
    trx.selectFrom('discrepancies').selectAll().orderBy('opened_at').orderBy('id').execute(),
  );
const paymentsOf = (id: SubscriptionId) =>
  inTenant(engine.db, scope(), (trx) =>
    trx.selectFrom('payments').selectAll().where('subscription_id', '=', id).execute(),
  );
const balanceOf = async (code: 'processor_clearing' | 'processor_fees' | 'cash') => {
  const rows = await inTenant(engine.db, scope(), (trx) =>
    trx.selectFrom('ledger_balances').select('amount').where('account_code', '=', code).execute(),
  );
  return rows.reduce((sum, { amount }) => sum + amount, 0);
};
async function paying(): Promise<{ customer: CustomerId; id: SubscriptionId; payment: string }> {
  const customer = await engine.customer();
  const id = await engine.subscribe(customer);
  const [paid] = await until(
    () => paymentsOf(id),
    (rows) => rows.length === 1,
    'paid',
  );
  return { customer: customer.id, id, payment: paid!.id };
}
const quiet = () => until(news.inbox, isSettled, 'all news is taken in');

test('events that never arrived are fetched, and reach the books as if they had', async () => {
  const { id, payment } = await paying();
  await quiet();
  await simulator('deliveries/pause');
  const refund = await news.stripe.refunds.create({ payment_intent: payment, amount: 500 });
  expect(await look()).toMatchObject({ fetched: expect.any(Number), open: 0 });
  const refunds = await until(
    () =>
      inTenant(engine.db, scope(), (trx) =>
        trx.selectFrom('refunds').selectAll().where('subscription_id', '=', id).execute(),
      ),
    (rows) => rows.length === 1,
    'refunded',
  );
  expect(refunds).toMatchObject([{ name: refund.id, amount: 500 }]);
  const kept = await engine.db.selectFrom('inbox').select(['verified_by', 'raw_mac']).execute();
  expect(kept).toContainEqual({ verified_by: 'api', raw_mac: null });
  await quiet();
  // Heard in the end, they are known.
  await simulator('deliveries/resume');
  await until(
    async () => (await (await fetch(`${engine.simulator.url}/_sim/quiet`)).json()) as { quiet: boolean },
    ({ quiet }) => quiet,
    'all is delivered',
  );
  await quiet();
  expect(await look()).toMatchObject({ fetched: 0, open: 0 });
  expect(await discrepancies()).toEqual([]);
  expect(news.problems).toEqual([]);
});

test('money that nobody here has asked for is shown with both sides, once', async () => {
  const { payment } = await paying();
  await quiet();
  const { customer, payment_method } = await news.stripe.paymentIntents.retrieve(payment);
  const by_hand = await news.stripe.paymentIntents.create({
    ...{ customer: customer as string, payment_method: payment_method as string, amount: 777, currency: 'usd' },
    ...{ confirm: true, off_session: true },
  });
  expect(await look()).toMatchObject({ open: 1 });
  expect(await look()).toMatchObject({ open: 1 });
  expect(await discrepancies()).toMatchObject([
    {
      ...{ kind: 'payment_unknown_here', subject: by_hand.id, state: 'open', ours: null },
      theirs: { payment: by_hand.id, amount: 777, currency: 'usd' },
    },
  ]);
  expect(logged.filter((line) => line.includes(by_hand.id))).toHaveLength(1);
});

test('a person says that it is none of ours, once and with a reason', async () => {
  const { body } = await finance('GET', '/api/admin/reconciliation/discrepancies?state=open');
  const [{ id }] = body.data;
  const path = `/api/admin/reconciliation/discrepancies/${id}/dismiss`;
  const dismissed = await finance('POST', path, { reason: 'sold at the fair' });
  expect(dismissed.body).toMatchObject({ state: 'dismissed', how: 'sold at the fair' });
  expect((await finance('POST', path, { reason: 'again' })).body).toMatchObject({ code: 'discrepancy_closed' });
  const row = await inTenant(engine.db, scope(), (trx) =>
    trx.selectFrom('audit_log').selectAll().where('subject', '=', id).executeTakeFirst(),
  );
  expect(row).toMatchObject({ action: 'discrepancy.dismissed', from_state: 'open', to_state: 'dismissed' });
  expect(await look()).toMatchObject({ open: 0 });
});

test('it is done on demand, by a worker', async () => {
  const begun = await finance('POST', '/api/admin/reconciliation', {});
  expect(begun.status, begun.text).toBe(202);
  const ended = await until(
    async () => (await finance('GET', `/api/admin/reconciliation/${begun.body.id}`)).body,
    ({ state }) => state !== 'running',
    'reconciled',
  );
  expect(ended).toMatchObject({ state: 'done', report: { open: 0 } });
});

test('each tenant has its schedules, and what one begins is found by its name', async () => {
  await ensureReconcileSchedules(engine.client, engine.taskQueue, scope());
  await ensureReconcileSchedules(engine.client, engine.taskQueue, scope());
  const [hourly, weekly] = (['hourly', 'weekly'] as const).map((often) =>
    engine.client.schedule.getHandle(reconcileScheduleIdOf(engine.tenant, often)),
  );
  expect((await weekly!.describe()).info.nextActionTimes[0]!.getTime()).toBeLessThan(Date.now() + 8 * DAY);
  await hourly!.trigger();
  const { asked_by } = await until(
    () =>
      inTenant(engine.db, scope(), (trx) =>
        trx.selectFrom('reconciliations').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow(),
      ),
    (row) => row.state === 'done' && row.asked_by.startsWith('schedule/'),
    'reconciled',
  );
  expect(asked_by).toBe('schedule/hourly');
  await Promise.all([hourly!.delete(), weekly!.delete()]);
});

test('what the processor keeps and pays out is booked, and clearing is empty', async () => {
  const [held, kept] = [await balanceOf('processor_clearing'), await balanceOf('processor_fees')];
  expect(held).toBeGreaterThan(0);
  const since = Date.now() - DAY;
  await simulator('advance', { seconds: 5 * 86_400 });
  const report = await look(since);
  expect(report).toMatchObject({ payouts: 1, open: 0 });
  expect(await balanceOf('processor_clearing')).toBe(0);
  const fees = await balanceOf('processor_fees');
  expect(fees).toBeGreaterThan(0);
  expect(await balanceOf('cash')).toBe(held + kept - fees);
  expect(await look(since)).toMatchObject({ payouts: 0, fees: 0 });
  expect((await verifyLedger(engine.db)).differences).toEqual([]);
});

test('a workflow that was terminated is started from what is stored, and goes on', async () => {
  const { id } = await paying();
  await quiet();
  const before = await engine.look(id);
  await engine.client.workflow.getHandle(workflowIdOf(engine.tenant, id)).terminate('by a mistake');
  expect(await look()).toMatchObject({ repaired: 1, open: 0 });
  expect((await engine.look(id)).subscription).toEqual(before.subscription);
  expect(await engine.ask(id, { type: 'cancel', when: 'now', reason: null })).toMatchObject({ outcome: 'applied' });
  expect(await discrepancies()).toContainEqual(
    expect.objectContaining({
      kind: 'workflow_missing',
      subject: id,
      state: 'repaired',
      theirs: { status: 'terminated' },
    }),
  );
  expect(await look()).toMatchObject({ repaired: 0, open: 0 });
});

test('a charge that was on its way when its workflow was lost is taken up, and made once', async () => {
  const customer = await engine.customer();
  await simulator('troubles', { behaviour: 'hangs', seconds: 60, times: 1, payment_method: customer.paymentMethod });
  const id = await engine.subscribe(customer);
  await engine.client.workflow.getHandle(workflowIdOf(engine.tenant, id)).terminate('by a mistake');
  expect(await look()).toMatchObject({ repaired: 1, open: 0 });
  await until(
    () => paymentsOf(id),
    (rows) => rows.length === 1,
    'paid',
  );
  await quiet();
  expect(await look()).toMatchObject({ repaired: 0, open: 0 });
});

test('a row of an older backup is brought up to its workflow', async () => {
  const { id } = await paying();
  await quiet();
  const stored = () =>
    inTenant(engine.db, scope(), (trx) =>
      trx
        .selectFrom('subscriptions')
        .select(['version', 'cancel_at', 'document', 'decision_hash'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow(),
    );
  const older = await stored();
  expect(await engine.ask(id, { type: 'cancel', when: 'period_end', reason: null })).toMatchObject({
    outcome: 'applied',
  });
  const newer = await stored();
  expect(newer.cancel_at).not.toBeNull();
  await engine.db
    .updateTable('subscriptions')
    .set({ ...older, document: JSON.stringify(older.document) })
    .where('id', '=', id)
    .execute();
  expect(await look()).toMatchObject({ repaired: 1, open: 0 });
  expect(await stored()).toMatchObject({ cancel_at: newer.cancel_at, version: newer.version + 1 });
  expect(await discrepancies()).toContainEqual(
    expect.objectContaining({ kind: 'projection_behind', subject: id, state: 'repaired' }),
  );
});
