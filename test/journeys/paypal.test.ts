/**
 * PayPal in engine mode, whole: the processes as they run, the simulator as PayPal. What a buyer agrees to is charged and
 * charged again, given back, and told by webhooks; and a body that somebody wrote around a genuine signature moves nothing.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDatabase } from '../../src/db/client.ts';
import { forEachRow, tablesOf } from '../../src/db/stored-rows.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { leavesOf } from '../../src/privacy/scan.ts';
import { forged } from '../../src/simulator/paypal/forge.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { until } from '../support/engine.ts';
import { type Answer, type Product, startProduct } from '../support/product.ts';

// biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own
type Body = any;
type Delivery = { body: string; headers: IncomingHttpHeaders };

let product: Product;
let hook: Awaited<ReturnType<typeof startHook>>;
let customer: string;
let clock: string;

beforeAll(async () => {
  hook = await startHook();
  product = await startProduct(inject('workflowBundlePath'), { paypalHook: hook.url });
  clock = (await asked('POST', '/api/admin/clocks', { name: 'paypal' })).id;
  customer = (await asked('POST', '/api/customers', { timeZone: 'UTC', currency: 'usd', clockId: clock })).id;
}, 300_000);
afterAll(async () => {
  await product?.stop();
  hook?.stop();
});

/** Between PayPal and us: it hands on what comes, unless somebody holds it back. */
async function startHook() {
  const seen: Delivery[] = [];
  const holding = { on: false };
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    seen.push({ body, headers: req.headers });
    if (holding.on) return void res.writeHead(500).end();
    res.writeHead(await handOn({ body, headers: req.headers })).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen, holding, stop };
}

const SIGNED = ['transmission-id', 'transmission-time', 'transmission-sig', 'cert-url', 'auth-algo'];
async function handOn({ body, headers }: Delivery): Promise<number> {
  const signed = SIGNED.map((name) => [`paypal-${name}`, String(headers[`paypal-${name}`])]);
  const response = await fetch(`${product.url}/api/webhooks/paypal`, {
    method: 'POST',
    body,
    headers: Object.fromEntries(signed),
  });
  return response.status;
}

const as = (whose: string | null, more: Record<string, string> = {}): Record<string, string> => ({
  authorization: `Bearer ${product.demo.serviceKey}`,
  ...(whose ? { 'hydra-customer': whose } : {}),
  ...more,
});
async function asked(method: 'GET' | 'POST', path: string, body?: object, whose: string | null = null): Promise<Body> {
  const answer: Answer = await product.ask(method, path, body, as(whose));
  expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body;
}

async function advance(to: object, which = clock): Promise<void> {
  await asked('POST', `/api/admin/clocks/${which}/advance`, to);
  const shown = await until(
    () => asked('GET', `/api/admin/clocks/${which}`),
    ({ state }) => state !== 'advancing',
    'the clock arrives',
    60_000,
  );
  expect(shown.state, shown.reason ?? '').toBe('ready');
}

