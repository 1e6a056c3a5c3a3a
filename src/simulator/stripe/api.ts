/** Stripe's API as HTTP: who asks, what for, has it been asked before; then the answer, or none. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeForm, type Tree } from '../form.ts';
import { newId } from '../ids.ts';
import { meetEndpoint } from './endpoint-troubles.ts';
import type { Engine } from './engine.ts';
import { Refused, unauthorized, unknownRoute } from './errors.ts';
import { expanded } from './expand.ts';
import { interrupted, refusalBefore } from './habits.ts';
import { answerKept, fingerprintOf, KeysInUse } from './idempotency.ts';
import { list, parse, text } from './params.ts';
import { type Answer, Rehearsed } from './route.ts';
import { findRoute } from './routes.ts';
import type { KeptAnswer } from './tables.ts';
import { API_VERSION } from './version.ts';

type Reply = { status: number; body: string; losing: number; holdMs: number; headers: Record<string, string> };

export class StripeApi {
  readonly #engine: Engine;
  readonly #inUse = new KeysInUse();
  readonly #closing = new AbortController();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL, body: string): Promise<void> {
    const id = newId('req', 14);
    const key = request.method === 'POST' ? headerOf(request, 'idempotency-key') : undefined;
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'request-id': id,
      'stripe-version': headerOf(request, 'stripe-version') ?? API_VERSION,
      ...(key !== undefined && { 'idempotency-key': key }),
    };
    let release = () => {};
    try {
      authenticate(request.headers.authorization);
      if (key !== undefined) release = this.#inUse.claim(key);
      const params = decodeForm(request.method === 'POST' ? body : url.search.slice(1));
      const reply = this.#answer(id, request.method ?? 'GET', url.pathname, params, key);
      if (reply.losing > 0) {
        response.destroy();
        return;
      }
      if (reply.holdMs > 0) await sleep(reply.holdMs, undefined, { signal: this.#closing.signal, ref: false });
      send(response, reply.status, { ...headers, ...reply.headers }, reply.body);
    } catch (error) {
      if (error instanceof Rehearsed) send(response, error.answer.status, headers, JSON.stringify(error.answer.body));
      else if (error instanceof Refused) send(response, error.status, headers, JSON.stringify(error.body));
      else if (this.#closing.signal.aborted) response.destroy();
      else throw error;
    } finally {
      release();
    }
  }

  /** Held answers are never sent: their clients see the connection close. */
  stop(): void {
    this.#closing.abort();
  }

  #answer(id: string, method: string, path: string, params: Tree, key: string | undefined): Reply {
    const found = findRoute(method, path);
    if (found === undefined) throw unknownRoute(method, path);
    return this.#engine.run({ id, idempotency_key: key ?? null }, (call) => {
      const fingerprint = key === undefined ? '' : fingerprintOf(path, params);
      const kept = key === undefined ? undefined : answerKept(call.store.get('sim.key', key), fingerprint, call.timeMs);
      if (kept !== undefined) {
        if (kept.losing > 0) call.store.put('sim.key', { ...kept, losing: kept.losing - 1 });
        return replayed(kept);
      }
      const interruption = meetEndpoint(call, method, path);
      const refusal = refusalBefore(interruption);
      if (refusal !== null) return fresh(refusal, JSON.stringify(refusal.body));
      const given = interrupted(found.route.run(call, params, found.id), interruption);
      const body = JSON.stringify(given.status === 200 ? expanded(call, given.body, expandParam(params)) : given.body);
      if (key !== undefined && given.keep) {
        const losing = Math.max(0, given.losing - 1);
        const { status } = given;
        call.store.put('sim.key', { id: key, request: id, fingerprint, status, body, at: call.timeMs, losing });
      }
      return fresh(given, body);
    });
  }
}

const fresh = ({ status, losing, holdMs, headers }: Answer, body: string): Reply => ({
  status,
  body,
  losing,
  holdMs,
  headers,
});

const replayed = ({ status, body, losing, request }: KeptAnswer): Reply => ({
  status,
  body,
  losing,
  holdMs: 0,
  headers: { 'idempotent-replayed': 'true', 'original-request': request },
});

const expandParam = ({ expand }: Tree) => (expand === undefined ? [] : parse(list(text), expand as Tree));

/** A bearer, or the user name of basic authentication as in `curl -u`. There is test mode only. */
function authenticate(authorization: string | undefined): void {
  const [scheme, credentials = ''] = (authorization ?? '').split(' ');
  const basic = scheme?.toLowerCase() === 'basic';
  const key = basic ? Buffer.from(credentials, 'base64').toString().split(':')[0]! : credentials;
  if (key === '') {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (!/^(sk|rk)_test_\w+$/.test(key)) throw unauthorized(`Invalid API Key provided: ${masked(key)}`);
}

const masked = (key: string) => `${key.slice(0, 3)}${'*'.repeat(8)}${key.length > 12 ? key.slice(-4) : ''}`;

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
