import { X509Certificate } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forged } from '../../src/simulator/paypal/forge.ts';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';
import { createCertificates, trustAt } from '../../src/webhooks/paypal-certificates.ts';
import { verifyPaypalSignature } from '../../src/webhooks/paypal-signature.ts';
import { newFile } from './support.ts';

// biome-ignore lint/suspicious/noExplicitAny: each route has an answer of its own
type Body = any;
type Ask = (
  method: string,
  path: string,
  body?: object,
  headers?: Record<string, string>,
) => Promise<{ status: number; body: Body; headers: Headers }>;

async function start(options: Partial<SimulatorOptions> = {}) {
  const sim = await startSimulator({ port: 0, retryBaseMs: 5, ...options });
  onTestFinished(sim.stop);
  return { ...sim, ...(await clientOf(sim.url)) };
}

async function clientOf(url: string) {
  const basic = `Basic ${Buffer.from('id:secret').toString('base64')}`;
  const given = await fetch(`${url}/v1/oauth2/token`, {
    method: 'POST',
    headers: { authorization: basic },
    body: 'grant_type=client_credentials',
  });
  const token = ((await given.json()) as Body).access_token;
  const ask: Ask = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, prefer: 'return=representation', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  };
  const control = async (path: string, body: object = {}): Promise<Body> =>
    (await fetch(`${url}/_sim/paypal/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
  const state = async (): Promise<Body> => (await fetch(`${url}/_sim/paypal/state`)).json();
  return { ask, control, state, token };
}

type Heard = { event: Body; body: string; headers: IncomingHttpHeaders };

async function receiver(answers: (nth: number) => number = () => 200) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    heard.push({ event: JSON.parse(body), body, headers: request.headers });
    response.writeHead(answers(heard.length)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return {
    heard,
    types: () => heard.map(({ event }) => event.event_type as string),
    paypalWebhook: { id: 'WH-TEST', url },
  };
}

async function quiet(url: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!((await (await fetch(`${url}/_sim/quiet`)).json()) as Body).quiet) {
    if (Date.now() > end) throw new Error('the simulator does not come to rest');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const usd = (value: string) => ({ value, currency_code: 'USD' });

/** A buyer who has agreed, and their payment token. */
async function vaulted({
  ask,
  control,
}: {
  ask: Ask;
  control: (path: string, body?: object) => Promise<Body>;
}): Promise<string> {
  const context = { return_url: 'https://app.example/back', cancel_url: 'https://app.example/no' };
  const setup = await ask('POST', '/v3/vault/setup-tokens', {
    ...{ customer: { merchant_customer_id: 'mine' }, payment_source: { paypal: { experience_context: context } } },
  });
  await control('approve', { token: setup.body.id });
  const source = { token: { id: setup.body.id, type: 'SETUP_TOKEN' } };
  return (await ask('POST', '/v3/vault/payment-tokens', { payment_source: source })).body.id;
}

const orderOf = (vault_id: string, value = '30.00', over: object = {}) => ({
  intent: 'CAPTURE',
  purchase_units: [{ amount: usd(value), custom_id: 'mark', ...over }],
  payment_source: { paypal: { vault_id } },
});

async function planned({ ask }: { ask: Ask }, over: object = {}): Promise<string> {
  const product = await ask('POST', '/v1/catalogs/products', { name: 'Pro' });
  const cycle = (tenure_type: string, sequence: number, total_cycles: number, price: string) => ({
    ...{ tenure_type, sequence, total_cycles, frequency: { interval_unit: 'MONTH', interval_count: 1 } },
    pricing_scheme: { fixed_price: usd(price) },
  });
  const billing_cycles = [cycle('TRIAL', 1, 1, '0.00'), cycle('REGULAR', 2, 0, '10.00')];
  return (await ask('POST', '/v1/billing/plans', { product_id: product.body.id, name: 'Pro', billing_cycles, ...over }))
    .body.id;
}

async function subscribed(sim: Awaited<ReturnType<typeof start>>, over: object = {}, plan: object = {}) {
  const plan_id = await planned(sim, plan);
  const made = await sim.ask('POST', '/v1/billing/subscriptions', {
    plan_id,
    custom_id: 'mark',
    start_time: '2027-01-31T10:00:00Z',
    ...over,
  });
  const approve = made.body.links.find(({ rel }: Body) => rel === 'approve').href as string;
  const response = await fetch(approve, {
    method: 'POST',
    body: new URLSearchParams({ outcome: 'approve' }),
    redirect: 'manual',
  });
  const path = `/v1/billing/subscriptions/${made.body.id}`;
  return { id: made.body.id as string, path, made, response, read: async () => (await sim.ask('GET', path)).body };
}

describe('who may ask', () => {
  test('a token for id and secret, and nothing without one', async () => {
    const { url, token, ask, control } = await start();
    expect(token).toMatch(/^A21AA/);
    expect((await fetch(`${url}/v2/checkout/orders/x`)).status).toBe(401);
    expect((await ask('GET', '/v2/checkout/orders/x', undefined, { authorization: 'Bearer A21AAwrong' })).status).toBe(
      401,
    );
    expect((await ask('GET', '/v2/checkout/orders/x')).status).toBe(404);
    await control('tokens/revoke');
    expect((await ask('GET', '/v2/checkout/orders/x')).status).toBe(401);
  });

  test('errors have PayPal’s shape, also where there is no such route', async () => {
    const { ask } = await start();
    const missing = await ask('GET', '/v2/payments/captures/NOBODY');
    expect(missing).toMatchObject({
      status: 404,
      body: { name: 'RESOURCE_NOT_FOUND', debug_id: expect.any(String), details: [{}] },
    });
    expect(missing.headers.get('paypal-debug-id')).toBe(missing.body.debug_id);
    expect(await ask('GET', '/v2/checkout/unicorns')).toMatchObject({ status: 404, body: { name: 'NOT_FOUND' } });
    expect(await ask('GET', '/v9/unicorns')).toMatchObject({ status: 404, body: { name: 'NOT_FOUND' } });
    expect(await ask('POST', '/v2/checkout/orders', { intent: 'NAP' })).toMatchObject({
      ...{ status: 400, body: { name: 'INVALID_REQUEST', details: [{ field: '/intent' }] } },
    });
  });
});

describe('orders', () => {
  test('paid at once from the vault; the request id makes it once', async () => {
    const sim = await start();
    const order = orderOf(await vaulted(sim));
    expect((await sim.ask('POST', '/v2/checkout/orders', order)).status).toBe(400);
    const key = { 'paypal-request-id': 'k1' };
    const first = await sim.ask('POST', '/v2/checkout/orders', order, key);
    const second = await sim.ask('POST', '/v2/checkout/orders', order, key);
    expect(first).toMatchObject({ status: 201, body: { status: 'COMPLETED' } });
    expect(second.body).toEqual(first.body);
    const [capture] = first.body.purchase_units[0].payments.captures;
    expect(capture).toMatchObject({ status: 'COMPLETED', amount: usd('30.00'), custom_id: 'mark' });
    expect((await sim.ask('GET', `/v2/payments/captures/${capture.id}`)).body).toMatchObject({ id: capture.id });
    expect((await sim.state()).captures).toEqual({ COMPLETED: 1 });
    const minimal = await sim.ask('POST', '/v2/checkout/orders', order, {
      'paypal-request-id': 'k2',
      prefer: 'return=minimal',
    });
    expect(Object.keys(minimal.body).sort()).toEqual(['id', 'links', 'status']);
  });

  test('an invoice id is paid once, whatever the request id', async () => {
    const sim = await start();
    const order = orderOf(await vaulted(sim), '5.00', { invoice_id: 'inv_1/1' });
    await sim.ask('POST', '/v2/checkout/orders', order, { 'paypal-request-id': 'k1' });
    const again = await sim.ask('POST', '/v2/checkout/orders', order, { 'paypal-request-id': 'k2' });
    expect(again).toMatchObject({ status: 422, body: { details: [{ issue: 'DUPLICATE_INVOICE_ID' }] } });
  });

  test('approved by the buyer on the page, captured, and kept in the vault', async () => {
    const sim = await start();
    const context = { return_url: 'https://app.example/back?x=1', cancel_url: 'https://app.example/no' };
    const vault = { store_in_vault: 'ON_SUCCESS' };
    const made = await sim.ask('POST', '/v2/checkout/orders', {
      ...{ intent: 'CAPTURE', purchase_units: [{ amount: usd('7.50') }] },
      payment_source: { paypal: { experience_context: context, attributes: { vault } } },
    });
    expect(made.body.status).toBe('PAYER_ACTION_REQUIRED');
    const path = `/v2/checkout/orders/${made.body.id}/capture`;
    expect((await sim.ask('POST', path)).body.details).toMatchObject([{ issue: 'ORDER_NOT_APPROVED' }]);
    const page = made.body.links.find(({ rel }: Body) => rel === 'payer-action').href;
    expect(await (await fetch(page)).text()).toContain('pay 7.50 USD');
    const back = await fetch(page, {
      method: 'POST',
      body: new URLSearchParams({ outcome: 'approve' }),
      redirect: 'manual',
    });
    expect(back.headers.get('location')).toMatch(/^https:\/\/app\.example\/back\?x=1&token=/);
    const done = await sim.ask('POST', path);
    expect(done.body).toMatchObject({
      status: 'COMPLETED',
      payment_source: { paypal: { attributes: { vault: { status: 'VAULTED' } } } },
    });
    const { id } = done.body.payment_source.paypal.attributes.vault;
    expect((await sim.ask('GET', `/v3/vault/payment-tokens/${id}`)).status).toBe(200);
  });

  test.each([
    [{ behaviour: 'declines', issue: 'PAYER_CANNOT_PAY' }, 422],
    [{ behaviour: 'server_error' }, 500],
    [{ behaviour: 'rate_limited' }, 429],
  ])('trouble %j comes once', async (trouble, status) => {
    const sim = await start();
    const order = orderOf(await vaulted(sim));
    await sim.control('troubles', trouble);
    expect((await sim.ask('POST', '/v2/checkout/orders', order, { 'paypal-request-id': 'k1' })).status).toBe(status);
    expect((await sim.ask('POST', '/v2/checkout/orders', order, { 'paypal-request-id': 'k1' })).status).toBe(201);
    expect((await sim.state()).captures).toEqual({ COMPLETED: 1 });
  });

  test('pending is settled later, denied is told', async () => {
    const { heard, types, paypalWebhook } = await receiver();
    const sim = await start({ paypalWebhook });
    const order = orderOf(await vaulted(sim));
    await sim.control('troubles', { behaviour: 'pends' });
    const pending = await sim.ask('POST', '/v2/checkout/orders', order, { 'paypal-request-id': 'k1' });
    const { id } = pending.body.purchase_units[0].payments.captures[0];
    await sim.control(`captures/${id}/settle`);
    await sim.control('troubles', { behaviour: 'denies' });
    await sim.ask('POST', '/v2/checkout/orders', order, { 'paypal-request-id': 'k2' });
    await quiet(sim.url);
    expect(types().toSorted()).toEqual([
      ...[
        'PAYMENT.CAPTURE.COMPLETED',
        'PAYMENT.CAPTURE.DENIED',
        'PAYMENT.CAPTURE.PENDING',
        'VAULT.PAYMENT-TOKEN.CREATED',
      ],
    ]);
    expect(heard.find(({ event }) => event.event_type === 'PAYMENT.CAPTURE.COMPLETED')?.event.resource.id).toBe(id);
  });
});

describe('giving back', () => {
  test('in parts, no more than came, and not after 180 days', async () => {
    const sim = await start();
    const made = await sim.ask('POST', '/v2/checkout/orders', orderOf(await vaulted(sim)), {
      'paypal-request-id': 'k',
    });
    const { id } = made.body.purchase_units[0].payments.captures[0];
    const give = (value: string) => sim.ask('POST', `/v2/payments/captures/${id}/refund`, { amount: usd(value) });
    expect((await give('10.00')).body).toMatchObject({ status: 'COMPLETED', amount: usd('10.00') });
    expect((await give('20.01')).body.details).toMatchObject([{ issue: 'REFUND_AMOUNT_EXCEEDED' }]);
    await sim.control('advance', { seconds: 181 * 86_400 });
    expect((await give('1.00')).body.details).toMatchObject([{ issue: 'REFUND_TIME_LIMIT_EXCEEDED' }]);
  });

  test('a dispute that is lost is a reversal', async () => {
    const { types, paypalWebhook } = await receiver();
    const sim = await start({ paypalWebhook });
    const made = await sim.ask('POST', '/v2/checkout/orders', orderOf(await vaulted(sim)), {
      'paypal-request-id': 'k',
    });
    const { id } = made.body.purchase_units[0].payments.captures[0];
    const dispute = await sim.control(`captures/${id}/dispute`, { stage: 'INQUIRY' });
    const path = `/v1/customer/disputes/${dispute.dispute_id}`;
    expect((await sim.ask('GET', path)).body).toMatchObject({ status: 'OPEN', dispute_life_cycle_stage: 'INQUIRY' });
    await sim.ask('POST', `${path}/adjudicate`, { adjudication_outcome: 'BUYER_FAVOR' });
    await quiet(sim.url);
    expect((await sim.ask('GET', path)).body).toMatchObject({ status: 'RESOLVED' });
    expect((await sim.ask('GET', `/v2/payments/captures/${id}`)).body.status).toBe('REFUNDED');
    expect(types()).toEqual(expect.arrayContaining(['CUSTOMER.DISPUTE.RESOLVED', 'PAYMENT.CAPTURE.REVERSED']));
  });
});

describe('subscriptions', () => {
  const from = (time: string) => ({ now: () => Date.parse(time) });

  test('begin when the buyer agrees, and are billed by its clock, on the month’s last day where there is none', async () => {
    const { heard, types, paypalWebhook } = await receiver();
    const sim = await start({ paypalWebhook, ...from('2027-01-20T00:00:00Z') });
    const { id, read, made, response } = await subscribed(sim, {
      quantity: '3',
      application_context: { return_url: 'https://app.example/back' },
    });
    expect(made.body.status).toBe('APPROVAL_PENDING');
    expect(response.headers.get('location')).toContain(`subscription_id=${id}`);
    expect((await read()).status).toBe('ACTIVE');
    await sim.control('advance', { to: '2027-05-01T00:00:00Z' });
    const now = await read();
    expect(now.billing_info).toMatchObject({
      ...{
        last_payment: { amount: usd('30.00') },
        next_billing_time: '2027-05-28T10:00:00Z',
        failed_payments_count: 0,
      },
      cycle_executions: [{ cycles_completed: 1 }, { cycles_completed: 3 }],
    });
    await quiet(sim.url);
    expect(types().filter((type) => type === 'PAYMENT.SALE.COMPLETED')).toHaveLength(3);
    const sale = heard.find(({ event }) => event.event_type === 'PAYMENT.SALE.COMPLETED')?.event.resource;
    expect(sale).toMatchObject({
      ...{ state: 'completed', amount: { total: '30.00', currency: 'USD' }, billing_agreement_id: id, custom: 'mark' },
    });
    const query = 'start_time=2027-01-01T00:00:00Z&end_time=2027-12-31T00:00:00Z';
    expect((await sim.ask('GET', `/v1/billing/subscriptions/${id}/transactions?${query}`)).body.total_items).toBe(3);
    expect((await sim.ask('GET', `/v1/payments/sale/${sale.id}`)).body.id).toBe(sale.id);
  });

  test('what fails is owed, tried again, and given up at the threshold', async () => {
    const { types, paypalWebhook } = await receiver();
    const sim = await start({ paypalWebhook, ...from('2027-01-20T00:00:00Z') });
    const { read, path } = await subscribed(sim, {}, { payment_preferences: { payment_failure_threshold: 2 } });
    await sim.control('troubles', { behaviour: 'declines', times: 1 });
    await sim.control('advance', { to: '2027-03-01T00:00:00Z' });
    expect((await read()).billing_info).toMatchObject({ outstanding_balance: usd('10.00'), failed_payments_count: 1 });
    await sim.control('advance', { to: '2027-03-10T00:00:00Z' });
    expect((await read()).billing_info).toMatchObject({ outstanding_balance: usd('0.00'), failed_payments_count: 0 });
    await sim.control('troubles', { behaviour: 'declines', times: null });
    await sim.control('advance', { to: '2027-04-15T00:00:00Z' });
    expect(await read()).toMatchObject({ status: 'SUSPENDED', billing_info: { failed_payments_count: 2 } });
    await fetch(`${sim.url}/_sim/paypal/troubles`, { method: 'DELETE' });
    const paid = { note: 'now', capture_type: 'OUTSTANDING_BALANCE', amount: usd('10.00') };
    expect((await sim.ask('POST', `${path}/capture`, paid)).status).toBe(202);
    expect((await sim.ask('POST', `${path}/capture`, paid)).body.details).toMatchObject([
      { issue: 'ZERO_OUTSTANDING_BALANCE' },
    ]);
    await quiet(sim.url);
    expect(types()).toEqual(
      expect.arrayContaining(['BILLING.SUBSCRIPTION.PAYMENT.FAILED', 'BILLING.SUBSCRIPTION.SUSPENDED']),
    );
  });

  test('suspended, activated, revised with consent, and cancelled for good', async () => {
    const sim = await start(from('2027-01-20T00:00:00Z'));
    const { read, path } = await subscribed(sim);
    const reason = { reason: 'asked for' };
    await sim.ask('POST', `${path}/suspend`, reason);
    await sim.control('advance', { to: '2027-04-10T00:00:00Z' });
    expect((await read()).billing_info.last_payment).toBeUndefined();
    expect((await sim.ask('POST', `${path}/activate`, reason)).status).toBe(204);
    const revised = await sim.ask('POST', `${path}/revise`, { quantity: '5' });
    expect((await read()).quantity).toBe('1');
    await fetch(revised.body.links[0].href, { method: 'POST', body: new URLSearchParams({ outcome: 'approve' }) });
    expect((await read()).quantity).toBe('5');
    const patch = [{ op: 'replace', path: '/custom_id', value: 'other' }];
    expect((await sim.ask('PATCH', path, patch)).status).toBe(204);
    expect((await sim.ask('POST', `${path}/cancel`, reason)).status).toBe(204);
    expect(await read()).toMatchObject({ status: 'CANCELLED', custom_id: 'other' });
    const again = await sim.ask('POST', `${path}/activate`, reason);
    expect(again.body.details).toMatchObject([{ issue: 'SUBSCRIPTION_STATUS_INVALID' }]);
  });
});

describe('deliveries', () => {
  const verify = async (url: string, { headers, body }: Heard) =>
    verifyPaypalSignature(Buffer.from(body), headers, 'WH-TEST', createCertificates(trustAt(url, 'test')));

  test('are signed by a chain of its own, which the strict verifier takes, and its own verification, too', async () => {
    const { heard, paypalWebhook } = await receiver();
    const sim = await start({ paypalWebhook });
    await sim.ask('POST', '/v1/catalogs/products', { name: 'Pro' });
    await quiet(sim.url);
    const [first] = heard;
    expect(await verify(sim.url, first!)).toMatchObject({ valid: true });
    const chain = await (await fetch(String(first!.headers['paypal-cert-url']))).text();
    expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(new X509Certificate(chain).checkHost('messageverificationcerts.sandbox.paypal.com')).toBeDefined();
    const asked = {
      ...{ auth_algo: 'SHA256withRSA', webhook_id: 'WH-TEST', webhook_event: first!.event },
      cert_url: first!.headers['paypal-cert-url'],
      transmission_id: first!.headers['paypal-transmission-id'],
      transmission_sig: first!.headers['paypal-transmission-sig'],
      transmission_time: first!.headers['paypal-transmission-time'],
    };
    const verified = (over: object) =>
      sim.ask('POST', '/v1/notifications/verify-webhook-signature', { ...asked, ...over });
    expect((await verified({})).body).toEqual({ verification_status: 'SUCCESS' });
    expect((await verified({ webhook_id: 'WH-OTHER' })).body).toEqual({ verification_status: 'FAILURE' });
  });

  test('fail, are told again under the same id, doubled, held, sent again under another, and forged', async () => {
    const { heard, paypalWebhook } = await receiver((nth) => (nth === 1 ? 500 : 200));
    const sim = await start({ paypalWebhook });
    const ids = () => heard.map(({ headers }) => headers['paypal-transmission-id']);
    await sim.ask('POST', '/v1/catalogs/products', { name: 'Pro' });
    await quiet(sim.url);
    expect(ids()).toHaveLength(2);
    expect(new Set(ids()).size).toBe(1);
    const { id } = heard[0]!.event;
    await sim.control('deliveries/mode', { duplicateNext: 1 });
    expect((await sim.ask('POST', `/v1/notifications/webhooks-events/${id}/resend`)).status).toBe(202);
    await quiet(sim.url);
    expect(heard.map(({ event }) => event.id)).toEqual(heard.map(() => id));
    expect(new Set(ids()).size).toBe(2);
    await sim.control('deliveries/forge');
    await sim.ask('POST', '/v2/checkout/orders', orderOf(await vaulted(sim)), { 'paypal-request-id': 'k' });
    await quiet(sim.url);
    const forgeries = heard.filter(({ event }) => 'padding' in event);
    expect(forgeries).toHaveLength(1);
    expect(await verify(sim.url, forgeries[0]!)).toMatchObject({ valid: true });
    const listed = await sim.ask('GET', '/v1/notifications/webhooks-events?page_size=50');
    expect(listed.body.events.map((event: Body) => event.event_type)).toContain('PAYMENT.CAPTURE.COMPLETED');
  });

  test('go to whom the API has named, for what they asked', async () => {
    const { heard, types, paypalWebhook } = await receiver();
    const sim = await start();
    const asked = { url: paypalWebhook.url, event_types: [{ name: 'VAULT.PAYMENT-TOKEN.CREATED' }] };
    const made = await sim.ask('POST', '/v1/notifications/webhooks', asked);
    await sim.ask('POST', '/v1/catalogs/products', { name: 'Pro' });
    await vaulted(sim);
    await quiet(sim.url);
    expect(types()).toEqual(['VAULT.PAYMENT-TOKEN.CREATED']);
    const certificates = createCertificates(trustAt(sim.url, 'test'));
    const { headers, body } = heard[0]!;
    expect(await verifyPaypalSignature(Buffer.from(body), headers, made.body.id, certificates)).toMatchObject({
      valid: true,
    });
    expect((await sim.ask('DELETE', `/v1/notifications/webhooks/${made.body.id}`)).status).toBe(204);
  });
});

test('any body can be written around any checksum', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300 }),
      fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue()),
      (genuine, document) => {
        const body = forged(genuine, document);
        expect(crc32(body)).toBe(crc32(genuine));
        expect(JSON.parse(body)).toMatchObject({ padding: expect.stringMatching(/^[01]{64}$/) });
      },
    ),
    { numRuns: 1_000 },
  );
});

test('what it has answered it still knows after a restart: money, its clock, its certificates', async () => {
  const dataFile = newFile();
  const first = await start({ dataFile });
  const method = await vaulted(first);
  await first.ask('POST', '/v2/checkout/orders', orderOf(method), { 'paypal-request-id': 'k' });
  await first.control('advance', { seconds: 1_000_000 });
  const roots = await (await fetch(`${first.url}/_sim/paypal/roots.pem`)).text();
  await first.stop();
  const second = await start({ dataFile });
  expect(await (await fetch(`${second.url}/_sim/paypal/roots.pem`)).text()).toBe(roots);
  expect((await second.state()).captures).toEqual({ COMPLETED: 1 });
  expect(Date.parse((await second.state()).now)).toBeGreaterThan(Date.now() + 900_000_000);
  const page = await (await fetch(`${second.url}/_sim/paypal`)).text();
  expect(page).toContain(method);
});
