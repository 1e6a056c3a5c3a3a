/** The way of a processor's news, in this process: the simulator's webhooks, the door, the inbox, the relay. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { listen } from '../../src/relay/listen.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { signalThrough } from '../../src/relay/signal.ts';
import { type KeyRing, parseKeyRing } from '../../src/security/key-ring.ts';
import { createDoor, type Door } from '../../src/webhooks/door.ts';
import type { Engine } from './engine.ts';

export type News = {
  stripe: Stripe;
  /** Of the inbox. */
  keys: KeyRing;
  /** What the door or the relay has complained of. */
  problems: string[];
  inbox(): Promise<{ type: string; state: string; reason: string | null; facts: unknown }[]>;
  stop(): Promise<void>;
};

export const isSettled = (rows: readonly { state: string }[]): boolean =>
  rows.every(({ state }) => state === 'applied' || state === 'ignored');

export async function startNews(engine: Engine): Promise<News> {
  const problems: string[] = [];
  const complain = (fields: object, message: string) => void problems.push(`${message} ${JSON.stringify(fields)}`);
  const log = { info() {}, warn: complain, error: complain };
  const { port } = engine.simulator;
  const stripe = new Stripe('sk_test_simulated', { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
  let door: Door = () => false;
  const server = createServer((req, res) => void (door(req, res) || res.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhooks/stripe`;
  const { secret } = await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  const keys = parseKeyRing(`t1:${randomBytes(32).toString('base64')}`);
  const account = { id: 'default', mode: 'test', secrets: [secret ?? ''] } as const;
  door = createDoor({ db: engine.db, keys, stripe: [account], log });
  const relay = createRelay({
    db: engine.db,
    keys,
    modes: ['test'],
    signal: signalThrough(new Map([['test', engine.client]]), 5_000),
    log,
  });
  const ear = listen(engine.databaseUrl, { hydra_inbox: relay.wake });
  relay.start();
  return {
    stripe,
    keys,
    problems,
    inbox: () => engine.db.selectFrom('inbox').select(['type', 'state', 'reason', 'facts']).orderBy('seq').execute(),
    async stop() {
      server.close();
      await ear.stop();
      await relay.stop();
    },
  };
}
