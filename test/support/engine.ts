/**
 * The engine without its doors: a database of its own, the simulator, and workers on a queue of their own, all in this
 * process. Commands go to the workflow as the API sends them.
 */
import { randomBytes } from 'node:crypto';
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { createDatabase, type Db } from '../../src/db/client.ts';
import { type CustomerKeys, createCustomer } from '../../src/db/customers.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { CustomerId, PaymentMethodId, SubscriptionId, TenantId } from '../../src/domain/ids.ts';
import type { Command } from '../../src/domain/input.ts';
import type { CollectionMode, Draft } from '../../src/domain/subscription.ts';
import type { Instant } from '../../src/domain/time.ts';
import { createProcessors, type Processors } from '../../src/processors/processors.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { createTaxes } from '../../src/tax/taxes.ts';
import { type AskOutcome, askSubscription } from '../../src/temporal/ask-subscription.ts';
import { createTemporal } from '../../src/temporal/temporal.ts';
import { runWorkers } from '../../src/worker/run-workers.ts';
import { type Answer, type Look, STATE_QUERY, SUBSCRIPTION_WORKFLOW, workflowIdOf } from '../../workflows/messages.ts';
import { terms } from '../domain/builders.ts';
import { createTestDatabase } from './database.ts';
import { connectTemporal, TEST_NAMESPACE } from './temporal.ts';

const API_KEY = 'sk_test_simulated';

export type Engine = {
  /** The engine's own, so that no two of them name the same workflow. */
  tenant: TenantId;
  db: Db;
  keys: CustomerKeys;
  databaseUrl: string;
  client: Client;
  taskQueue: string;
  /** Where Temporal is, as a configuration has it. */
  temporal: Parameters<typeof createTemporal>[0];
  simulator: Simulator;
  processors: Processors;
  customer(over?: { timeZone?: string; card?: string }): Promise<{ id: CustomerId; paymentMethod: PaymentMethodId }>;
  subscribe(
    customer: { id: CustomerId; paymentMethod: PaymentMethodId | null },
    over?: {
      command?: Partial<Extract<Command, { type: 'subscribe' }>>;
      timeZone?: string;
      at?: Instant;
      cyclesPerRun?: number;
      collection?: CollectionMode;
    },
  ): Promise<SubscriptionId>;
  ask(subscription: SubscriptionId, command: Command): Promise<AskOutcome>;
  look(subscription: SubscriptionId): Promise<Look>;
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
  stop(): Promise<void>;
};

type Own = Pick<Engine, 'db' | 'keys'>;

