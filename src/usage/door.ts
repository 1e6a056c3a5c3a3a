/**
 * Events in bulk, before Express, which costs more than all the rest of it. Who may, and what is taken, is as the route
 * says; whoever may not is answered by the route itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../auth/authenticate.ts';
import { isGranted } from '../auth/principal.ts';
import type { Scope } from '../db/tenant.ts';
import { MOST_EVENTS } from '../domain/usage-event.ts';
import { createRoom, readBody } from '../webhooks/body.ts';
import { type Problem, sendProblem } from '../webhooks/problem.ts';
import type { Intake } from './intake.ts';

type Options = {
  authenticate: Authenticate;
  intake: Intake;
  log: { error(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** All bodies together, until they are answered. */
  mostBytes?: number;
};
type Handler = (req: IncomingMessage, res: ServerResponse) => void;

const PATH = /^\/api\/usage\/events\/?(?:\?.*)?$/;
const MAX_BYTES = 1024 * 1024;
const MOST_BYTES = 16 * MAX_BYTES;
const BODY_TIMEOUT_MS = 10_000;
const CALLERS: ReadonlySet<string> = new Set(['admin', 'owner', 'service']);

export function createUsageDoor(
  { authenticate, intake, log, mostBytes = MOST_BYTES }: Options,
  route: Handler,
): Handler {
  const reading = createRoom(mostBytes);
  const answering = createRoom(mostBytes);

  async function scopeOf(req: IncomingMessage): Promise<Scope | null> {
    if (!/^application\/(\S+\+)?json\s*(;|$)/i.test(req.headers['content-type'] ?? '')) return null;
    const who = await authenticate(req.headers.authorization);
    if (who.outcome !== 'authenticated' || !who.tenantKnown) return null;
    const { principal } = who;
    return CALLERS.has(principal.caller) && isGranted(principal, 'usage:write') ? principal : null;
  }

  async function take(req: IncomingMessage, scope: Scope): Promise<Problem | string> {
    const body = await readBody(req, MAX_BYTES, BODY_TIMEOUT_MS, reading);
    if (!body.ok) return UNREAD[body.why];
    const { length } = body.bytes;
    // What was parsed is several times as large, and stays until the database has answered.
    if (!answering.take(length)) return tooMuch;
    try {
      const said = eventsIn(body.bytes);
      if (!said) return badBody;
      const results = intake({ tenant: scope.tenant, mode: scope.mode }, said);
      return results ? JSON.stringify({ results: await results }) : tooMuch;
    } finally {
      answering.give(length);
    }
  }

  async function hear(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const scope = await scopeOf(req);
    if (!scope) return void route(req, res);
    const answer = await take(req, scope).catch((error: unknown) => {
      log.warn(
        { name: error instanceof Error ? error.name : 'unknown' },
        'usage could not be stored now; it is sent again',
      );
      return unavailable;
    });
    if (typeof answer === 'string') {
      res
        .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) })
        .end(answer);
      return;
    }
    sendProblem(res, req.complete ? answer : { ...answer, headers: { ...answer.headers, connection: 'close' } });
    if (!req.complete) req.resume();
  }

  return (req, res) => {
    if (req.method !== 'POST' || !PATH.test(req.url ?? '')) route(req, res);
    else
      hear(req, res).catch((error: unknown) => {
        log.error({ name: error instanceof Error ? error.name : 'unknown' }, 'the usage door has a bug');
        if (!res.headersSent) sendProblem(res, unavailable);
      });
  };
}

function eventsIn(bytes: Buffer): unknown[] | null {
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    const { events, ...others } = body as { events?: unknown };
    const isFit = Array.isArray(events) && events.length > 0 && events.length <= MOST_EVENTS;
    return isFit && Object.keys(others).length === 0 ? events : null;
  } catch (error) {
    // Either no JSON, or nothing that has fields.
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

const problem = (status: Problem['status'], code: string, detail: string): Problem => ({ status, code, detail });
const again = { headers: { 'retry-after': '1' } };
const tooMuch: Problem = {
  ...problem(429, 'too_much_waiting', 'too many events are waiting; send them again'),
  ...again,
};
const unavailable: Problem = {
  ...problem(503, 'database_unavailable', 'the events could not be stored; send them again'),
  ...again,
};
const badBody = problem(400, 'invalid_request', `the body is { "events": [ … ] }, of 1 to ${MOST_EVENTS} events`);
const UNREAD = {
  too_large: problem(413, 'body_too_large', 'a batch has at most one megabyte'),
  too_slow: problem(408, 'body_too_slow', 'the body did not arrive in ten seconds'),
  gone: problem(400, 'invalid_request', 'the body broke off'),
  no_room: tooMuch,
} as const;
