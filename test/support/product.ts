/**
 * The whole product as processes of its own, on a Postgres and a Temporal server of its own, which may therefore be
 * taken away and brought back.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startGuard } from '../../bootstrap/guard.mjs';
import { anyFreePort } from '../../bootstrap/ports.mjs';
import { startPostgres } from '../../bootstrap/postgres.mjs';
import { startTemporal } from '../../bootstrap/temporal.mjs';
import { findTemporal } from '../../bootstrap/temporal-find.mjs';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { type Child, type ChildName, runChild, startChild } from './child.ts';
import { TEST_NAMESPACE } from './namespace.ts';

type Seeded = { tenant: string; adminToken: string; customerToken: string; customerId: string; serviceKey: string };
export type Answer = { status: number; headers: Headers; body: Record<string, never> & { [name: string]: unknown } };

export type Product = Awaited<ReturnType<typeof startProduct>>;

/** `paypalHook`: where PayPal's deliveries go instead of to the API. */
export async function startProduct(bundle: string, { paypalHook }: { paypalHook?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'hydra-product-'));
  const guard = startGuard();
  guard.removeAtEnd(folder);
  const found = await findTemporal({ log: () => {} });
  const [apiPort, postgresPort, temporalPort] = [await anyFreePort(), await anyFreePort(), await anyFreePort()];
  const postgresUp = () => startPostgres({ dataDir: join(folder, 'pg'), port: postgresPort, durable: false, guard });
  const namespaces = ['hydra-live', TEST_NAMESPACE];
  const temporalUp = () =>
    startTemporal({ ...found, port: temporalPort, dbFile: join(folder, 'temporal.db'), namespaces, guard });

  let [postgres, temporal] = await Promise.all([postgresUp(), temporalUp()]);
  const webhook = { url: `http://127.0.0.1:${apiPort}/api/webhooks/stripe`, secret: 'whsec_of_this_test' };
  const paypalWebhook = { url: paypalHook ?? `http://127.0.0.1:${apiPort}/api/webhooks/paypal`, id: 'WH-OF-THIS-TEST' };
  const simulator = await startSimulator({ port: 0, webhook, paypalWebhook });
  const databaseUrl = postgres.superuserUrl('postgres');
  await migrateDatabase(databaseUrl);
  const env = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: 'hydra-live',
    TEMPORAL_TEST_NAMESPACE: TEST_NAMESPACE,
    TEMPORAL_WORKFLOW_BUNDLE: bundle,
    STRIPE_API_KEY: 'sk_test_simulated',
    STRIPE_API_BASE: simulator.url,
    STRIPE_PUBLISHABLE_KEY: 'pk_test_simulated',
    STRIPE_WEBHOOK_SECRET: webhook.secret,
    PAYPAL_CLIENT_ID: 'simulated',
    PAYPAL_CLIENT_SECRET: 'simulated-secret',
    PAYPAL_API_BASE: simulator.url,
    PAYPAL_WEBHOOK_ID: paypalWebhook.id,
    PORT: String(apiPort),
    ENDPOINTS_ON_LOOPBACK: 'yes',
    AUDIT_CHECKPOINTS: join(folder, 'audit'),
  };
  const demo = JSON.parse(await runChild('demo/seed', env)) as Seeded;
  const start = async (name: ChildName) => void children.set(name, await startChild(name, env));
  const children = new Map<ChildName, Child>();
  await Promise.all((['api', 'relay', 'worker'] as const).map(start));
  const connection = Connection.lazy({ address: temporal.address });

  return {
    demo,
    databaseUrl,
    url: `http://127.0.0.1:${apiPort}`,
    simulator,
    webhookSecret: webhook.secret,
    client: new Client({ connection, namespace: TEST_NAMESPACE }),
    async ask(
      method: 'GET' | 'POST',
      path: string,
      body?: object,
      headers: Record<string, string> = {},
    ): Promise<Answer> {
      const response = await fetch(`http://127.0.0.1:${apiPort}${path}`, {
        method,
        headers: { authorization: `Bearer ${demo.customerToken}`, 'content-type': 'application/json', ...headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
    },
    /** As `kill -9` and whoever starts it again. */
    async restart(name: ChildName) {
      await children.get(name)!.kill('SIGKILL');
      await start(name);
    },
    stopTemporal: () => temporal.stop(),
    async startTemporal() {
      temporal = await temporalUp();
    },
    stopPostgres: () => postgres.stop(),
    async startPostgres() {
      postgres = await postgresUp();
    },
    async stop() {
      await Promise.all([...children.values()].map((child) => child.kill('SIGKILL')));
      await connection.close();
      await simulator.stop();
      await Promise.all([postgres.stop(), temporal.stop()]);
      rmSync(folder, { recursive: true, force: true });
      guard.release();
    },
  };
}
