/**
 * A payment processor in one process: Stripe's HTTP API for the official client, its webhooks, and pages and switches
 * of its own. It knows nothing of who uses it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { control } from './control/api.ts';
import type { Controlled } from './control/controlled.ts';
import { overview } from './control/pages.ts';
import { hosted } from './hosted/hosted.ts';
import type { Shown } from './hosted/shown.ts';
import { Paypal } from './paypal/paypal.ts';
import { Store } from './store.ts';
import { StripeApi } from './stripe/api.ts';
import { Engine } from './stripe/engine.ts';
import { KEYS_LIVE_MS } from './stripe/idempotency.ts';
import { type Receiver, stripeOutlet } from './stripe/outlet.ts';
import { react } from './stripe/reactions.ts';
import type { KeptAnswer, Tables } from './stripe/tables.ts';
import { Dispatcher } from './webhooks/dispatcher.ts';

export type SimulatorOptions = {
  port: number;
  host?: string;
  /** Where everything is kept; in memory only when absent. */
  dataFile?: string;
  /** Who hears every event. */
  webhook?: Receiver;
  /** Who hears every event of PayPal's, and as which webhook it is registered there. */
  paypalWebhook?: { id: string; url: string };
  /** Milliseconds. */
  now?: () => number;
  retryBaseMs?: number;
  /** Where a customer's browser finds the 3-D Secure page, if that isn't where we listen. */
  publicUrl?: string;
};
export type Simulator = { url: string; port: number; stop: () => Promise<void> };

const OWN_ENDPOINT = 'we_environment';
const MAX_BODY_BYTES = 1024 * 1024;

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const {
    port,
    host = '127.0.0.1',
    dataFile = null,
    webhook,
    paypalWebhook = null,
    now = Date.now,
    retryBaseMs = 500,
    publicUrl,
  } = options;
  const isStale = (table: string, row: object) => table === 'sim.key' && now() - (row as KeptAnswer).at > KEYS_LIVE_MS;
  const store = new Store<Tables>(dataFile, isStale);
  let url = '';
  const untold = (event: string): number => dispatcher.untold(event);
  const world = {
    store,
    now,
    url: () => publicUrl ?? url,
    untold,
    react,
    ownEndpoint: webhook === undefined ? null : OWN_ENDPOINT,
  };
  const engine = new Engine(world, (deliveries) => dispatcher.enqueue(deliveries));
  const own = webhook ? { id: OWN_ENDPOINT, ...webhook } : null;
  const dispatcher = new Dispatcher(stripeOutlet(engine, own), retryBaseMs);
  const stripe = new StripeApi(engine);
  const paypal = new Paypal({
    dataFile: dataFile === null ? null : `${dataFile}.paypal`,
    ...{ now, url: world.url, retryBaseMs, webhook: paypalWebhook },
  });
  let busy = 0;
  const pendingElsewhere = (): number => paypal.pendingDeliveries;
  const controlled: Controlled = { engine, dispatcher, isBusy: () => busy > 0, pendingElsewhere };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      console.error('simulator:', error);
      if (!response.headersSent)
        answer(response, 500, JSON.stringify({ error: { type: 'api_error', message: 'The simulator has a bug.' } }));
      else response.destroy();
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    const address = `http://simulator${request.url}`;
    if (!URL.canParse(address)) return refuse(response, 400, 'Invalid request URL.');
    const target = new URL(address);
    if (body === null) return refuse(response, 413, 'Request body too large.');
    const method = request.method ?? 'GET';
    if (target.pathname === '/' && method === 'GET') return page(response, overview(controlled));
    if (/^\/(sim|_sim\/3ds)\//.test(target.pathname)) {
      const shown = hosted(controlled, method, target, body);
      if (shown === null) return answer(response, 404, JSON.stringify({ error: `no page ${target.pathname}` }));
      return show(response, shown);
    }
    if (await paypalHandles(request, response, target, body)) return;
    if (target.pathname.startsWith('/_sim/')) {
      const { status, body: result } = control(controlled, method, target, body);
      return answer(response, status, JSON.stringify(result));
    }
    busy += 1;
    try {
      await stripe.handle(request, response, target, body);
    } finally {
      busy -= 1;
    }
  }

  async function paypalHandles(...given: Parameters<Paypal['handle']>): Promise<boolean> {
    busy += 1;
    try {
      return await paypal.handle(...given);
    } finally {
      busy -= 1;
    }
  }

  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const bound = (server.address() as AddressInfo).port;
  url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  let stopped: Promise<void> | undefined;
  async function shutDown(): Promise<void> {
    engine.stop();
    dispatcher.stop();
    stripe.stop();
    paypal.stop();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    store.close();
    paypal.close();
  }
  return {
    url,
    port: bound,
    stop() {
      stopped ??= shutDown();
      return stopped;
    },
  };
}

/** Null when it is too large; the rest is read and forgotten, so that the answer is heard. */
async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  answer(response, status, JSON.stringify({ error: { type: 'invalid_request_error', message } }));
}

function show(response: ServerResponse, shown: Shown): void {
  if ('html' in shown) page(response, shown.html);
  else if ('json' in shown) answer(response, 200, JSON.stringify(shown.json));
  else if ('redirect' in shown) response.writeHead(303, { location: shown.redirect }).end();
  else response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(shown.script);
}

function page(response: ServerResponse, body: string): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'",
    'x-content-type-options': 'nosniff',
  };
  response.writeHead(200, headers).end(body);
}
