import { expect, inject, test } from 'vitest';
import { sendTo } from '../../src/clock/fast-forward.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { FailPoint } from '../../src/fail-point.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { startChild } from '../support/child.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';
import { TEST_NAMESPACE } from '../support/temporal.ts';

const startDoomed = (engine: Engine, failPoint: string) =>
  startChild('worker', {
    DATABASE_URL: engine.databaseUrl,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: 'hydra-live',
    TEMPORAL_TEST_NAMESPACE: TEST_NAMESPACE,
    TEMPORAL_TASK_QUEUE: engine.taskQueue,
    TEMPORAL_WORKFLOW_BUNDLE: inject('workflowBundlePath'),
    STRIPE_API_KEY: 'sk_test_simulated',
    STRIPE_API_BASE: engine.simulator.url,
    HYDRA_FAIL_POINT: failPoint,
  });

const books = (engine: Engine, subscription: string) =>
  inTenant(engine.db, { tenant: engine.tenant, mode: 'test' }, async (trx) => ({
    invoices: await trx
      .selectFrom('invoices')
      .where('subscription_id', '=', subscription as never)
      .select(['id', 'state'])
      .execute(),
    payments: await trx
      .selectFrom('payments')
      .where('subscription_id', '=', subscription as never)
      .select(['id', 'invoice_id'])
      .execute(),
    posted: await trx
      .selectFrom('ledger_transactions')
      .where('subscription_id', '=', subscription as never)
      .select(['key', 'kind'])
      .execute(),
  }));

const chargesAtTheProcessor = async (engine: Engine) => {
  const response = await fetch(`${engine.simulator.url}/_sim/state?metadata=hydra_invoice`);
  const { byMetadata } = (await response.json()) as { byMetadata: Record<string, { succeeded: number }> };
  return byMetadata;
};

// Most of each is waiting for Temporal to notice that the worker is gone, so they wait together.
const places: (FailPoint | `${FailPoint}:1`)[] = [
  'commit.before',
  'commit.after',
  'charge.before-call',
  'charge.after-call',
  // the second commit stores the charge's answer: a retry of it decides at another time, and must take over what is stored
  'commit.after:1',
];

test.concurrent.for(places)(
  'a worker killed at %s: one invoice, one charge and one posting of each kind per period',
  async (failPoint, { onTestFinished }) => {
    const engine = await startEngine();
    onTestFinished(() => engine.stop());
    const id = await engine.subscribe(await engine.customer());
    const active = await until(
      async () => (await engine.look(id)).subscription,
      (s) => s.state === 'active' && s.invoices.length === 0,
      'the first period paid',
    );
    if (active.state !== 'active') throw new Error(active.state);
    await engine.stopWorkers();

    const doomed = await startDoomed(engine, failPoint);
    onTestFinished(() => doomed.kill('SIGKILL'));
    await sendTo(engine.client, workflowIdOf(engine.tenant, id), active.period.end + 60_000);
    expect(await doomed.ended).toBe('SIGKILL');

    await engine.startWorkers();
    const after = await until(
      () => books(engine, id),
      ({ invoices }) => invoices.length === 2 && invoices.every(({ state }) => state === 'paid'),
      'the second period paid after all',
    );
    expect(after.payments).toHaveLength(2);
    const kinds = after.posted.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['invoice_issued', 'invoice_issued', 'payment_received', 'payment_received']);
    const charges = await chargesAtTheProcessor(engine);
    for (const { id: invoice } of after.invoices) expect(charges[invoice]?.succeeded, invoice).toBe(1);
    expect((await verifyLedger(engine.db)).differences).toEqual([]);
  },
);
