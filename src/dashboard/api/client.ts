/**
 * The API as its document has it: a path that isn't there, or a field of another type, does not compile. `ask` turns an
 * answer into its body, and a problem into an error.
 */
import createClient from 'openapi-fetch';
import type { components, paths } from './openapi.ts';
import { type Problem, ProblemError } from './problem.ts';
import { csrfToken, signedOut } from './session.ts';

export type Schemas = components['schemas'];

/** `http://` addresses other than localhost have no `randomUUID`. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

export const api = createClient<paths>({ credentials: 'same-origin' });
api.use({
  async onRequest({ request }) {
    const csrf = request.method === 'GET' ? null : await csrfToken();
    if (csrf) request.headers.set('x-csrf-token', csrf);
    if (request.method === 'POST' && !request.headers.has('idempotency-key')) {
      request.headers.set('idempotency-key', newKey());
    }
    return request;
  },
});

type Answered<T> = { data?: T; error?: unknown; response: Response };

/** What also comes as a table is JSON here. */
export async function ask<T>(asking: Promise<Answered<T>>): Promise<Exclude<T, string>> {
  const { data, error, response } = await asking;
  if (response.status === 202) return later(response) as Promise<Exclude<T, string>>;
  if (response.ok) return data as Exclude<T, string>;
  const problem = asProblem(error, response);
  if (problem.status === 401) signedOut(problem);
  throw new ProblemError(problem);
}

const asProblem = (body: unknown, { status, statusText, headers }: Response): Problem => {
  const isOurs = typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
  if (isOurs) return body as Problem;
  const requestId = headers.get('x-request-id') ?? '';
  return {
    type: 'about:blank',
    title: statusText,
    status,
    code: 'unknown',
    detail: `${status} ${statusText}`,
    requestId,
  };
};

const LOOK_AGAIN_MS = 700;
const LOOKS = 60;

/** A command that was taken and not answered in time: what has become of it, asked until it is known. */
async function later(response: Response): Promise<undefined> {
  const location = response.headers.get('location');
  for (let looks = 0; location && looks < LOOKS; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    const answer = await fetch(location);
    if (!answer.ok) continue;
    const state = (await answer.json()) as Schemas['RequestState'];
    if (state.state === 'applied') return undefined;
    if (state.state === 'refused') {
      const { code = 'refused', detail = '' } = state;
      throw new ProblemError({ type: 'about:blank', title: code, status: 409, code, detail, requestId: state.id });
    }
  }
  throw new ProblemError({
    ...{ type: 'about:blank', title: 'Still running', status: 202, code: 'still_running' },
    ...{ detail: 'The command was taken, and is not done yet.', requestId: response.headers.get('x-request-id') ?? '' },
  });
}
