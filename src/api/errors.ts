/** The only place where something thrown becomes an answer. Input is never the cause of a 5xx, and nothing inside leaks. */
import type { ErrorRequestHandler } from 'express';
import { z } from 'zod';
import { NoTaxRate } from '../domain/tax-rules.ts';
import type { Logger } from '../observability/logger.ts';
import { ProcessorTrouble } from '../processors/trouble.ts';
import { TaxServiceUnavailable } from '../tax/ask.ts';
import { type FieldError, Problem } from './problem.ts';

export const problemOf = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) return malformed(error);
  if (error instanceof ProcessorTrouble) return processorTrouble(error);
  if (error instanceof TaxServiceUnavailable) {
    return new Problem(503, 'tax_service_unavailable', error.message, { retryAfterSeconds: 5 });
  }
  // A seller's profile is refused for it; it is left where a calculator outside knew the rate, and is asked no more.
  if (error instanceof NoTaxRate) return new Problem(422, 'tax_rate_unknown', error.message);
  if (isDatabaseAway(error)) {
    return new Problem(503, 'database_unavailable', 'the database is not reachable', { retryAfterSeconds: 5 });
  }
  return (
    refusedByDatabase(error) ??
    clientError(error) ??
    new Problem(500, 'internal_error', 'the error was logged under this request id')
  );
};

export const createErrorHandler =
  (logger: Logger): ErrorRequestHandler =>
  (error, _request, response, next) => {
    const problem = problemOf(error);
    const requestId = String(response.locals.requestId);
    const log = (response.locals.log as Logger | undefined) ?? logger;
    // That something else is away is its own log's news; here only what nobody expected comes with its stack.
    if (problem.status === 500) log.error({ err: error }, problem.code);
    else if (problem.status > 500) log.warn({ code: problem.code }, problem.message);
    // Half an answer can't be taken back; the connection is closed, so that nobody takes it for whole.
    if (response.headersSent) return next(error);
    response
      .status(problem.status)
      .set(problem.headers)
      .type('application/problem+json')
      .send(JSON.stringify(problem.toJSON(requestId)));
  };

function malformed(error: z.ZodError): Problem {
  const errors = error.issues.slice(0, 50).flatMap(fieldErrors);
  const [first] = errors;
  return new Problem(400, 'invalid_request', first ? `${first.path}: ${first.message}` : 'malformed', { errors });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // Of several shapes the nearest is what was meant: the one with the least that is wrong.
    const nearest = issue.errors.reduce((best, errors) => (errors.length < best.length ? errors : best));
    return nearest.flatMap((inner) => fieldErrors({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => ({ path: path ? `${path}.${name}` : name, message: 'is not known here' }));
  }
  return [{ path, message: issue.message }];
}

function processorTrouble({ kind, code, retryAfterMs }: ProcessorTrouble): Problem {
  switch (kind) {
    case 'unreachable':
    case 'throttled':
      return new Problem(503, 'processor_unavailable', 'the payment processor gives no answer just now', {
        retryAfterSeconds: Math.max(1, Math.ceil((retryAfterMs ?? 5_000) / 1_000)),
      });
    case 'unauthorized':
      return new Problem(409, 'processor_not_ready', `the payment processor’s account can’t be used: ${code}`);
    case 'refused':
      return new Problem(422, 'processor_refused', `the payment processor refused: ${code}`);
  }
}

/** Express, its body parser and its router throw errors with a 4xx `status`; their messages may quote the input. */
function clientError(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const { status, type } = error as Error & { status?: unknown; type?: unknown };
  if (type === 'entity.parse.failed') return new Problem(400, 'invalid_json', 'the body is not valid JSON');
  if (status === 413) return new Problem(413, 'body_too_large', 'the body is larger than this route takes');
  if (status === 415) return new Problem(415, 'unsupported_media_type', 'the body’s encoding or charset is not taken');
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Problem(400, 'invalid_request', 'the request could not be read');
  }
  return null;
}

/** What slipped through to the database's own rules: a race that a unique key decided, or a value that it doesn't take. */
function refusedByDatabase(error: unknown): Problem | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  if (error.code === '23505') return new Problem(409, 'conflict', 'another request was faster');
  if (/^22...$/.test(error.code)) return new Problem(400, 'invalid_request', 'a value that can’t be stored');
  return null;
}

const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

/** Class 08 is the connection, 57P the server going down or coming up, 53 its lack of connections. */
function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { code?: unknown };
  if (typeof code === 'string') return NETWORK.has(code) || /^(08|53|57P)/.test(code);
  return /timeout exceeded when trying to connect|connection terminated|Client has encountered a connection error/i.test(
    error.message,
  );
}
