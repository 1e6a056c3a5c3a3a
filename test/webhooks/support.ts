import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { createDoor, type PaypalWebhook, type WebhookAccount } from '../../src/webhooks/door.ts';
import type { Limits } from '../../src/webhooks/limit.ts';

export const KEYS = parseKeyRing(`t1:${randomBytes(32).toString('base64')}`);
export const SECRET = 'whsec_of_the_tests';
export const DEFAULT: WebhookAccount = { id: 'default', mode: 'test', secrets: [SECRET] };

/** A door over HTTP for one test, and what it has logged and counted. */
export async function openDoor(...given: Parameters<typeof startDoor>) {
  const { close, ...door } = await startDoor(...given);
  onTestFinished(close);
  return door;
}

export async function startDoor(
  db: Db,
  stripe: readonly WebhookAccount[] = [DEFAULT],
  limits?: Limits,
  paypal: readonly PaypalWebhook[] = [],
) {
  const logged: { level: string; fields: object; message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
  const counted: string[] = [];
  const count = (outcome: string) => void counted.push(outcome);
  const door = createDoor({
    db,
    keys: KEYS,
    stripe,
    paypal,
    log: { warn: log('warn'), error: log('error') },
    count,
    ...(limits && { limits }),
  });
  const server = createServer((req, res) => {
    if (!door(req, res)) res.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhooks/stripe`;
  return { url, logged, counted, close };
}

export const signed = (payload: string, secret = SECRET, timestamp = Math.floor(Date.now() / 1000)): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });

export async function deliver(url: string, event: object, signature?: string): Promise<Response> {
  const body = JSON.stringify(event);
  return fetch(url, { method: 'POST', body, headers: { 'stripe-signature': signature ?? signed(body) } });
}
