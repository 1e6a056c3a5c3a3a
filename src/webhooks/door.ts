/**
 * The door: verify over the raw bytes, strip, keep once, answer. No business here, and no Temporal: what was kept is
 * carried on by the relay. It stands before Express: `createServer((req, res) => door(req, res) || app(req, res))`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Db } from '../db/client.ts';
import { groupCommit, isBadData } from '../db/group-commit.ts';
import { type KeepOutcome, type Kept, keepEvents } from '../db/inbox.ts';
import type { Mode } from '../domain/ids.ts';
import { readBody } from './body.ts';
import { type Problem, sendProblem } from './problem.ts';
import { readStripeEvent } from './stripe-event.ts';
import { verifyStripeSignature } from './stripe-signature.ts';

/** A processor's account, its modes, and the secrets that may sign for it: several while one is rolled. */
export type WebhookAccount = { id: string; modes: readonly Mode[]; secrets: readonly string[] };

type DoorLog = {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type DoorOptions = {
  db: Db;
  stripe: readonly WebhookAccount[];
  log: DoorLog;
  /** For a metric: `new`, `repeat`, `different`, `ignored`, or the code of a refusal. */
  count?: (outcome: string) => void;
  now?: () => number;
};

export type Door = (req: IncomingMessage, res: ServerResponse) => boolean;

const PATH = /^\/api\/webhooks\/stripe(?:\/([A-Za-z0-9_-]{1,64}))?\/?(?:\?.*)?$/;
const MAX_BYTES = 1024 * 1024;
const BODY_TIMEOUT_MS = 10_000;
const LINGER_MS = 1_000;

export function createDoor({ db, stripe, log, count = () => {}, now = Date.now }: DoorOptions): Door {
  const keep = groupCommit<Kept, KeepOutcome>({ write: (rows) => keepEvents(db, rows), isBadData });
  const signers = stripe.flatMap(({ id, modes, secrets }) => secrets.map((secret) => ({ secret, id, modes })));

  async function take(req: IncomingMessage, accountId: string): Promise<Problem | null> {
    const mine = signers.filter(({ id }) => id === accountId);
    if (mine.length === 0 && accountId !== 'default') return problem(404, 'not_found', 'there is no such account');
    const body = await readBody(req, MAX_BYTES, BODY_TIMEOUT_MS);
    if (!body.ok) return UNREAD[body.why];
    if (mine.length === 0) return { ...unavailable, detail: 'no webhook secret is configured' };
    const header = req.headers['stripe-signature'];
    const verdict = verifyStripeSignature(body.bytes, Array.isArray(header) ? header.join(',') : header, mine, now());
    if (!verdict.valid) return problem(400, 'invalid_signature', verdict.why);
    const read = readStripeEvent(body.bytes, verdict.secret);
    if (!read.ok) return problem(400, read.code, read.why);
    const { eventId, type, ignored } = read.event;
    try {
      const outcome = await keep(read.event);
      count(outcome === 'new' && ignored !== null ? 'ignored' : outcome);
      if (outcome === 'different') {
        log.error({ eventId, type }, 'an event was told again with other facts: the second is in quarantine');
      }
      return null;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      if (isBadData(error)) {
        log.error({ eventId, type, code }, 'a verified event cannot be stored');
        return problem(400, 'invalid_body', 'the event cannot be stored');
      }
      log.warn({ eventId, type, code }, 'an event could not be stored now; the processor will send it again');
      return unavailable;
    }
  }

  return (req, res) => {
    const match = PATH.exec(req.url ?? '');
    if (!match) return false;
    if (req.method !== 'POST') {
      sendProblem(res, { ...problem(405, 'method_not_allowed', 'webhooks are posted'), headers: { allow: 'POST' } });
      req.resume();
      return true;
    }
    take(req, match[1] ?? 'default')
      .then((refusal) => {
        if (refusal) {
          count(refusal.code);
          // What was not read is not waited for: the connection ends with the answer, and soon after it.
          const headers = req.complete ? refusal.headers : { ...refusal.headers, connection: 'close' };
          const requestId = sendProblem(res, { ...refusal, headers });
          if (!req.complete) {
            req.resume();
            setTimeout(() => req.destroy(), LINGER_MS).unref();
          }
          if (refusal.status !== 503)
            log.warn({ requestId, code: refusal.code, detail: refusal.detail }, 'a webhook was refused');
          return;
        }
        res.writeHead(200, { 'content-type': 'application/json' }).end('{"received":true}');
      })
      .catch((error: unknown) => {
        log.error({ name: error instanceof Error ? error.name : 'unknown' }, 'the door has a bug');
        if (!res.headersSent) sendProblem(res, unavailable);
      });
    return true;
  };
}

const problem = (status: Problem['status'], code: string, detail: string): Problem => ({ status, code, detail });

const unavailable: Problem = {
  status: 503,
  code: 'unavailable',
  detail: 'the event could not be stored; send it again',
  headers: { 'retry-after': '5' },
};

const UNREAD = {
  too_large: problem(413, 'body_too_large', 'a webhook has at most one megabyte'),
  too_slow: problem(408, 'body_too_slow', 'the body did not arrive in ten seconds'),
  gone: problem(400, 'invalid_body', 'the body broke off'),
} as const;
