import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const TITLES = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const;

export type Problem = {
  status: keyof typeof TITLES;
  code: string;
  detail: string;
  headers?: Record<string, string>;
};

/** RFC 9457, as everywhere in the API. Returns the id under which the log has more. */
export function sendProblem(res: ServerResponse, { status, code, detail, headers = {} }: Problem): string {
  const requestId = `req_${randomUUID()}`;
  const title = TITLES[status];
  const body = JSON.stringify({ type: `urn:hydra:problem:${code}`, title, status, code, detail, requestId });
  res.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    ...headers,
  });
  res.end(body);
  return requestId;
}
