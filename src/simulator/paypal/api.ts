/** PayPal's API as HTTP: who asks, what for, has it been asked before; then the answer, or none. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from './call.ts';
import { catalogRoutes } from './catalog.ts';
import { disputeRoutes } from './disputes.ts';
import type { Engine } from './engine.ts';
import { invalid, Refused, unauthorized, unknownRoute } from './errors.ts';
import { notificationRoutes, publicRoutes } from './notifications.ts';
import { orderRoutes } from './orders.ts';
import { refundRoutes } from './refunds.ts';
import { reportingRoutes } from './reporting.ts';
import type { Route } from './route.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { vaultRoutes } from './vault.ts';

const routes: readonly Route[] = [
  ...catalogRoutes,
  ...subscriptionRoutes,
  ...orderRoutes,
  ...refundRoutes,
  ...vaultRoutes,
  ...disputeRoutes,
  ...reportingRoutes,
  ...notificationRoutes,
];

const PATHS =
  /^\/(?:v1\/(?:oauth2|catalogs|billing\/(?:plans|subscriptions)|payments\/(?:sale|refund)|notifications|customer\/disputes|reporting\/transactions)|v2\/(?:checkout|payments)|v3\/vault)(?:\/|$)/;

/** Both processors listen at one address: the path tells whose it is, and where it is unknown the token does. */
export const isPaypal = (request: IncomingMessage, path: string): boolean =>
  PATHS.test(path) || (request.headers.authorization ?? '').startsWith(`Bearer ${PREFIX}`);

const PREFIX = 'A21AA';
const TOKEN_LIVES_S = 32_400;
const HOUR = 3_600_000;
/** Orders forget request ids after six hours, the others after days. */
const keysLiveMs = (path: string): number => (path.startsWith('/v2/checkout') ? 6 * HOUR : 45 * 24 * HOUR);

type Reply = { status: number; body: string; losing: number; holdMs: number; type?: string };

