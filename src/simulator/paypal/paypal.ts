/** PayPal's side of the simulator, in one piece: what the server hands over to it, and when it stops. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Store } from '../store.ts';
import { Dispatcher } from '../webhooks/dispatcher.ts';
import { isPaypal, PaypalApi } from './api.ts';
import { approvalPage, approve, tokenOf } from './approve.ts';
import { paypalControl, rootsOf } from './control.ts';
import { Engine } from './engine.ts';
import { Refused } from './errors.ts';
import { paypalOutlet } from './outlet.ts';
import { paypalOverview } from './overview.ts';
import type { Tables } from './tables.ts';

export type PaypalOptions = {
  dataFile: string | null;
  now: () => number;
  url: () => string;
  retryBaseMs: number;
  webhook: { id: string; url: string } | null;
};

export class Paypal {
  readonly #store: Store<Tables>;
  readonly #engine: Engine;
  readonly #dispatcher: Dispatcher;
  readonly #api: PaypalApi;

  constructor({ dataFile, now, url, retryBaseMs, webhook }: PaypalOptions) {
    this.#store = new Store<Tables>(dataFile);
    this.#engine = new Engine({ store: this.#store, now, url, own: webhook }, (ids) => this.#dispatcher.enqueue(ids));
    this.#dispatcher = new Dispatcher(paypalOutlet(this.#engine), retryBaseMs);
    this.#api = new PaypalApi(this.#engine);
  }

  get pendingDeliveries(): number {
    return this.#dispatcher.pending;
  }

  /** False where the request is for somebody else. */
  async handle(request: IncomingMessage, response: ServerResponse, url: URL, body: string): Promise<boolean> {
    const { pathname } = url;
    const method = request.method ?? 'GET';
    const controlled = { engine: this.#engine, dispatcher: this.#dispatcher };
    const token = tokenOf(url);
    if (token !== null) this.#approval(method, token, body, response);
    else if (pathname === '/_sim/paypal') page(response, 200, paypalOverview(controlled));
    else if (pathname === '/_sim/paypal/roots.pem') {
      response.writeHead(200, { 'content-type': 'application/x-pem-file' }).end(rootsOf(controlled));
    } else if (pathname.startsWith('/_sim/paypal/')) {
      const { status, body: result } = paypalControl(controlled, method, pathname.slice('/_sim/paypal/'.length), body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(result));
    } else if (isPaypal(request, pathname)) await this.#api.handle(request, response, url, body);
    else return false;
    return true;
  }

  stop(): void {
    this.#engine.stop();
    this.#dispatcher.stop();
    this.#api.stop();
  }

  close(): void {
    this.#store.close();
  }

  #approval(method: string, token: string, body: string, response: ServerResponse): void {
    try {
      const outcome = new URLSearchParams(body).get('outcome') === 'approve' ? 'approve' : 'cancel';
      const back = method === 'POST' ? this.#engine.act((call) => approve(call, token, outcome)) : null;
      if (back === null) page(response, 200, approvalPage(this.#engine, token));
      else response.writeHead(303, { location: back }).end();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      page(response, 404, 'There is nothing to agree to.');
    }
  }
}

function page(response: ServerResponse, status: number, body: string): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'x-content-type-options': 'nosniff',
  };
  response.writeHead(status, headers).end(body);
}
