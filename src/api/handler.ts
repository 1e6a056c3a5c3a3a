/** One way for every route: who is it, may they, what do they say; then the route's own work, once. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, { type Request, type RequestHandler, type Response } from 'express';
import type { Authenticate, Authenticated } from '../auth/authenticate.ts';
import { isGranted, type Principal } from '../auth/principal.ts';
import { isCsrf } from '../auth/sessions.ts';
import { reserveSubscription } from '../db/requests.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Logger } from '../observability/logger.ts';
import { doneFor } from '../request-at-hand.ts';
import { refuseSensitive, refuseSensitiveHeaders } from './guard.ts';
import { keyFrom, once, requestIdOf } from './once.ts';
import { badField, notFound, Problem } from './problem.ts';
import type { Call, Paper, Parts, Reply, Route } from './route.ts';
import { customerId } from './schemas.ts';

const parseJson = express.json({ limit: '256kb', strict: true, type: () => true });
const parseLarge = express.json({ limit: '1mb', strict: true, type: () => true });

export function handlerOf(route: Route, parts: Parts, authenticate: Authenticate): RequestHandler {
  return async (request, response) => {
    const principal = admit(route, await authenticate(request.get('authorization'), request.get('cookie')));
    if (principal.session) refuseForged(principal.session, request);
    const log = (response.locals.log as Logger).child({
      tenant: principal.tenant,
      mode: principal.mode,
      principal: principal.ref,
    });
    response.locals.log = log;
    refuseSensitiveHeaders(request.headers);
    refuseSensitive({ ...request.params, tenant: principal.tenant });
    refuseSensitive(request.query);
    const customer = actingOn(route, principal, request.get('hydra-customer'));
    const scope = { tenant: principal.tenant, mode: principal.mode };
    const requestId = String(response.locals.requestId);
    const params = route.params ? route.params.parse(request.params) : {};
    const { wantsCsv, asked } = formatOf(route, request);
    const query = route.query ? route.query.parse(asked) : nothingIn(asked);
    const body = await bodyOf(route, request, response);
    const name = `${route.method.toUpperCase()} ${route.path}`;
    const key = route.method === 'post' ? (keyFrom(request.get('idempotency-key')) ?? requestId) : requestId;
    const row = { ...scope, principal: principal.ref, route: name, key };
    const call: Call = {
      parts,
      principal,
      scope,
      customer,
      params,
      query,
      body,
      requestId,
      lastEventId: request.get('last-event-id') ?? null,
      wantsCsv,
      request: requestIdOf(scope, principal.ref, name, key),
      bind: (subscription) => reserveSubscription(parts.db, row, subscription),
      log,
    };
    const work = () => doneFor(requestId, () => route.handle(call));
    const reply =
      route.method === 'post' && !route.pure
        ? await once(parts, row, { params, query, body, customer }, work)
        : await work();
    await send(route, call, reply, response);
  };
}

export function admit(route: Route, authenticated: Authenticated): Principal {
  switch (authenticated.outcome) {
    case 'unavailable':
      throw new Problem(503, 'identity_unavailable', 'the identity provider’s keys can’t be read just now', {
        retryAfterSeconds: 5,
      });
    case 'refused':
      throw new Problem(401, authenticated.code, authenticated.detail, {
        headers: { 'www-authenticate': `Bearer error="${authenticated.code}"` },
      });
    case 'without_customer':
      throw new Problem(403, 'customer_unknown', 'no customer is mapped to this user');
    case 'authenticated': {
      const { principal, tenantKnown } = authenticated;
      if (!tenantKnown && !route.anyTenant)
        throw new Problem(403, 'tenant_unknown', 'the token’s tenant does not exist');
      if (!route.who.includes(principal.caller)) {
        throw new Problem(403, 'not_allowed', `this is for ${route.who.join(', ')}; you are ${principal.caller}`);
      }
      if (!isGranted(principal, route.grant)) {
        throw new Problem(403, 'scope_missing', `the service key lacks ${route.grant}`);
      }
      return principal;
    }
  }
}

/** A cookie comes along whoever sends the browser here; our own pages know the word that belongs to it. */
function refuseForged({ csrf }: NonNullable<Principal['session']>, request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (isCsrf(csrf, request.get('x-csrf-token'))) return;
  throw new Problem(403, 'csrf_token_missing', 'with a cookie, X-CSRF-Token has to be what GET /api/session says');
}

