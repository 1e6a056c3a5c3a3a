/** The command line is a client of the API like any other: an address and a token, from the environment or the demo's. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export type Demo = { api?: string; adminToken?: string; databaseUrl?: string };

export class CliError extends Error {
  override readonly name = 'CliError';
  /** The API's own, where it was the API that refused. */
  readonly code: string | null;

  constructor(message: string, code: string | null = null) {
    super(message);
    this.code = code;
  }
}

const DEMO_FILE = '.hydra/demo.json';

/** Of the folder that one stands in, as for every tool of a project. */
export function demo(): Demo {
  const file = resolve(DEMO_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Demo) : {};
}

// biome-ignore lint/suspicious/noExplicitAny: answers are shown, and looked into by each command in its own way
export type Body = any;

export async function call(method: string, path: string, body?: object): Promise<Body> {
  const { api, adminToken } = { ...demo(), ...given() };
  if (!api || !adminToken) {
    throw new CliError('No API is known: start one with `npm start`, or set HYDRA_API and HYDRA_TOKEN.');
  }
  const response = await reach(new URL(path, api), {
    method,
    headers: {
      authorization: `Bearer ${adminToken}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : null;
  if (response.ok) return answer;
  throw new CliError(
    answer?.code
      ? `${answer.detail} (${answer.code}, request ${answer.requestId})`
      : `the API answered ${response.status}`,
    answer?.code,
  );
}

async function reach(url: URL, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, options);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CliError(`${url.origin} does not answer: ${cause}`);
  }
}

/** An address of one's own goes with a token of one's own. */
function given(): Demo {
  const { HYDRA_API: api, HYDRA_TOKEN: adminToken } = process.env;
  return { ...(api && { api }), ...(adminToken && { adminToken }) };
}
