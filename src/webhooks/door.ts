/**
 * The door: verify over the raw bytes, strip, keep once, answer. No business here, and no Temporal: what was kept is
 * carried on by the relay. It stands before Express: `createServer((req, res) => door(req, res) || app(req, res))`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Db } from '../db/client.ts';
import { groupCommit, isBadData } from '../db/group-commit.ts';
import { type Heard, type KeepOutcome, type Kept, keepEvents } from '../db/inbox.ts';
import { macOfRaw } from '../db/inbox-mac.ts';
import type { Mode, TenantId } from '../domain/ids.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { createRoom, readBody } from './body.ts';
import { createLimiter, LIMITS, type Limits, senderOf } from './limit.ts';
import type { Certificates } from './paypal-certificates.ts';
import { type PaypalAccount, readPaypalEvent } from './paypal-event.ts';
import { verifyPaypalSignature } from './paypal-signature.ts';
import { type Problem, sendProblem } from './problem.ts';
import { readStripeEvent } from './stripe-event.ts';
import { idOfSecret, verifyStripeSignature } from './stripe-signature.ts';

/** A processor's account in one mode, and the secrets that may sign for it: several while one is rolled. */
export type WebhookAccount = { id: string; mode: Mode; secrets: readonly string[] };
/** PayPal signs with a key of its own, for the webhook that is registered there. */
export type PaypalWebhook = PaypalAccount & { webhookId: string; certificates: Certificates };

/** A tenant's own account. Its tenant holds the secret, and so could sign anything: it is heard on its own affairs alone. */
export type OwnWebhook = { tenant: TenantId } & (
  | { provider: 'stripe'; account: WebhookAccount }
  | { provider: 'paypal'; account: PaypalWebhook }
);

