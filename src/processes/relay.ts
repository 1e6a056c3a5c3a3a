/**
 * Carries the inbox to the workflows, and the outbox to whoever is told. Temporal may be away when it starts: events wait,
 * and follow when it is back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { accountsOf } from '../accounts/own-accounts.ts';
import { checkpointsIn } from '../audit/checkpoints.ts';
import { createSealer } from '../audit/sealer.ts';
import { loadConfigOrExit } from '../config.ts';
import { createDatabase } from '../db/client.ts';
import { DELIVERIES_CHANNEL } from '../db/endpoints.ts';
import { INBOX_CHANNEL } from '../db/inbox.ts';
import { ANNOUNCED_CHANNEL, OUTBOX_CHANNEL } from '../db/outbox.ts';
import type { Mode } from '../domain/ids.ts';
import { keepSending, mailConsumer } from '../mail/mailer.ts';
import { smtpAt } from '../mail/send.ts';
import { createOutgoing } from '../net/outgoing.ts';
import { alertOfRedactions, createLogger } from '../observability/logger.ts';
import type { Consumer } from '../outbox/consumer.ts';
import { createDeliverer } from '../outbox/deliverer.ts';
import { devicePayments } from '../outbox/device-payments.ts';
import { createNatsConsumer } from '../outbox/nats.ts';
import { createOutboxRelay } from '../outbox/relay.ts';
import { keepConfirming } from '../relay/confirm.ts';
import { listen } from '../relay/listen.ts';
import { createRelay } from '../relay/relay.ts';
import { relaySettings } from '../relay/settings.ts';
import { signalThrough } from '../relay/signal.ts';
import { signingKeyOf } from '../security/checkpoint.ts';
import { separated } from '../security/key-ring.ts';
import { createTaxes } from '../tax/taxes.ts';

const STOP_WITHIN_MS = 3_000;

const config = loadConfigOrExit();
const log = createLogger({ name: 'relay', level: config.LOG_LEVEL });
alertOfRedactions(log);
const db = createDatabase(config.DATABASE_URL, {
  applicationName: 'hydra-relay',
  max: Math.min(config.DATABASE_POOL, 8),
});
const { connectionOptions } = loadClientConnectConfig();
const connection = Connection.lazy({ ...connectionOptions, address: config.TEMPORAL_ADDRESS });
const clients = new Map<Mode, Client>(
  config.namespaces.map(({ mode, namespace }) => [mode, new Client({ connection, namespace })]),
);

const keys = config.INBOX_KEYS ?? separated(config.ENCRYPTION_KEYS, 'inbox');
const relay = createRelay({
  db,
  keys,
  modes: [...clients.keys()],
  signal: signalThrough(clients, relaySettings.signalTimeoutMs),
  log,
});
const processors = accountsOf(db, config);
const confirming = keepConfirming({ db, keys, ring: config.ENCRYPTION_KEYS, processors, log });
const { SMTP_URL, MAIL_FROM, LINK_SIGNING_KEY, PUBLIC_URL } = config;
const customerKeys = { ring: config.ENCRYPTION_KEYS, blindIndexKey: config.BLIND_INDEX_KEY };
const smtp = SMTP_URL && MAIL_FROM ? smtpAt(SMTP_URL, MAIL_FROM) : null;
const sending = smtp && keepSending({ db, keys: customerKeys, smtp, log });
const mail = mailConsumer({
  ...{ db, keys: customerKeys, processors, taxes: createTaxes(config), log, sends: smtp !== null },
  links: { key: LINK_SIGNING_KEY, publicUrl: PUBLIC_URL },
  written: () => sending?.wake(),
});
/** Whoever is told of what happens here. */
const outgoing = createOutgoing({ loopback: config.ENDPOINTS_ON_LOOPBACK === 'yes', timeoutMs: 10_000 });
const endpoints = createDeliverer({ db, ring: config.ENCRYPTION_KEYS, outgoing, log });
const nats = config.NATS_URL ? createNatsConsumer(config.NATS_URL) : null;
const devices = devicePayments({ db, ring: config.ENCRYPTION_KEYS });
const consumers: Consumer[] = [endpoints.consumer, mail, devices, ...(nats ? [nats.consumer] : [])];
const outbox = createOutboxRelay({ db, consumers, log });
const sealer = createSealer({
  db,
  key: signingKeyOf(config.AUDIT_SIGNING_KEY),
  checkpoints: checkpointsIn(config.AUDIT_CHECKPOINTS),
  log,
});
const ear = listen(config.DATABASE_URL, {
  [INBOX_CHANNEL]() {
    relay.wake();
    confirming.wake();
  },
  [OUTBOX_CHANNEL]: outbox.wake,
  [ANNOUNCED_CHANNEL]: outbox.wakeTellers,
  [DELIVERIES_CHANNEL]: endpoints.wake,
});
relay.start();
outbox.start();
endpoints.start();
sealer.start();

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await ear.stop();
  // A signal that hangs is not waited for: what it carried is leased for a little longer, and sent again.
  await Promise.race([
    Promise.all([relay.stop(), confirming.stop(), outbox.stop(), endpoints.stop(), sealer.stop(), sending?.stop()]),
    sleep(STOP_WITHIN_MS),
  ]);
  outgoing.close();
  await Promise.race([nats?.close(), sleep(STOP_WITHIN_MS)]);
  await db.destroy();
  await connection.close();
  log.info({}, 'the relay has stopped');
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);

log.info({ modes: [...clients.keys()] }, 'the relay runs');
process.send?.({ ready: true });
