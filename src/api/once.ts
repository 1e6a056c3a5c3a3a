/** Idempotency: the same key and body is the same request, however often it comes. */
import { createHash, createHmac } from 'node:crypto';
import type { Db } from '../db/client.ts';
import { completeRequest, forgetRequest, type RequestKey, releaseRequest, takeRequest } from '../db/requests.ts';
import type { Scope } from '../db/tenant.ts';
import { canonical } from '../domain/canonical.ts';
import { problemOf } from './errors.ts';
import { badField, Problem } from './problem.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { Parts, Reply } from './route.ts';

export function keyFrom(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw badField('Idempotency-Key', 'up to 255 visible characters', 'idempotency_key_invalid');
}

/** Keyed, since a body may be a name and an e-mail: a plain hash of that could be guessed. */
const fingerprint = (secret: Buffer, body: unknown): string =>
  createHmac('sha256', secret)
    .update(`request body\0${canonical(body)}`)
    .digest('hex');

type Kept = { code: ProblemCode; detail: string; path?: string };

/** A refusal by the rules is an answer and is kept. What was impossible or malformed leaves nothing behind. */
export class Refused extends Problem {
  readonly path: string | undefined;

  constructor({ code, detail, path }: Kept, status = 409, headers: Record<string, string> = {}) {
    super(status, code, detail, { headers, errors: path === undefined ? undefined : [{ path, message: detail }] });
    this.path = path;
  }
}

export async function once(
  { db, keys }: Pick<Parts, 'db' | 'keys'>,
  key: RequestKey,
  body: unknown,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const taken = await takeRequest(db, key, fingerprint(keys.blindIndexKey, body));
  switch (taken.outcome) {
    case 'done':
      return replay(taken.status, taken.response);
    case 'running':
      throw new Problem(409, 'request_running', 'a request with this key is still running', { retryAfterSeconds: 1 });
    case 'reused':
      throw new Problem(422, 'idempotency_key_reused', 'this key was used for a request with another body');
    case 'taken':
      break;
  }
  try {
    const reply = await work();
    if (reply.status === 202) await releaseRequest(db, key);
    else await completeRequest(db, key, reply.status, reply.body ?? null);
    return reply;
  } catch (error) {
    await settleFailure(db, key, error);
    throw error;
  }
}

const replay = (status: number, response: object | null): Reply => {
  if (response && 'refused' in response) {
    throw new Refused(response.refused as Kept, status, { 'idempotent-replayed': 'true' });
  }
  return { status, ...(response && { body: response }), headers: { 'idempotent-replayed': 'true' } };
};

async function settleFailure(db: Db, key: RequestKey, error: unknown): Promise<void> {
  const problem = problemOf(error);
  // With the database away the row can't be settled either; its lease runs out by itself.
  if (problem.code === 'database_unavailable') return;
  if (error instanceof Refused) {
    const { code, message: detail, path } = error;
    await completeRequest(db, key, error.status, { refused: { code, detail, path } satisfies Kept });
  } else if (problem.status >= 500) await releaseRequest(db, key);
  else await forgetRequest(db, key);
}

/** Names the request towards Temporal and the processor: the same for each repeat, and it tells nothing of its key. */
export const requestIdOf = ({ tenant, mode }: Scope, principal: string, route: string, key: string): string =>
  `req_${createHash('sha256')
    .update(canonical([tenant, mode, principal, route, key]))
    .digest('hex')
    .slice(0, 32)}`;
