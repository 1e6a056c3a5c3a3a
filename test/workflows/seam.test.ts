import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { decide } from '../../src/domain/decide.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import { boundary, DAY, HOUR, type Interval } from '../../src/domain/time.ts';
import { type Delivered, FACTS_SIGNAL, SUBSCRIPTION_WORKFLOW, workflowIdOf } from '../../workflows/messages.ts';
import { draft, input, must, subscribe, succeeded } from '../domain/builders.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';

const MONTH: Interval = { unit: 'month', count: 1 };

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

const decisionsOf = (id: SubscriptionId) =>
  inTenant(engine.db, { tenant: engine.tenant, mode: 'test' }, (trx) =>
    trx
      .selectFrom('decisions')
      .select(['version', 'ordinal', 'rule', 'at'])
      .where('subscription_id', '=', id)
      .orderBy('version')
      .orderBy('ordinal')
      .execute(),
  );

test('runs that end after every step lose nothing: nine updates at once, and events told three times over', async () => {
  const id = await engine.subscribe(await engine.customer(), { cyclesPerRun: 1 });
  await until(
    async () => (await engine.look(id)).subscription.state,
    (state) => state === 'active',
    'active',
  );
  const handle = engine.client.workflow.getHandle(workflowIdOf(engine.tenant, id));
  const refund = (n: number): Delivered => ({
    inboxId: `in_${n}`,
    occurredAt: 0,
    fact: { type: 'payment_refunded', invoice: null, payment: `pi_${n}`, refund: `re_${n}`, amount: 100 },
  });
  const told = Array.from({ length: 12 }, (_, n) => refund(n));
  const [answers] = await Promise.all([
    // Even ones plan the cancellation, odd ones take it back; which of them find it planned is a matter of their order.
    Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        n % 2 === 0
          ? engine.ask(id, { type: 'cancel', when: 'period_end', reason: `n${n}` })
          : engine.ask(id, { type: 'uncancel' }),
      ),
    ),
    ...[0, 1, 2].map((round) => handle.signal(FACTS_SIGNAL, told.slice(round * 4).concat(told.slice(0, round * 4)))),
  ]);
  expect(answers.every(({ outcome }) => outcome === 'applied' || outcome === 'refused')).toBe(true);
  const refunds = () =>
    inTenant(engine.db, { tenant: engine.tenant, mode: 'test' }, (trx) =>
      trx.selectFrom('refunds').select('id').where('subscription_id', '=', id).execute(),
    );
  await until(refunds, (rows) => rows.length === 12, 'every event has reached the books');
  const { continued, pendingInputs, subscription } = await engine.look(id);
  expect(continued).toBeGreaterThan(0);
  expect(pendingInputs).toBe(0);

  const decisions = await decisionsOf(id);
  const applied = answers.filter((each) => each.outcome === 'applied').length;
  expect(decisions.filter(({ rule }) => rule.startsWith('cancel.'))).toHaveLength(applied);
  expect(applied).toBeGreaterThanOrEqual(5);
  expect(decisions.filter(({ rule }) => rule === 'refund.recorded')).toHaveLength(12);
  expect(Math.max(...decisions.map(({ version }) => version))).toBe(subscription.version);
  expect((await verifyLedger(engine.db)).differences).toEqual([]);
});

test('renewals missed while everything was down are made up for, one by one, with their own dates', async () => {
  const customer = await engine.customer();
  const id: SubscriptionId = `sub_missed${Date.now()}`;
  const since = Date.now() - 100 * DAY;
  const born = draft({ id, tenant: engine.tenant, customer: customer.id, createdAt: since, expiresAt: since + HOUR });
  const first = must(decide(born, input(subscribe({ paymentMethod: customer.paymentMethod }), since))).state;
  const invoice = 'invoices' in first ? first.invoices[0]!.id : 'inv_none';
  const paid = { ...succeeded(1), invoice } as ReturnType<typeof succeeded>;
  const active = must(decide(first, input(paid, since))).state;
  await engine.client.workflow.start(SUBSCRIPTION_WORKFLOW, {
    workflowId: workflowIdOf(engine.tenant, id),
    taskQueue: engine.taskQueue,
    args: [{ subscription: { ...active, version: 2 } }],
  });
  const missed = [1, 2, 3, 4].map((n) => boundary(since, MONTH, n, 'UTC')).filter((at) => at <= Date.now());
  const invoices = await until(
    () =>
      inTenant(engine.db, { tenant: engine.tenant, mode: 'test' }, (trx) =>
        trx
          .selectFrom('invoices')
          .select(['issued_at', 'state'])
          .where('subscription_id', '=', id)
          .orderBy('issued_at')
          .execute(),
      ),
    (rows) => rows.length >= missed.length && rows.every(({ state }) => state === 'paid'),
    'the missed periods paid',
  );
  expect(missed.length).toBeGreaterThanOrEqual(3);
  expect(invoices.map(({ issued_at }) => issued_at.getTime())).toEqual(missed);
  const renewals = (await decisionsOf(id)).filter(({ rule }) => rule === 'renewal');
  expect(renewals.map(({ at }) => at.getTime())).toEqual(missed);
});
