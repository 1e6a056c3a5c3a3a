/**
 * A small client of PayPal's API on `fetch`: a token shared by all calls, request ids, a few retries, time-outs. What it
 * throws is a `ProcessorTrouble` made of codes and PayPal's debug id; no body, address or token goes along.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessorTrouble, retryAfterMs } from './trouble.ts';

export type PaypalOptions = {
  clientId: string;
  clientSecret: string;
  /** Another address than the sandbox: PayPal's own, or the simulator's. */
  apiBase?: string | undefined;
  timeoutMs?: number | undefined;
};

export type PaypalRequest = {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: object;
  /** Of this order, the same for each repeat: asked for twice it is done once. */
  key?: string;
};
/** A refusal is an answer: whoever has asked knows what it means. */
export type PaypalAnswer = { ok: true; body: unknown } | { ok: false; status: number; issue: string };
export type PaypalClient = { ask(request: PaypalRequest): Promise<PaypalAnswer> };

export const SANDBOX = 'https://api-m.sandbox.paypal.com';
export const LIVE = 'https://api-m.paypal.com';

const TRIES = 3;
const FIRST_PAUSE_MS = 200;
/** What takes longer is for the caller to wait for. */
const LONGEST_PAUSE_MS = 2_000;
/** A token that is about to end isn't used any more. */
const SPARE_MS = 60_000;

export function createPaypalClient({
  clientId,
  clientSecret,
  apiBase = SANDBOX,
  timeoutMs = 20_000,
}: PaypalOptions): PaypalClient {
  const origin = new URL(apiBase).origin;
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  let token: { value: string; until: number } | null = null;
  let asking: Promise<string> | null = null;

  async function send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(origin + path, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      const code = error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'no_answer';
      throw new ProcessorTrouble('unreachable', code, `paypal: ${code}`);
    }
  }

  /** Many callers, one request. */
  function tokenNow(): Promise<string> {
    if (token && Date.now() < token.until) return Promise.resolve(token.value);
    asking ??= newToken().finally(() => {
      asking = null;
    });
    return asking;
  }

  async function newToken(): Promise<string> {
    const response = await send('/v1/oauth2/token', {
      method: 'POST',
      headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    const body = await bodyOf(response);
    if (!response.ok) throw troubleOf(response, body);
    const { access_token, expires_in } = body as { access_token?: unknown; expires_in?: unknown };
    if (typeof access_token !== 'string') throw new ProcessorTrouble('unreachable', 'no_token', 'paypal gave no token');
    token = { value: access_token, until: Date.now() + Number(expires_in ?? 0) * 1000 - SPARE_MS };
    return access_token;
  }

  async function once({ method, path, body, key }: PaypalRequest): Promise<PaypalAnswer> {
    const used = await tokenNow();
    const response = await send(path, {
      method,
      headers: {
        authorization: `Bearer ${used}`,
        prefer: 'return=representation',
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'paypal-request-id': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await bodyOf(response);
    if (response.ok) return { ok: true, body: answer };
    if (response.status === 401 && token?.value === used) token = null;
    if (isRefusal(response.status)) return { ok: false, status: response.status, issue: issueOf(answer) };
    throw troubleOf(response, answer);
  }

  return {
    async ask(request) {
      const isRepeatable = request.method !== 'POST' || request.key !== undefined;
      let hadToken = true;
      for (let tries = 1; ; tries++) {
        try {
          return await once(request);
        } catch (error) {
          if (!(error instanceof ProcessorTrouble)) throw error;
          // A token may have been taken back before its time: with a new one it works, or the keys are wrong.
          const isAgain = error.kind === 'unauthorized' ? hadToken : isRepeatable && tries < TRIES;
          if (error.kind === 'unauthorized') hadToken = false;
          const pause = Math.max(error.retryAfterMs ?? 0, FIRST_PAUSE_MS * 2 ** (tries - 1));
          if (!isAgain || pause > LONGEST_PAUSE_MS || error.code === 'timeout') throw error;
          await sleep(pause);
        }
      }
    },
  };
}

const isRefusal = (status: number): boolean => status === 400 || status === 404 || status === 422;

async function bodyOf(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null; // no JSON, or it broke off: the status says enough
  }
}

function troubleOf(response: Response, body: unknown): ProcessorTrouble {
  const { status, headers } = response;
  const code = issueOf(body);
  const debug = /^[0-9a-z]{1,32}$/.exec(headers.get('paypal-debug-id') ?? '')?.[0] ?? 'none';
  const detail = `paypal answered ${status}: ${code}, request ${debug}`;
  const wait = retryAfterMs(headers.get('retry-after') ?? undefined, Date.now());
  if (status === 429) return new ProcessorTrouble('throttled', code, detail, wait);
  if (status === 401 || status === 403) return new ProcessorTrouble('unauthorized', code, detail);
  // 409: another call with this id is still on its way there, and its answer will be ours.
  return new ProcessorTrouble('unreachable', code, detail, wait);
}

/** The issue where there is one, else the name of the error: a word, and nothing else is taken. */
function issueOf(body: unknown): string {
  const { details, name, error } = (body ?? {}) as { details?: { issue?: unknown }[]; name?: unknown; error?: unknown };
  const word = (Array.isArray(details) ? details[0]?.issue : undefined) ?? name ?? error;
  return typeof word === 'string' && /^[A-Za-z0-9_]{1,64}$/.test(word) ? word.toLowerCase() : 'unknown';
}
