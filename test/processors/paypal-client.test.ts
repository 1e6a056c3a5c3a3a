import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createPaypalClient } from '../../src/processors/paypal-client.ts';
import { ProcessorTrouble } from '../../src/processors/trouble.ts';

const TOKEN = `A21AA${'x'.repeat(60)}`;
type Listener = (req: IncomingMessage, res: ServerResponse, nth: number) => void;

/** PayPal, as far as a client sees it. */
async function paypal(listener: Listener, tokens: Listener = giveToken, timeoutMs = 10_000) {
  const asked: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const tokensAsked: (string | undefined)[] = [];
  const server = createServer((req, res) => {
    if (req.url === '/v1/oauth2/token') tokens(req, res, tokensAsked.push(req.headers.authorization));
    else listener(req, res, asked.push({ path: req.url ?? '', headers: req.headers }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createPaypalClient({ clientId: 'the-id', clientSecret: 'the-secret', apiBase, timeoutMs });
  return { client, asked, tokensAsked };
}

function giveToken(_: IncomingMessage, res: ServerResponse): void {
  res.end(JSON.stringify({ access_token: TOKEN, token_type: 'Bearer', expires_in: 32_400 }));
}
const json = (res: ServerResponse, status: number, body: object, headers = {}) =>
  void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const fine: Listener = (_, res) => json(res, 200, { ok: true });

const get = { method: 'GET', path: '/v2/x' } as const;
const post = { method: 'POST', path: '/v2/x', key: 'key-1', body: { a: 1 } } as const;

async function trouble(work: Promise<unknown>): Promise<ProcessorTrouble> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ProcessorTrouble)) throw new Error('there is no trouble');
  const text = JSON.stringify({ ...error, message: error.message, stack: error.stack });
  expect(text).not.toMatch(/A21AA|the-secret|the-id|Basic|card|127\.0/);
  expect(error.cause).toBeUndefined();
  return error;
}

test('many callers share one token, and it is kept', async () => {
  const { client, asked, tokensAsked } = await paypal(fine);
  await Promise.all(Array.from({ length: 20 }, () => client.ask(get)));
  await client.ask(post);
  expect(tokensAsked).toEqual([`Basic ${Buffer.from('the-id:the-secret').toString('base64')}`]);
  expect(new Set(asked.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${TOKEN}`]));
  expect(asked.at(-1)?.headers['paypal-request-id']).toBe('key-1');
});

test('a token that ends soon is not used any more', async () => {
  const { client, tokensAsked } = await paypal(fine, (_, res) =>
    json(res, 200, { access_token: TOKEN, expires_in: 50 }),
  );
  await client.ask(get);
  await client.ask(get);
  expect(tokensAsked).toHaveLength(2);
});

test('a token that was taken back is asked for anew, once', async () => {
  const { client, asked, tokensAsked } = await paypal((_, res, nth) =>
    nth === 1 ? json(res, 401, { name: 'AUTHENTICATION_FAILURE' }) : json(res, 200, {}),
  );
  expect(await client.ask(get)).toMatchObject({ ok: true });
  expect([asked.length, tokensAsked.length]).toEqual([2, 2]);
});

test('keys that are wrong are an operator’s matter, and are not tried again and again', async () => {
  const { client, tokensAsked } = await paypal(fine, (_, res) => json(res, 401, { error: 'invalid_client' }));
  expect(await trouble(client.ask(get))).toMatchObject({ kind: 'unauthorized', code: 'invalid_client' });
  expect(tokensAsked.length).toBeLessThanOrEqual(2);
});

test('one that fails and then works is not noticed; the request id is the same each time', async () => {
  const { client, asked } = await paypal((_, res, nth) => (nth < 3 ? json(res, 503, {}) : json(res, 201, { id: 'x' })));
  expect(await client.ask(post)).toEqual({ ok: true, body: { id: 'x' } });
  expect(asked.map(({ headers }) => headers['paypal-request-id'])).toEqual(['key-1', 'key-1', 'key-1']);
});

test('without a request id nothing is posted twice', async () => {
  const { client, asked } = await paypal((_, res) => json(res, 503, {}));
  expect(await trouble(client.ask({ method: 'POST', path: '/v2/x' }))).toMatchObject({ kind: 'unreachable' });
  expect(asked).toHaveLength(1);
});

test('Retry-After is honoured: a short one is waited for, a long one is told', async () => {
  const short = await paypal((_, res, nth) =>
    nth === 1 ? json(res, 429, { name: 'RATE_LIMIT_REACHED' }, { 'retry-after': '1' }) : json(res, 200, {}),
  );
  const began = performance.now();
  expect(await short.client.ask(get)).toMatchObject({ ok: true });
  expect(performance.now() - began).toBeGreaterThan(990);
  const long = await paypal((_, res) => json(res, 429, { name: 'RATE_LIMIT_REACHED' }, { 'retry-after': '60' }));
  expect(await trouble(long.client.ask(get))).toMatchObject({
    ...{ kind: 'throttled', code: 'rate_limit_reached', retryAfterMs: 60_000 },
  });
  expect(long.asked).toHaveLength(1);
});

test('a processor that hangs is given up on', async () => {
  const { client, asked } = await paypal(() => {}, giveToken, 700);
  await client.ask(get).catch(() => {}); // has its token now
  expect(await trouble(client.ask(post))).toMatchObject({ kind: 'unreachable', code: 'timeout' });
  expect(asked).toHaveLength(2);
});

test('a connection that breaks is tried again, and then told', async () => {
  const { client, asked } = await paypal((_, res) => void res.destroy());
  expect(await trouble(client.ask(post))).toMatchObject({ kind: 'unreachable', code: 'no_answer' });
  expect(asked).toHaveLength(3);
});

test.each([
  [422, { name: 'UNPROCESSABLE_ENTITY', details: [{ issue: 'INSTRUMENT_DECLINED' }] }, 'instrument_declined'],
  [404, { name: 'RESOURCE_NOT_FOUND', details: [{ issue: 'INVALID_RESOURCE_ID' }] }, 'invalid_resource_id'],
  [400, { name: 'INVALID_REQUEST' }, 'invalid_request'],
  [422, { name: 'for card 4242 4242 4242 4242' }, 'unknown'],
  [422, { details: 'none' }, 'unknown'],
])('%i with %j is an answer: %s', async (status, body, issue) => {
  const { client } = await paypal((_, res) => json(res, status, body));
  expect(await client.ask(post)).toEqual({ ok: false, status, issue });
});

test('the debug id goes into the message, and nothing of what PayPal wrote', async () => {
  const { client } = await paypal((_, res) =>
    json(
      res,
      500,
      { name: 'INTERNAL_SERVER_ERROR', message: 'card 4242424242424242' },
      { 'paypal-debug-id': 'f1d2e3' },
    ),
  );
  expect((await trouble(client.ask(post))).message).toBe('paypal answered 500: internal_server_error, request f1d2e3');
});

test('no redirect is followed, with our token or without', async () => {
  const { client } = await paypal((_, res) => void res.writeHead(302, { location: 'http://127.0.0.1:9/' }).end());
  expect(await trouble(client.ask(get))).toMatchObject({ kind: 'unreachable' });
});
