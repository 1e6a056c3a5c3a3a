/**
 * The whole product from its parts: Postgres, Temporal and the simulator at once, then the schema, then the demo tenant,
 * API, relay and worker at once. A part whose address is in the environment is used as given.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtDashboard } from './dashboard.mjs';
import { ROOT } from './places.mjs';
import { claimPort } from './ports.mjs';
import { startPostgres } from './postgres.mjs';
import { developmentSecrets, writePrivate } from './secrets.mjs';
import { startTemporal } from './temporal.mjs';
import { findTemporal } from './temporal-find.mjs';

export const WANTED = { api: 3000, temporal: 7233, temporalUi: 8233, postgres: 5433, simulator: 12_111 };
export const NAMED = {
  api: 'the API',
  temporal: 'Temporal',
  temporalUi: 'the Temporal UI',
  postgres: 'Postgres',
  simulator: 'the simulator',
};

/**
 * @typedef {ReturnType<typeof import('./supervisor.mjs').createSupervisor>} Supervisor
 * @typedef {{ demo: Record<string, string | null>, environment: Record<string, string> }} Stack
 */

/**
 * @param {{
 *   data: string,
 *   supervisor: Supervisor,
 *   terminal: import('./terminal.mjs').Terminal,
 *   env?: NodeJS.ProcessEnv,
 *   passing?: boolean,
 * }} options `passing`: nothing is meant to outlive the process, so nothing waits for the disk
 * @returns {Promise<Stack>}
 */
export async function startStack({ data, supervisor, terminal, env = process.env, passing = false }) {
  const demoFile = join(data, 'demo.json');
  const secrets = developmentSecrets(join(data, 'secrets.json'));
  const ports = await choosePorts(env, terminal);
  const api = `http://127.0.0.1:${ports.api}`;
  const logOf = (name) => join(data, 'logs', `${name}.log`);
  const log = (text) => terminal.line(terminal.dim(text));
  const namespaces = {
    live: env.TEMPORAL_NAMESPACE ?? 'hydra-live',
    test: env.TEMPORAL_TEST_NAMESPACE ?? 'hydra-test',
  };
  const stripeIsReal = Boolean(env.STRIPE_API_KEY);
  const paypalIsReal = Boolean(env.PAYPAL_CLIENT_ID);
  const base = {
    LOG_LEVEL: 'info',
    ...secrets,
    ...env,
    TEMPORAL_NAMESPACE: namespaces.live,
    TEMPORAL_TEST_NAMESPACE: namespaces.test,
  };
  const part = (name, extra = {}) => ({
    name,
    args: program(`processes/${name}`, env),
    cwd: ROOT,
    env: { ...base, ...extra },
  });

  const settled = await Promise.allSettled([
    terminal.during('Postgres', async () => {
      if (env.DATABASE_URL) return env.DATABASE_URL;
      const { guard } = supervisor;
      const dataDir = join(data, 'postgres');
      const server = await startPostgres({
        dataDir,
        port: ports.postgres,
        durable: !passing,
        logFile: logOf('postgres'),
        log,
        guard,
      });
      supervisor.keep('postgres', server);
      await createDatabase(server.superuserUrl('postgres'));
      return server.superuserUrl('hydra');
    }),
    terminal.during('Temporal', async () => {
      if (env.TEMPORAL_ADDRESS) return { address: env.TEMPORAL_ADDRESS, uiUrl: null };
      const server = await startTemporal({
        ...(await findTemporal({ log })),
        port: ports.temporal,
        uiPort: ports.temporalUi,
        ...(passing ? {} : { dbFile: join(data, 'temporal.db') }),
        namespaces: Object.values(namespaces),
        logFile: logOf('temporal'),
        log,
        guard: supervisor.guard,
      });
      supervisor.keep('temporal', server);
      return server;
    }),
    terminal.during('simulator', async () => {
      if (stripeIsReal) return null;
      const settings = {
        PORT: String(ports.simulator),
        SIMULATOR_DATA: join(data, 'simulator.db'),
        SIMULATOR_WEBHOOK_URL: `${api}/api/webhooks/stripe`,
        SIMULATOR_WEBHOOK_SECRET: base.STRIPE_WEBHOOK_SECRET,
        ...(paypalIsReal
          ? {}
          : {
              SIMULATOR_PAYPAL_WEBHOOK_URL: `${api}/api/webhooks/paypal`,
              SIMULATOR_PAYPAL_WEBHOOK_ID: base.PAYPAL_WEBHOOK_ID,
            }),
      };
      const { url } = await supervisor.start({ ...part('simulator', settings), restarts: 5 });
      return String(url ?? `http://127.0.0.1:${ports.simulator}`);
    }),
    env.DASHBOARD_DIR ?? terminal.during('pages', () => builtDashboard({ data, env })),
  ]);
  const [databaseUrl, temporal, simulator, dashboard] = settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return /** @type {any} */ (result.value);
  });

  const environment = {
    ...base,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    ...(temporal.uiUrl && { TEMPORAL_UI_URL: temporal.uiUrl }),
    PORT: String(ports.api),
    DASHBOARD_DIR: dashboard,
    AUDIT_CHECKPOINTS: base.AUDIT_CHECKPOINTS ?? join(data, 'audit'),
    ENDPOINTS_ON_LOOPBACK: base.ENDPOINTS_ON_LOOPBACK ?? 'yes',
    ...(simulator ? { STRIPE_API_BASE: simulator, STRIPE_PUBLISHABLE_KEY: 'pk_test_simulated' } : {}),
    ...(paypalIsReal
      ? {}
      : simulator
        ? { PAYPAL_API_BASE: simulator }
        : { PAYPAL_CLIENT_ID: '', PAYPAL_CLIENT_SECRET: '' }),
  };
  const serve = (name) => supervisor.start({ ...part(name), env: environment, restarts: 5 });

  await terminal.during('schema', () => supervisor.runOnce({ ...part('migrate'), env: environment }));
  // The parts take their time to load, and need the schema alone.
  const [seeded] = await Promise.all([
    terminal.during('demo tenant', async () => {
      const known = { HYDRA_DEMO_SERVICE_KEY: earlierServiceKey(demoFile) }; // else each start would make one more
      const args = program('demo/seed', env);
      const seed = { name: 'seed', args, cwd: ROOT, env: { ...environment, ...known }, secret: true };
      const printed = await supervisor.runOnce(seed);
      return JSON.parse(printed.slice(printed.indexOf('{')));
    }),
    ...['api', 'relay', 'worker'].map((name) => terminal.during(name, () => serve(name))),
  ]);

  const demo = {
    api,
    dashboard: `${api}/portal#token=${seeded.customerToken}`,
    console: `${api}/console#token=${seeded.adminToken}`,
    docs: `${api}/docs`,
    temporalUi: temporal.uiUrl,
    temporalAddress: temporal.address,
    temporalNamespace: namespaces.test,
    simulator,
    databaseUrl,
    ...seeded,
    stripeWebhookSecret: base.STRIPE_WEBHOOK_SECRET,
    paypalWebhookId: base.PAYPAL_WEBHOOK_ID,
  };
  writePrivate(join(data, 'environment.json'), `${JSON.stringify(pick(environment, env), null, 2)}\n`);
  writePrivate(demoFile, `${JSON.stringify(demo, null, 2)}\n`);
  return { demo, environment };
}