/** A customer acts on itself. Naming somebody else is like naming nobody: that one is not there for them. */
function actingOn(route: Route, { caller, customer }: Principal, header: string | undefined): CustomerId | null {
  if (header === undefined) return customer;
  if (!route.actsOnCustomer) throw badField('Hydra-Customer', 'this route acts on no customer');
  const named = customerId.safeParse(header);
  if (!named.success) throw badField('Hydra-Customer', 'the id of a customer');
  if ((caller === 'customer' || customer !== null) && named.data !== customer) throw notFound('customer');
  return named.data;
}

/** The query without `format`, and what that or the header asks for. */
function formatOf(route: Route, request: Request): { wantsCsv: boolean; asked: Request['query'] } {
  if (!route.csv) return { wantsCsv: false, asked: request.query };
  const { format, ...asked } = request.query;
  if (format === undefined) return { wantsCsv: request.accepts(['json', 'csv']) === 'csv', asked };
  if (format !== 'json' && format !== 'csv') throw badField('format', 'json or csv');
  return { wantsCsv: format === 'csv', asked };
}

export function nothingIn(query: Request['query']): object {
  const [name] = Object.keys(query);
  if (name !== undefined) throw badField(name, 'is not known here');
  return {};
}

/** Read only now: what a stranger sends is never parsed. */
export async function bodyOf(
  route: Pick<Route, 'body' | 'method' | 'mayHold' | 'large'>,
  request: Request,
  response: Response,
): Promise<unknown> {
  if (!route.body && route.method !== 'post') return {};
  const sent = Number(request.get('content-length') ?? 0) > 0 || request.get('transfer-encoding') !== undefined;
  if (sent && !/^application\/(\S+\+)?json\s*(;|$)/i.test(request.get('content-type') ?? '')) {
    throw new Problem(415, 'unsupported_media_type', 'send application/json');
  }
  await new Promise<void>((resolve, reject) => {
    (route.large ? parseLarge : parseJson)(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
  });
  const body: unknown = request.body ?? {};
  if (!route.large) refuseSensitive(body, route.mayHold);
  if (route.body) return route.body.parse(body);
  const [name] = Object.keys(body as object);
  if (name !== undefined) throw badField(name, 'is not known here');
  return {};
}

async function send(route: Route, call: Call, reply: Reply, response: Response): Promise<void> {
  response.status(reply.status).set(reply.headers ?? {});
  if (reply.paper) return sendPaper(reply.paper, response);
  if (reply.stream) return sendStream(reply.stream, response);
  if (!reply.body) return void response.end();
  const isWhole = !route.complete || reply.status === 202;
  const body = isWhole ? reply.body : await route.complete!(call, reply.body);
  // Answers are somebody's own: no cache on the way may keep one.
  response.set('cache-control', 'no-store').json({ ...body, ...reply.unstored });
}

/** What is written while it is read breaks off where reading fails: nobody takes half a table for the whole. */
async function sendPaper({ type, fileName, content }: Paper, response: Response): Promise<void> {
  response
    .set('cache-control', 'no-store')
    .set('content-type', type)
    .set('content-disposition', `attachment; filename="${fileName}"`);
  if (Buffer.isBuffer(content)) return void response.set('content-length', String(content.length)).end(content);
  await pipeline(Readable.from(content, { objectMode: false }), response);
}

/** Until the caller goes. Nothing on the way may hold it back to send it in one go. */
async function sendStream(stream: AsyncIterable<string>, response: Response): Promise<void> {
  response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  await pipeline(Readable.from(stream, { objectMode: false }), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // whoever listened has gone
  });
}