export class PaypalApi {
  readonly #engine: Engine;
  readonly #closing = new AbortController();
  readonly #inUse = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL, body: string): Promise<void> {
    const debug = randomBytes(7).toString('hex').slice(0, 13);
    const headers = { 'content-type': 'application/json', 'paypal-debug-id': debug };
    const key = `${request.method} ${url.pathname} ${request.headers['paypal-request-id']}`;
    const isKeyed = request.headers['paypal-request-id'] !== undefined && request.method === 'POST';
    try {
      if (url.pathname === '/v1/oauth2/token')
        return send(response, 200, headers, JSON.stringify(this.#token(request, body)));
      const isPublic = publicRoutes.some(({ pattern }) => pattern.test(url.pathname));
      if (!isPublic) this.#authenticate(request.headers.authorization);
      if (isKeyed) {
        if (this.#inUse.has(key)) {
          throw new Refused(409, 'RESOURCE_CONFLICT', 'A request with the same PayPal-Request-Id is in progress.', [
            {
              issue: 'PREVIOUS_REQUEST_IN_PROGRESS',
              description: 'A previous request on this resource is in progress.',
            },
          ]);
        }
        this.#inUse.add(key);
      }
      const reply = this.#answer(request, url, body, isKeyed ? key : null);
      if (reply.losing > 0) {
        response.destroy();
        return;
      }
      if (reply.holdMs > 0) await sleep(reply.holdMs, undefined, { signal: this.#closing.signal, ref: false });
      send(response, reply.status, { ...headers, ...(reply.type && { 'content-type': reply.type }) }, reply.body);
    } catch (error) {
      if (error instanceof Refused) {
        const text = JSON.stringify({ ...error.body, debug_id: debug, links: [] });
        send(response, error.status, { ...headers, ...error.headers }, text);
      } else if (this.#closing.signal.aborted) response.destroy();
      else throw error;
    } finally {
      if (isKeyed) this.#inUse.delete(key);
    }
  }

  stop(): void {
    this.#closing.abort();
  }

  #answer(request: IncomingMessage, url: URL, text: string, key: string | null): Reply {
    const { pathname, searchParams: query } = url;
    const method = request.method ?? 'GET';
    const all = [...routes, ...publicRoutes];
    const found = all.find((each) => each.method === method && each.pattern.test(pathname));
    if (found === undefined) throw unknownRoute(method, pathname);
    const id = found.pattern.exec(pathname)?.[1] ?? '';
    if (pathname === '/v2/checkout/orders' && key === null && text.includes('"vault_id"')) {
      throw invalid('PayPal-Request-Id', 'A PayPal-Request-Id is required.', 'PAYPAL_REQUEST_ID_REQUIRED');
    }
    const isFull = request.headers.prefer === 'return=representation';
    const run = (call: Call): Reply => {
      const kept = key === null ? undefined : call.store.get('sim.key', key);
      if (key !== null && kept !== undefined && call.world.now() - kept.at <= keysLiveMs(pathname)) {
        if (kept.losing > 0) call.store.put('sim.key', { ...kept, losing: kept.losing - 1 });
        return { status: kept.status, body: kept.body, losing: kept.losing, holdMs: 0 };
      }
      if (method === 'POST') interruptedBefore(call);
      const { status, body } = found.run(call, { id, body: parse(text), query, isFull });
      const shown = body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      const met = method === 'POST' ? call.meets('answer_lost', 'hangs') : null;
      const losing = met?.behaviour === 'answer_lost' ? met.requests : 0;
      if (key !== null) {
        call.store.put('sim.key', {
          id: key,
          status,
          body: shown,
          at: call.world.now(),
          losing: Math.max(0, losing - 1),
        });
      }
      const holdMs = met?.behaviour === 'hangs' ? met.seconds * 1000 : 0;
      return {
        status,
        body: shown,
        losing,
        holdMs,
        ...(typeof body === 'string' && { type: 'application/x-pem-file' }),
      };
    };
    let met: readonly string[] = [];
    try {
      return this.#engine.act((call) => {
        met = call.met;
        return run(call);
      });
    } catch (error) {
      if (error instanceof Refused && met.length > 0)
        this.#engine.act((call) => {
          for (const each of met) call.useUp(each);
        });
      throw error;
    }
  }

  #token(request: IncomingMessage, body: string): object {
    const [scheme, credentials = ''] = (request.headers.authorization ?? '').split(' ');
    const [id = '', secret = ''] = Buffer.from(credentials, 'base64').toString().split(':');
    const isRight = scheme === 'Basic' && id !== '' && secret !== '' && secret !== 'refused';
    if (!isRight) throw new Refused(401, 'invalid_client', 'Client Authentication failed');
    if (new URLSearchParams(body).get('grant_type') !== 'client_credentials') {
      throw new Refused(400, 'unsupported_grant_type', 'Grant Type is NULL');
    }
    const now = this.#engine.world.now();
    const access_token = `${PREFIX}${now.toString(36)}-${randomBytes(60).toString('base64url')}`;
    const scope =
      'https://uri.paypal.com/services/subscriptions https://uri.paypal.com/services/vault/payment-tokens/readwrite';
    return {
      scope,
      access_token,
      token_type: 'Bearer',
      app_id: 'APP-80W284485P519543T',
      expires_in: TOKEN_LIVES_S,
      nonce: now,
    };
  }

  /** A token says when it was made; after a restart it is still good. */
  #authenticate(authorization: string | undefined): void {
    const [, madeAt = ''] = new RegExp(`^Bearer ${PREFIX}([0-9a-z]{6,12})-`).exec(authorization ?? '') ?? [];
    const at = Number.parseInt(madeAt, 36);
    const { store, now } = this.#engine.world;
    const isGood = at >= (store.get('sim.revoked', 'tokens')?.at ?? 0) && now() - at < TOKEN_LIVES_S * 1000;
    if (!isGood) throw unauthorized();
  }
}

/** Some trouble comes before anything is done. */
function interruptedBefore(call: Call): void {
  const met = call.meets('server_error', 'rate_limited');
  if (met?.behaviour === 'server_error')
    throw new Refused(500, 'INTERNAL_SERVER_ERROR', 'An internal server error has occurred.');
  if (met?.behaviour === 'rate_limited') {
    const after: Record<string, string> = met.retryAfter === null ? {} : { 'retry-after': String(met.retryAfter) };
    throw new Refused(429, 'RATE_LIMIT_REACHED', 'Too many requests. Blocked due to rate limiting.', undefined, after);
  }
}

function parse(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, 'INVALID_REQUEST', 'The request JSON is not well formed.');
  }
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