export async function startEngine(
  over: { processors?: (real: Processors, own: Own) => Processors } = {},
): Promise<Engine> {
  const tenant: TenantId = `ten_${randomBytes(6).toString('hex')}`;
  const [database, temporal, simulator] = await Promise.all([
    createTestDatabase(),
    connectTemporal(),
    startSimulator({ port: 0 }),
  ]);
  const db = createDatabase(database.url, { applicationName: 'test', max: 12 });
  await db.insertInto('tenants').values({ id: tenant, name: 'Test', created_at: new Date() }).execute();
  const real = createProcessors({
    stripe: [{ apiKey: API_KEY, apiBase: simulator.url, publishableKey: 'pk_test_simulated' }],
    paypal: [{ clientId: 'id', clientSecret: 'secret', apiBase: simulator.url }],
  });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const { client, taskQueue, workflowBundle } = temporal;
  const keys: CustomerKeys = {
    ring: parseKeyRing(`k1:${randomBytes(32).toString('base64')}`),
    blindIndexKey: randomBytes(32),
  };
  const processors = over.processors?.(real, { db, keys }) ?? real;
  const whereTemporal: Engine['temporal'] = {
    ...{ TEMPORAL_ADDRESS: temporal.address, namespaces: [{ mode: 'test', namespace: TEST_NAMESPACE }] },
  };
  const asker = createTemporal(whereTemporal, taskQueue, {});
  let workers: Awaited<ReturnType<typeof runWorkers>> | null = null;
  let count = 0;

  const startWorkers = async () => {
    workers = await runWorkers({
      connection,
      namespaces: [{ mode: 'test', namespace: TEST_NAMESPACE }],
      db,
      activities: createActivities({
        db,
        ring: keys.ring,
        cardKey: keys.blindIndexKey,
        processors,
        taxes: createTaxes({}),
      }),
      processors,
      inboxKeys: keys.ring,
      methodKey: keys.blindIndexKey,
      log: { info() {}, warn() {}, error() {} },
      workflowBundle,
      clientConnection: client.connection as never,
      taskQueue,
    });
  };
  const stopWorkers = async () => {
    await workers?.stop();
    workers = null;
  };
  await startWorkers();

  const asked = (id: string, command: Command) => ({ id, command, origin: { by: 'principal', ref: 'test' } as const });
  const stripe = (path: string, body: Record<string, string>) =>
    fetch(`${simulator.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(body),
    }).then(async (response) => {
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as { id: string };
    });

  return {
    tenant,
    db,
    keys,
    databaseUrl: database.url,
    client,
    taskQueue,
    temporal: whereTemporal,
    simulator,
    processors,
    async customer({ timeZone = 'UTC', card = 'pm_card_visa' } = {}) {
      const id: CustomerId = `cus_${++count}`;
      await inTenant(db, { tenant, mode: 'test' }, (trx) =>
        createCustomer(
          trx,
          keys,
          { tenant, mode: 'test' },
          {
            ...{ id, externalId: null, name: 'Ada', email: 'ada@example.com', locale: 'en', timeZone, currency: 'usd' },
            ...{ clockId: null, createdAt: Date.now() },
          },
        ),
      );
      const { processor } = await processors.of({ tenant, mode: 'test', processor: 'stripe' });
      const there = await processor.ensureCustomer({ tenant, mode: 'test', customer: id, clock: null });
      const { id: method } = await stripe(`/v1/payment_methods/${card}/attach`, { customer: there });
      return { id, paymentMethod: method as PaymentMethodId };
    },
    async subscribe(
      customer,
      { command, timeZone = 'UTC', at = Date.now(), cyclesPerRun, collection = 'engine' } = {},
    ) {
      const id: SubscriptionId = `sub_${customer.id.slice(4)}n${++count}`;
      const subscription: Draft = {
        ...{ id, tenant, mode: 'test', customer: customer.id, collection, processor: 'stripe' },
        ...{ timeZone, currency: 'usd', createdAt: at, version: 0, state: 'draft', expiresAt: at + 3_600_000 },
      };
      const startWorkflowOperation = new WithStartWorkflowOperation(SUBSCRIPTION_WORKFLOW, {
        workflowId: workflowIdOf(tenant, id),
        taskQueue,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ subscription, ...(cyclesPerRun ? { cyclesPerRun } : {}) }],
      });
      const subscribe: Command = {
        ...{ type: 'subscribe', terms: terms(), quantity: 1, paymentMethod: customer.paymentMethod, trialDays: 0 },
        ...command,
      };
      const answer = (await client.workflow.executeUpdateWithStart('subscribe', {
        startWorkflowOperation,
        args: [asked(`u${id}`, subscribe)],
      } as never)) as Answer;
      if (answer.outcome !== 'applied') throw new Error(JSON.stringify(answer));
      return id;
    },
    ask: (subscription, command) =>
      askSubscription({
        temporal: asker,
        target: { tenant, mode: 'test', subscription },
        asked: asked(`u${++count}`, command),
        patienceMs: 20_000,
      }),
    look: (subscription) => client.workflow.getHandle(workflowIdOf(tenant, subscription)).query<Look>(STATE_QUERY),
    stopWorkers,
    startWorkers,
    async stop() {
      await stopWorkers();
      await connection.close();
      await asker.close();
      await temporal.close();
      await db.destroy();
      await simulator.stop();
      await database.drop();
    },
  };
}

/** Waits for something that another process brings about. Fails with what it saw last. */
export async function until<T>(
  look: () => Promise<T>,
  good: (seen: T) => boolean,
  what: string,
  ms = 30_000,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (good(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`${what}: still ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
