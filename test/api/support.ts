/** The API on real parts, in this process: requests go over HTTP, as a stranger would send them. */

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { Bases } from '../../src/accounts/own-accounts.ts';
import { createApp } from '../../src/api/app.ts';
import type { Dashboard } from '../../src/api/dashboard.ts';
import { createNews, type News } from '../../src/api/news.ts';
import { createAuthenticate } from '../../src/auth/authenticate.ts';
import { licenceKeyOf } from '../../src/auth/licences.ts';
import { type Claims, createTokenVerifier, mintToken } from '../../src/auth/tokens.ts';
import { createDatabase, type Db } from '../../src/db/client.ts';
import type { CustomerKeys } from '../../src/db/customers.ts';
import { backlog } from '../../src/db/messages.ts';
import { createTenant } from '../../src/db/tenants.ts';
import { demoPriceBook } from '../../src/demo/price-book.ts';
import type { CustomerId, TenantId } from '../../src/domain/ids.ts';
import { createOutgoing } from '../../src/net/outgoing.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { createStreams } from '../../src/outbox/streams.ts';
import { createProcessors, type Processors } from '../../src/processors/processors.ts';
import { listen } from '../../src/relay/listen.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { createTaxes, type Taxes } from '../../src/tax/taxes.ts';
import { createTemporal } from '../../src/temporal/temporal.ts';
import { createAlerts } from '../../src/usage/alerts.ts';
import { createIntake } from '../../src/usage/intake.ts';
import { createTestDatabase } from '../support/database.ts';

export const auth = {
  AUTH_JWT_SECRET: randomBytes(32).toString('base64'),
  AUTH_JWKS_URL: undefined,
  AUTH_ISSUER: 'hydra',
  AUTH_AUDIENCE: 'hydra-billing',
};
export const token = (claims: Claims, seconds?: number) => mintToken(auth, claims, seconds);

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire is looked at by each test in its own way
export type Answer = { status: number; headers: Headers; body: any; text: string };
export type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

export type Api = {
  url: string;
  db: Db;
  tenant: TenantId;
  keys: CustomerKeys;
  /** With that token or key; null asks as a stranger. */
  as(credential: string | null): Ask;
  token(role: Claims['role'], over?: Partial<Claims>): Promise<string>;
  /** A customer with a user of its own. */
  customer(over?: object): Promise<{ id: CustomerId; ask: Ask }>;
  owner: Ask;
  stop(): Promise<void>;
};

export type Options = {
  db: Db;
  /** Where streams hear of news; without it they look. */
  databaseUrl?: string;
  keys?: CustomerKeys;
  processors?: Processors;
  news?: News;
  bases?: Bases;
  taxes?: Taxes;
  temporalAddress?: string;
  taskQueue?: string;
  patienceMs?: { command: number; payment: number };
  dashboard?: Dashboard | null;
  links?: { key: Buffer; publicUrl: string };
};

export async function startApi(options: Options): Promise<Api> {
  const { db, temporalAddress = '127.0.0.1:1', taskQueue = 'test' } = options;
  const tenant: TenantId = `ten_${randomBytes(6).toString('hex')}`;
  await createTenant(db, { id: tenant, name: 'Test', timeZone: 'UTC', createdAt: new Date() });
  const temporal = createTemporal(
    { TEMPORAL_ADDRESS: temporalAddress, namespaces: [{ mode: 'test', namespace: 'hydra-test' }] },
    taskQueue,
    {},
  );
  const keys = options.keys ?? {
    ring: parseKeyRing(`k1:${randomBytes(32).toString('base64')}`),
    blindIndexKey: randomBytes(32),
  };
  const streams = createStreams({ db, log: { error() {} } });
  const ear = options.databaseUrl ? listen(options.databaseUrl, { hydra_announced: streams.wake }) : null;
  const alerts = createAlerts({ db, log: { warn() {} } });
  const app = createApp({
    logger: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
    dashboard: options.dashboard ?? null,
    authenticate: createAuthenticate({ db, verifyToken: createTokenVerifier(auth) }),
    parts: {
      db,
      temporal,
      temporalUi: 'http://127.0.0.1:8233',
      metrics: createMetrics({ backlog: () => backlog(db) }),
      usage: createIntake({ db, alerts }),
      keys,
      bases: options.bases ?? {},
      streams,
      outgoing: createOutgoing({ loopback: true, timeoutMs: 1_000 }),
      processors: options.processors ?? createProcessors({ stripe: [] }),
      taxes: options.taxes ?? createTaxes({}),
      licences: { key: licenceKeyOf(randomBytes(32)), anchorKey: randomBytes(32) },
      news: options.news ?? createNews(),
      links: options.links ?? { key: randomBytes(32), publicUrl: 'https://billing.example' },
      patienceMs: options.patienceMs ?? { command: 10_000, payment: 8_000 },
    },
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const as =
    (credential: string | null): Ask =>
    async (method, path, body, headers = {}) => {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text };
    };
  const roleToken: Api['token'] = (role, over = {}) =>
    token({ sub: `the-${role}`, tenant, role, mode: 'test', ...over });
  const owner = as(await roleToken('owner'));
  let count = 0;
  return {
    url,
    db,
    tenant,
    keys,
    as,
    token: roleToken,
    owner,
    async customer(over = {}) {
      const subject = `user-${++count}`;
      const { status, body } = await owner('POST', '/api/customers', { name: 'Ada', subjects: [subject], ...over });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return { id: body.id, ask: as(await roleToken('customer', { sub: subject })) };
    },
    async stop() {
      streams.stop();
      await ear?.stop();
      server.closeAllConnections();
      await alerts.stop();
      await new Promise((resolve) => server.close(resolve));
      await temporal.close();
    },
  };
}

/** On a database of its own, and without workers. */
export async function startApiAlone(options: Omit<Options, 'db'> = {}): Promise<Api> {
  const database = await createTestDatabase();
  const db = createDatabase(database.url, { applicationName: 'test', max: 8 });
  const api = await startApi({ db, databaseUrl: database.url, ...options });
  return {
    ...api,
    async stop() {
      await api.stop();
      await db.destroy();
      await database.drop();
    },
  };
}

/** Publishes what the demo sells: `basic` without a trial, `pro` with one, `team` by the seat; or that document. */
export async function publishPrices({ owner }: Api, document: object = demoPriceBook): Promise<void> {
  const { body: draft } = await owner('POST', '/api/admin/price-books', document);
  const { status, body } = await owner('POST', `/api/admin/price-books/${draft.id}/publish`, {});
  if (status !== 200) throw new Error(JSON.stringify(body));
}

/** How many rows there are in all tables but those that a bad request may not touch anyway. */
export async function rowCounts(db: Db): Promise<Record<string, number>> {
  const tables = [
    'requests',
    'customers',
    'subscriptions',
    'invoices',
    'payment_methods',
    'api_keys',
    'price_books',
  ] as const;
  const counts = await Promise.all(
    tables.map((table) =>
      db
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
  );
  return Object.fromEntries(tables.map((table, i) => [table, Number(counts[i]!.count)]));
}