const earlierServiceKey = (demoFile) =>
  existsSync(demoFile) ? JSON.parse(readFileSync(demoFile, 'utf8')).serviceKey : undefined;

/** What we set, without what the shell had anyway. */
const pick = (environment, env) =>
  Object.fromEntries(Object.entries(environment).filter(([name, value]) => env[name] !== value));

/**
 * How node runs one of our programs: from the sources, or what was built of them.
 * @param {string} path below src, without its ending
 * @param {NodeJS.ProcessEnv} env
 */
export function program(path, env = process.env) {
  const built = join(ROOT, 'dist', 'src', `${path}.js`);
  if (env.NODE_ENV === 'production' && existsSync(built)) return ['--enable-source-maps', built];
  return ['--import', import.meta.resolve('tsx'), join(ROOT, 'src', `${path}.ts`)];
}

async function choosePorts(env, terminal) {
  const ports = /** @type {Record<keyof typeof WANTED, number>} */ ({});
  for (const [name, usual] of Object.entries(WANTED)) {
    const wanted = name === 'api' && env.PORT ? Number(env.PORT) : usual;
    const port = await claimPort(wanted);
    if (port !== wanted) terminal.line(terminal.yellow(`port ${wanted} is busy, so ${NAMED[name]} is at ${port}`));
    ports[name] = port;
  }
  return ports;
}

async function createDatabase(adminUrl) {
  const { default: pg } = await import('pg'); // here, since it is only there once the dependencies are
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query(`select from pg_database where datname = 'hydra'`);
    if (rowCount === 0) await client.query('create database hydra');
  } finally {
    await client.end();
  }
}
