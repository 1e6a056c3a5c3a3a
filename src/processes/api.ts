/** Serves HTTP: the doors of webhooks and usage first, then everything else. Temporal may be away when it starts. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { accountsOf } from '../accounts/own-accounts.ts';
import { createOwnWebhooks } from '../accounts/own-webhooks.ts';
import { createApp } from '../api/app.ts';
import { dashboardAt } from '../api/dashboard.ts';
import { createNews } from '../api/news.ts';
import { createAuthenticate } from '../auth/authenticate.ts';
import { licenceKeyOf } from '../auth/licences.ts';
import { createTokenVerifier } from '../auth/tokens.ts';
import { loadConfigOrExit } from '../config.ts';
import { createDatabase } from '../db/client.ts';
import { ENTITLEMENTS_CHANNEL } from '../db/entitlements.ts';
import { backlog } from '../db/messages.ts';
import { ANNOUNCED_CHANNEL } from '../db/outbox.ts';
import { createOutgoing } from '../net/outgoing.ts';
import { alertOfRedactions, createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { createStreams } from '../outbox/streams.ts';
import { DEFAULT_ACCOUNT, modeOfPaypal, modeOfStripeKey } from '../processors/processors.ts';
import { listen } from '../relay/listen.ts';
import { separated } from '../security/key-ring.ts';
import { methodName } from '../security/method-name.ts';
import { createTaxes } from '../tax/taxes.ts';
import { createTemporal } from '../temporal/temporal.ts';
import { createAlerts } from '../usage/alerts.ts';
import { createUsageDoor } from '../usage/door.ts';
import { createIntake } from '../usage/intake.ts';
import { keepUsageParts } from '../usage/upkeep.ts';
import { createDoor, type PaypalWebhook } from '../webhooks/door.ts';
import { createCertificates, trustAt } from '../webhooks/paypal-certificates.ts';

/** Longer than a request may take, shorter than an orchestrator's patience. */
const GRACE_MS = 20_000;

const config = loadConfigOrExit();
const logger = createLogger({ name: 'api', level: config.LOG_LEVEL });
alertOfRedactions(logger);
const db = createDatabase(config.DATABASE_URL, { applicationName: 'hydra-api', max: config.DATABASE_POOL });
const temporal = createTemporal(config, config.TEMPORAL_TASK_QUEUE);
const metrics = createMetrics({ backlog: () => backlog(db) });
const stripeKeys = config.STRIPE_API_KEY ?? [];
/** From where the build puts this file. */
const builtPages = fileURLToPath(new URL('../../dashboard', import.meta.url));

const news = createNews();
const streams = createStreams({ db, log: logger });
const ear = listen(config.DATABASE_URL, { [ENTITLEMENTS_CHANNEL]: news.tell, [ANNOUNCED_CHANNEL]: streams.wake });
const authenticate = createAuthenticate({ db, verifyToken: createTokenVerifier(config) });
const alerts = createAlerts({ db, log: logger });
const usage = createIntake({ db, alerts });

const app = createApp({
  logger,
  dashboard: dashboardAt(config.DASHBOARD_DIR ?? builtPages, config.STRIPE_API_BASE),
  authenticate,
  parts: {
    db,
    temporal,
    temporalUi: config.TEMPORAL_UI_URL ?? null,
    metrics,
    streams,
    outgoing: createOutgoing({ loopback: config.ENDPOINTS_ON_LOOPBACK === 'yes', timeoutMs: 10_000 }),
    usage,
    keys: { ring: config.ENCRYPTION_KEYS, blindIndexKey: config.BLIND_INDEX_KEY },
    processors: accountsOf(db, config),
    bases: config,
    taxes: createTaxes(config),
    licences: { key: licenceKeyOf(config.LICENSE_SIGNING_KEY), anchorKey: config.ANCHOR_KEY },
    news,
    links: { key: config.LINK_SIGNING_KEY, publicUrl: config.PUBLIC_URL },
    patienceMs: { command: 10_000, payment: 8_000 },
  },
});
const door = createDoor({
  db,
  log: logger,
  keys: config.INBOX_KEYS ?? separated(config.ENCRYPTION_KEYS, 'inbox'),
  stripe: [...new Set(stripeKeys.map(modeOfStripeKey))].map((mode) => ({
    id: DEFAULT_ACCOUNT,
    mode,
    secrets: (config.STRIPE_WEBHOOK_SECRET ?? [])
      .filter((each) => each.mode === null || each.mode === mode)
      .map(({ secret }) => secret),
  })),
  paypal: paypalWebhooks(),
  own: createOwnWebhooks({ db, ring: config.ENCRYPTION_KEYS, methodKey: config.BLIND_INDEX_KEY, bases: config }),
  count: (outcome) => metrics.webhooks.inc({ outcome }),
});

function paypalWebhooks(): PaypalWebhook[] {
  const { PAYPAL_CLIENT_ID, PAYPAL_WEBHOOK_ID: webhookId, PAYPAL_API_BASE: base, BLIND_INDEX_KEY: key } = config;
  if (!PAYPAL_CLIENT_ID || !webhookId) return [];
  const mode = modeOfPaypal(base);
  const nameOf = (vaultId: string) => methodName(key, { account: DEFAULT_ACCOUNT, mode }, vaultId);
  return [{ id: DEFAULT_ACCOUNT, mode, nameOf, webhookId, certificates: createCertificates(trustAt(base, mode)) }];
}

const usageDoor = createUsageDoor({ authenticate, intake: usage, log: logger }, app);
const server = createServer((request, response) => door(request, response) || usageDoor(request, response));
server.requestTimeout = 30_000;
server.headersTimeout = 10_000;

server.on('error', (error) => {
  logger.fatal({ err: error }, 'cannot listen');
  process.exit(1);
});
server.listen(config.PORT, config.HOST, () => {
  const { port } = server.address() as AddressInfo;
  const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
  const url = `http://${host}:${port}`;
  logger.info({ url }, 'the API listens');
  process.send?.({ ready: true, url });
});

const upkeep = keepUsageParts(db, logger);

let stopping = false;
/** What is being answered is answered; new connections are refused. */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  const closed = new Promise((resolve) => server.close(resolve));
  news.close();
  streams.stop();
  server.closeIdleConnections();
  const impatience = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(impatience);
  await ear.stop();
  upkeep.stop();
  await alerts.stop();
  await temporal.close();
  await db.destroy();
  logger.info('the API has stopped');
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);