type DoorLog = {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type DoorOptions = {
  db: Db;
  /** Our own seal on what is kept. */
  keys: KeyRing;
  stripe: readonly WebhookAccount[];
  paypal?: readonly PaypalWebhook[];
  own?: (accountId: string) => Promise<OwnWebhook | null>;
  log: DoorLog;
  /** For a metric: `new`, `repeat`, `different`, `ignored`, or the code of a refusal. */
  count?: (outcome: string) => void;
  now?: () => number;
  limits?: Limits;
};

type Judge = (
  body: Buffer,
  req: IncomingMessage,
) => Promise<(Heard & Pick<Kept, 'verifiedBy' | 'transmission'>) | Problem>;

export type Door = (req: IncomingMessage, res: ServerResponse) => boolean;

const PATH = /^\/api\/webhooks\/(stripe|paypal)(?:\/([A-Za-z0-9_-]{1,64}))?\/?(?:\?.*)?$/;
const OWN_ACCOUNT = /^acc_[A-Za-z0-9]{1,60}$/;
const MAX_BYTES = 1024 * 1024;
const BODY_TIMEOUT_MS = 10_000;
/** All bodies together, while they are read. */
const MOST_BYTES = 64 * MAX_BYTES;
const LINGER_MS = 1_000;

export function createDoor({
  db,
  keys,
  stripe,
  paypal = [],
  own = async () => null,
  log,
  count = () => {},
  now = Date.now,
  limits = LIMITS,
}: DoorOptions): Door {
  const keep = groupCommit<Kept, KeepOutcome>({ write: (rows) => keepEvents(db, keys, rows), isBadData });
  const limiter = createLimiter(limits, now);
  const room = createRoom(MOST_BYTES);
  const signers = stripe.flatMap(signersOf);

  /** What proves that the processor has sent it, and what it says. Null where nobody has an account of this name. */
  async function judgeOf(provider: string, accountId: string): Promise<Judge | null> {
    if (provider === 'stripe') {
      const mine = signers.filter(({ id }) => id === accountId);
      if (mine.length > 0) return stripeJudge(mine);
    } else {
      const account = paypal.find(({ id }) => id === accountId);
      if (account) return paypalJudge(account);
    }
    if (!OWN_ACCOUNT.test(accountId)) return null;
    const found = await own(accountId);
    if (found?.provider !== provider) return null;
    const judge = found.provider === 'stripe' ? stripeJudge(signersOf(found.account)) : paypalJudge(found.account);
    return async (body, req) => {
      const event = await judge(body, req);
      return 'status' in event ? event : ofTenant(event, found.tenant);
    };
  }

  function stripeJudge(mine: readonly Signer[]): Judge {
    return async (body, req) => {
      const header = req.headers['stripe-signature'];
      const joined = Array.isArray(header) ? header.join(',') : header;
      const verdict = verifyStripeSignature(body, joined, mine, now());
      if (!verdict.valid) return problem(400, 'invalid_signature', verdict.why);
      const read = readStripeEvent(body, verdict.secret);
      return read.ok ? { ...read.event, verifiedBy: verdict.secret.keyId } : problem(400, read.code, read.why);
    };
  }

  function paypalJudge(account: PaypalWebhook): Judge {
    return async (body, req) => {
      const { webhookId, certificates } = account;
      const verdict = await verifyPaypalSignature(body, req.headers, webhookId, certificates);
      if (!verdict.valid) return problem(400, 'invalid_signature', verdict.why);
      const read = readPaypalEvent(body, account);
      if (!read.ok) return problem(400, read.code, read.why);
      return { ...read.event, verifiedBy: verdict.keyId, transmission: verdict.transmission };
    };
  }

  async function take(req: IncomingMessage, provider: string, accountId: string): Promise<Problem | null> {
    const judge = await judgeOf(provider, accountId);
    if (!judge) return problem(404, 'not_found', 'no webhook is configured for this account');
    const body = await readBody(req, MAX_BYTES, BODY_TIMEOUT_MS, room);
    if (!body.ok) return UNREAD[body.why];
    const event = await judge(body.bytes, req);
    if ('status' in event) return event;
    const { eventId, type, ignored } = event;
    try {
      const outcome = await keep({ ...event, rawMac: macOfRaw(keys, body.bytes) });
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

  /** Refusals are counted against whoever sent them; what is genuine costs nothing. */
  async function hear(
    req: IncomingMessage,
    sender: string,
    provider: string,
    accountId: string,
  ): Promise<Problem | null> {
    const pass = limiter.enter(sender);
    if (!pass) return tooMany(limiter.retryAfterSeconds(sender));
    try {
      const refusal = req.method === 'POST' ? await take(req, provider, accountId) : notPosted;
      if (!refusal || refusal.status === 503 || refusal.status === 429) return refusal;
      const { counted, retryAfterSeconds } = pass.refuse();
      if (counted === 'spent') return tooMany(retryAfterSeconds);
      if (counted === 'last') log.warn({ sender }, 'too many refused webhooks from one address: its next ones get 429');
      return refusal;
    } finally {
      pass.leave();
    }
  }

  return (req, res) => {
    const match = PATH.exec(req.url ?? '');
    if (!match) return false;
    const sender = senderOf(req.socket.remoteAddress);
    hear(req, sender, match[1]!, match[2] ?? 'default')
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
          if (refusal.status !== 503 && refusal.status !== 429)
            log.warn({ requestId, code: refusal.code, detail: refusal.detail }, 'a webhook was refused');
          return;
        }
        res.writeHead(200, RECEIVED_HEADERS).end(RECEIVED);
      })
      .catch((error: unknown) => {
        log.error({ name: error instanceof Error ? error.name : 'unknown' }, 'the door has a bug');
        if (!res.headersSent) sendProblem(res, unavailable);
      });
    return true;
  };
}

type Signer = Omit<WebhookAccount, 'secrets'> & { secret: string; keyId: string };

const signersOf = ({ id, mode, secrets }: WebhookAccount): Signer[] =>
  secrets.map((secret) => ({ secret, id, mode, keyId: idOfSecret(secret) }));

/** Whatever names no subscription yet is this tenant's, or nobody's. */
const ofTenant = <Event extends Heard>(event: Event, tenant: TenantId): Event =>
  event.tenant === null || event.tenant === tenant
    ? { ...event, tenant }
    : { ...event, tenant, subscription: null, told: null, claim: null, ignored: 'it names what is another tenant’s' };

const RECEIVED = '{"received":true}';
/** With its length it leaves in one piece. */
const RECEIVED_HEADERS = { 'content-type': 'application/json', 'content-length': RECEIVED.length };

const problem = (status: Problem['status'], code: string, detail: string): Problem => ({ status, code, detail });

const notPosted: Problem = {
  ...problem(405, 'method_not_allowed', 'webhooks are posted'),
  headers: { allow: 'POST' },
};

const tooMany = (seconds: number): Problem => ({
  ...problem(429, 'too_many_requests', 'too many requests of this address were refused'),
  headers: { 'retry-after': String(seconds) },
});

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
  no_room: {
    ...problem(429, 'too_many_requests', 'too much is being sent at once'),
    headers: { 'retry-after': '1' },
  },
} as const;