const control = async (path: string, body: object = {}): Promise<Body> =>
  (await fetch(`${product.simulator.url}/_sim/paypal/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
const atPaypal = async (): Promise<Body> => (await fetch(`${product.simulator.url}/_sim/paypal/state`)).json();
const events = async (): Promise<Body[]> => (await asked('GET', '/api/admin/events?provider=paypal&limit=100')).data;
const invoices = async (): Promise<Body[]> => (await asked('GET', '/api/billing/invoices', undefined, customer)).data;

let subscription: string;
let method: string;
const secrets: string[] = [];

test('a customer agrees on PayPal’s page, and nobody else can use what they agreed to', async () => {
  const body = { processor: 'paypal', returnUrl: 'https://app.example.com/back?payment=1' };
  const refused = await product.ask('POST', '/api/billing/payment-methods', { processor: 'paypal' }, as(customer));
  expect([refused.status, (refused.body as Body).errors[0].path]).toEqual([400, 'returnUrl']);
  const key = { 'idempotency-key': 'setup-1' };
  const first: Body = (await product.ask('POST', '/api/billing/payment-methods', body, as(customer, key))).body;
  const second: Body = (await product.ask('POST', '/api/billing/payment-methods', body, as(customer, key))).body;
  expect(second).toEqual(first);
  const { id, approveUrl } = first.setup;
  secrets.push(approveUrl, id);
  expect(approveUrl).toContain('/agreements/approve?');
  const early = await product.ask(
    'POST',
    '/api/billing/payment-methods',
    { processor: 'paypal', setupId: id },
    as(customer),
  );
  expect(early).toMatchObject({ status: 422, body: { code: 'unknown_payment_method' } });

  const agree = { method: 'POST', body: new URLSearchParams({ outcome: 'approve' }), redirect: 'manual' } as const;
  expect((await fetch(approveUrl, agree)).headers.get('location')).toMatch(
    /^https:\/\/app\.example\.com\/back\?payment=1&/,
  );
  const stranger = await asked('POST', '/api/customers', { timeZone: 'UTC', currency: 'usd' });
  const stolen = await product.ask(
    'POST',
    '/api/billing/payment-methods',
    { processor: 'paypal', setupId: id },
    as(stranger.id),
  );
  expect(stolen.status).toBe(422);
  const kept = await asked('POST', '/api/billing/payment-methods', { processor: 'paypal', setupId: id }, customer);
  expect(kept).toMatchObject({ processor: 'paypal', brand: 'paypal', last4: null, isDefault: true });
  method = kept.id;
});

test('the first period is paid from it, and the next one by itself', async () => {
  const card = { planId: 'basic', processor: 'stripe', paymentMethodId: method };
  const mixed = await product.ask('POST', '/api/billing/subscribe', card, as(customer));
  expect(mixed).toMatchObject({ status: 422, body: { code: 'wrong_processor' } });
  const begun = await asked('POST', '/api/billing/subscribe', { planId: 'basic', processor: 'paypal' }, customer);
  expect(begun).toMatchObject({
    subscription: { state: 'active', processor: 'paypal' },
    payment: { status: 'succeeded' },
  });
  subscription = begun.subscription.id;
  await advance({ by: 'P32D' });
  expect((await invoices()).map(({ state }) => state)).toEqual(['paid', 'paid']);
  expect(Object.values((await atPaypal()).byMark as Record<string, Body>).map(({ completed }) => completed)).toEqual([
    1, 1,
  ]);
});

test('an answer that is lost costs no second payment', async () => {
  await control('troubles', { behaviour: 'answer_lost', requests: 1 });
  await advance({ by: 'P31D' });
  expect((await invoices()).map(({ state }) => state)).toEqual(['paid', 'paid', 'paid']);
  const { byMark } = await atPaypal();
  expect(Object.values(byMark as Record<string, Body>).map(({ completed }) => completed)).toEqual([1, 1, 1]);
});

test('part of it is given back', async () => {
  const [latest] = await invoices();
  await asked('POST', `/api/admin/invoices/${latest.id}/refund`, { amount: 300, reason: 'requested_by_customer' });
  await until(atPaypal, ({ refunds }) => refunds === 1, 'PayPal has given it back');
});

test('every delivery is taken in: the answers of our own calls had told most of it', async () => {
  const all = await until(
    events,
    (rows) => rows.length >= 4 && rows.every(({ state }) => state === 'applied' || state === 'ignored'),
    'all events are settled',
  );
  const types = new Set(all.map(({ type }) => type));
  expect(types).toEqual(new Set(['PAYMENT.CAPTURE.COMPLETED', 'PAYMENT.CAPTURE.REFUNDED']));
});

test('a body around a genuine signature: the door can’t tell, and it moves nothing', async () => {
  await control('troubles', { behaviour: 'pends' });
  hook.holding.on = true;
  await advance({ by: 'P31D' });
  const isPending = ({ body }: Delivery) => body.includes('PAYMENT.CAPTURE.PENDING');
  const [genuine] = await until(
    async () => hook.seen.filter(isPending),
    (seen) => seen.length > 0,
    'PayPal tells',
  );
  const event = JSON.parse(genuine!.body);
  const paid = {
    ...{ ...event, id: 'WH-FORGED-1', event_type: 'PAYMENT.CAPTURE.COMPLETED' },
    resource: { ...event.resource, status: 'COMPLETED' },
  };
  expect(await handOn({ ...genuine!, body: forged(genuine!.body, paid) })).toBe(200);
  const told = async () => (await events()).find(({ eventId }) => eventId === 'WH-FORGED-1');
  const row = await until(told, (each) => each !== undefined && each.state !== 'received', 'it is judged');
  expect(row).toMatchObject({ state: 'quarantined', reason: 'the processor says otherwise: it is processing there' });
  expect((await invoices()).filter(({ state }) => state === 'paid')).toHaveLength(3);

  // Nor does it keep out what else comes under the same delivery: another forgery, or what PayPal has to say.
  const dearer = { ...paid, id: 'WH-FORGED-2' };
  expect(await handOn({ ...genuine!, body: forged(genuine!.body, dearer) })).toBe(200);
  const stateOf = async (what: (event: Body) => boolean) => (await events()).find(what)?.state;
  await until(
    () => stateOf(({ eventId }) => eventId === 'WH-FORGED-2'),
    (state) => state === 'quarantined',
    'it is judged as well',
  );
  hook.holding.on = false;
  await until(
    () => stateOf(({ type }) => type === 'PAYMENT.CAPTURE.PENDING'),
    (state) => state === 'applied' || state === 'ignored',
    'the genuine one is taken in',
  );
});

test('when the money does come, its own event says so', async () => {
  const pending = hook.seen.find(({ body }) => body.includes('PAYMENT.CAPTURE.PENDING'));
  const { id } = JSON.parse(pending!.body).resource;
  await control(`captures/${id}/settle`);
  await until(invoices, (all) => all.every(({ state }) => state === 'paid'), 'the invoice is paid');
  const db = createDatabase(product.databaseUrl, { applicationName: 'test', max: 2 });
  expect(await verifyLedger(db)).toMatchObject({ differences: [] });
  await db.destroy();
});

test('no token, link or name of the vault lies anywhere', async () => {
  const basic = `Basic ${Buffer.from('a:b').toString('base64')}`;
  const url = product.simulator.url;
  const page = await (await fetch(`${url}/_sim/paypal`)).text();
  const vaultId = /<h2>Vault<\/h2>.*?<td><code>([a-z0-9]{8})<\/code>/s.exec(page)?.[1];
  secrets.push(vaultId ?? '', 'A21AA', 'simulated-secret', 'agreements/approve', basic);
  expect(secrets.every((each) => each.length > 4)).toBe(true);
  const texts: string[] = [];
  const db = createDatabase(product.databaseUrl, { applicationName: 'test', max: 2 });
  for (const table of await tablesOf(db)) {
    await forEachRow(db, table, async (row) => void texts.push(...Object.values(row).map(String)));
  }
  await db.destroy();
  const handle = product.client.workflow.getHandle(
    workflowIdOf(product.demo.tenant as `ten_${string}`, subscription as `sub_${string}`),
  );
  texts.push(...leavesOf(await handle.fetchHistory()));
  expect(texts.length).toBeGreaterThan(500);
  const all = texts.join('\n');
  expect(all).toContain(method);
  for (const secret of secrets) expect(all.includes(secret), secret).toBe(false);
});

test('a buyer who takes it back at PayPal has no method any more', async () => {
  const page = await (await fetch(`${product.simulator.url}/_sim/paypal`)).text();
  const vaultId = /<h2>Vault<\/h2>.*?<td><code>([a-z0-9]{8})<\/code>/s.exec(page)?.[1];
  await control(`payment_tokens/${vaultId}/remove`);
  await until(
    async () => (await asked('GET', '/api/billing/payment-methods', undefined, customer)).data as Body[],
    (methods) => methods.length === 0,
    'it is gone here, too',
  );
});

test('what PayPal collects by itself is followed: agreed to, billed again, and ended when its time has come', async () => {
  const own = (await asked('POST', '/api/admin/clocks', { name: 'collected' })).id;
  const whose = (await asked('POST', '/api/customers', { timeZone: 'UTC', currency: 'usd', clockId: own })).id;
  const begun = await asked(
    'POST',
    '/api/billing/subscribe',
    { planId: 'basic', processor: 'paypal', collection: 'processor' },
    whose,
  );
  expect(begun).toMatchObject({
    subscription: { state: 'incomplete', collection: 'processor', processor: 'paypal' },
    payment: { status: 'requires_action' },
  });
  const { id } = begun.subscription;
  const { approveUrl } = begun.payment;
  const look = () => asked('GET', `/api/billing/subscriptions/${id}`, undefined, whose);
  const bills = async () => (await asked('GET', '/api/billing/invoices', undefined, whose)).data as Body[];
  const agree = { method: 'POST', body: new URLSearchParams({ outcome: 'approve' }), redirect: 'manual' } as const;
  await fetch(approveUrl, agree);
  await control('advance', { seconds: 1 });
  await until(look, ({ state }) => state === 'active', 'it is active');
  await until(bills, ([first]) => first?.state === 'paid', 'its first payment is in the books');
  await control('advance', { seconds: 31 * 86_400 });
  await until(bills, (all) => all.length === 2 && all.every(({ state }) => state === 'paid'), 'the second as well');

  /** Where PayPal is slow to answer to the last order, the next one waits. */
  const order = async (what: string, body: object = {}): Promise<Body> => {
    const ask = () => product.ask('POST', `/api/billing/${what}`, { subscriptionId: id, ...body }, as(whose));
    return (await until(ask, ({ status }) => status === 200, `${what} is answered`)).body;
  };
  const planned = await order('cancel', { at: 'period_end' });
  expect(planned.subscription).toMatchObject({ state: 'active', cancelAt: planned.subscription.currentPeriod.end });
  await order('uncancel');
  await until(look, ({ cancelAt }) => cancelAt === null, 'it goes on');
  await order('cancel', { at: 'period_end' });
  await until(look, ({ cancelAt }) => cancelAt !== null, 'it is planned again');
  await advance({ to: new Date(Date.parse(planned.subscription.currentPeriod.end) + 1_000).toISOString() }, own);
  await until(look, ({ state }) => state === 'canceled', 'it is told to end, and has ended');
  const db = createDatabase(product.databaseUrl, { applicationName: 'test', max: 2 });
  expect(await verifyLedger(db)).toMatchObject({ differences: [] });
  await db.destroy();
});
