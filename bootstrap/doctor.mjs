/** `hydra doctor`: what the product needs of this machine, what is wrong with it, and what helps. */
import { mkdirSync, statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { staleDependencies } from './dependencies.mjs';
import { runningEnvironment } from './environment.mjs';
import { DATA, ROOT } from './places.mjs';
import { isFree } from './ports.mjs';
import { firstAnswer, otherUser } from './postgres.mjs';
import { findPostgres } from './postgres-binaries.mjs';
import { NAMED, WANTED } from './stack.mjs';
import { troubleWith } from './temporal.mjs';
import { findInstalled } from './temporal-find.mjs';
import { createTerminal } from './terminal.mjs';

const OLDEST_NODE = [20, 19];
const NEEDED_DISK = 1_000_000_000;
const TOLERATED_MS = 2_000;

/**
 * `note` is worth knowing and hinders nothing.
 * @typedef {{ state: 'good' | 'note' | 'bad', detail: string, fix?: string }} Finding
 * @typedef {Record<string, () => Finding | Promise<Finding>>} Checks
 */

/**
 * @param {{ json?: boolean, checks?: Checks, terminal?: import('./terminal.mjs').Terminal }} [options]
 * @returns {Promise<number>} the exit code
 */
export async function doctor({ json = false, checks = checksOf({}), terminal = createTerminal() } = {}) {
  const findings = [];
  for (const [name, check] of Object.entries(checks)) {
    const finding = await Promise.resolve()
      .then(check)
      .catch((error) => ({ state: /** @type {const} */ ('bad'), detail: error.message }));
    findings.push({ name, ...finding });
  }
  const healthy = findings.every(({ state }) => state !== 'bad');
  if (json) {
    terminal.line(JSON.stringify({ healthy, findings }, null, 2));
    return healthy ? 0 : 1;
  }
  const marks = { good: terminal.green('ok '), note: terminal.yellow('-- '), bad: terminal.red('BAD') };
  for (const { name, state, detail, fix } of findings) {
    terminal.line(`${marks[state]} ${name.padEnd(13)} ${detail}`);
    if (fix) terminal.line(`    ${' '.repeat(13)} ${terminal.bold(fix)}`);
  }
  return healthy ? 0 : 1;
}

/**
 * @param {{ env?: NodeJS.ProcessEnv, node?: string, root?: string, cache?: string, free?: typeof isFree, diskBytes?: () => number, wall?: () => number }} world
 * @returns {Checks}
 */
export function checksOf({
  env = { ...runningEnvironment(), ...process.env },
  node = process.versions.node,
  root = ROOT,
  cache,
  free = isFree,
  diskBytes = freeBytes,
  wall = Date.now,
}) {
  return {
    Node: () => {
      const [major, minor] = node.split('.').map(Number);
      const enough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
      return enough ? good(node) : bad(`${node} is too old`, `install Node ${OLDEST_NODE.join('.')} or later`);
    },
    dependencies: () => {
      const reason = staleDependencies(root);
      return reason === null
        ? good('as in package-lock.json')
        : bad(reason, 'npm ci --ignore-scripts   (npm start does it too)');
    },
    Temporal: async () => {
      if (env.TEMPORAL_ADDRESS) {
        const trouble = await troubleWith(env.TEMPORAL_ADDRESS, [env.TEMPORAL_NAMESPACE ?? 'hydra-live']);
        if (trouble === '') return good(`serves at ${env.TEMPORAL_ADDRESS}`);
        return bad(
          `${env.TEMPORAL_ADDRESS}: ${trouble}`,
          'start it, correct TEMPORAL_ADDRESS, or run `hydra migrate` to register the namespaces',
        );
      }
      const found = findInstalled({ env, ...(cache && { cache }) });
      if (found) return good(`the server from ${found.source}`);
      return bad(
        'no server of version 1.31 or later',
        'npm start fetches one; or install the Temporal CLI 1.9.1 or later, or set TEMPORAL_ADDRESS',
      );
    },
    Postgres: async () => {
      if (env.DATABASE_URL) {
        const { hostname, port } = new URL(env.DATABASE_URL);
        const answer = await firstAnswer(Number(port || 5432), hostname);
        if (answer !== null) return good(`answers at ${hostname}:${port || 5432}`);
        return bad(`nobody answers at ${hostname}:${port || 5432}`, 'start it, or correct DATABASE_URL');
      }
      const { major, source } = await findPostgres({ runsAs: otherUser() });
      return good(`version ${major} from ${source}`);
    },
    PayPal: async () => {
      const { PAYPAL_CLIENT_ID: id, PAYPAL_CLIENT_SECRET: secret, PAYPAL_API_BASE: base } = env;
      if (!id || !secret) return good('no account; the simulator stands in');
      const origin = new URL(base ?? 'https://api-m.sandbox.paypal.com').origin;
      const trouble = await troubleWithPaypal(origin, id, secret);
      return trouble === null
        ? good(`gives tokens at ${origin}`)
        : bad(`${origin}: ${trouble}`, 'correct PAYPAL_CLIENT_ID, PAYPAL_CLIENT_SECRET or PAYPAL_API_BASE');
    },
    ports: async () => {
      if (env.TEMPORAL_ADDRESS && env.DATABASE_URL && env.STRIPE_API_BASE)
        return good('hydra up is running, or all parts are given');
      const busy = [];
      for (const [name, port] of Object.entries(WANTED)) if (!(await free(port))) busy.push(`${port} (${NAMED[name]})`);
      if (busy.length === 0) return good(Object.values(WANTED).join(', '));
      return { state: 'note', detail: `busy: ${busy.join(', ')}`, fix: 'hydra up takes the next free ones' };
    },
    disk: () => {
      const bytes = diskBytes();
      const size = `${(bytes / 1e9).toFixed(1)} GB free`;
      return bytes >= NEEDED_DISK ? good(size) : bad(size, `make room: ${NEEDED_DISK / 1e9} GB at ${DATA}`);
    },
    clock: async () => {
      const [wallBegan, began] = [wall(), performance.now()];
      await sleep(50);
      const jump = Math.abs(wall() - wallBegan - (performance.now() - began));
      const fix = 'let the system set its clock (NTP): invoices and retries carry its dates';
      if (jump > TOLERATED_MS) return bad(`the clock jumped by ${Math.round(jump)} ms in a moment`, fix);
      if (wall() < Date.UTC(2025, 0, 1)) return bad(`it is not ${new Date(wall()).toISOString()}`, fix);
      const apart = env.DATABASE_URL ? await apartFromDatabase(env.DATABASE_URL, wall) : null;
      if (apart === null) return good(new Date(wall()).toISOString());
      if (apart > TOLERATED_MS) return bad(`${Math.round(apart)} ms apart from the database's clock`, fix);
      return good(`${new Date(wall()).toISOString()}, ${Math.round(apart)} ms apart from the database`);
    },
  };
}

/** @returns {Promise<string | null>} */
async function troubleWithPaypal(origin, id, secret) {
  try {
    const { ok, status } = await fetch(`${origin}/v1/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.timeout(5_000),
    });
    return ok ? null : `answered ${status}`;
  } catch {
    return 'nobody answers';
  }
}

/** @returns {Finding} */
const good = (detail) => ({ state: 'good', detail });
/** @returns {Finding} */
const bad = (detail, fix) => ({ state: 'bad', detail, fix });

function freeBytes() {
  mkdirSync(DATA, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = statfsSync(DATA);
  return bavail * bsize;
}

/** @returns {Promise<number | null>} milliseconds; null where the database cannot be asked, which is another check's matter */
async function apartFromDatabase(url, wall) {
  const { default: pg } = await import('pg').catch(() => ({ default: null }));
  if (!pg) return null;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    const before = wall();
    const { rows } = await client.query('select extract(epoch from clock_timestamp()) * 1000 as now');
    return Math.abs(Number(rows[0].now) - (before + wall()) / 2);
  } catch {
    return null; // the check of Postgres has said so
  } finally {
    await client.end().catch(() => {});
  }
}
