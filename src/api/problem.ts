/** What went wrong, as RFC 9457 has it. `code` is stable: programs switch on it. `detail` is for people. */
import type { ProblemCode } from './problem-codes.ts';

export type FieldError = { path: string; message: string };

const TITLES: Record<number, string> = {
  400: 'The request is malformed',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'In conflict with the present state',
  410: 'Over',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'Understood, and impossible',
  429: 'Too many requests',
  500: 'Something went wrong here',
  503: 'Not available just now',
};

type Options = { errors?: FieldError[]; retryAfterSeconds?: number; headers?: Record<string, string> };

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, code: ProblemCode, detail: string, { errors, retryAfterSeconds, headers }: Options = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.headers = { ...headers, ...(retryAfterSeconds && { 'retry-after': String(retryAfterSeconds) }) };
  }

  toJSON(requestId: string) {
    const { status, code, message: detail, errors } = this;
    const title = TITLES[status] ?? 'Problem';
    return { type: `urn:hydra:problem:${code}`, title, status, code, detail, requestId, ...(errors && { errors }) };
  }
}

export const notFound = (what: string): Problem => new Problem(404, 'not_found', `no such ${what}`);

export const badField = (path: string, message: string, code: ProblemCode = 'invalid_request', status = 400): Problem =>
  new Problem(status, code, `${path}: ${message}`, { errors: [{ path, message }] });
