import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { withOwnAccounts } from '../../src/accounts/own-accounts.ts';
import { createOwnWebhooks } from '../../src/accounts/own-webhooks.ts';
import { nothingSeen, scanTables } from '../../src/privacy/scan.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { type Doorstep, startDoorstep } from '../support/doorstep.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';
import { deliver, signed } from '../webhooks/support.ts';
import { type Api, publishPrices, startApi } from './support.ts';

const ENVIRONMENT_SECRET = 'whsec_of_the_deployment';
const KEY = 'sk_test_simulated';
let engine: Engine;
let api: Api;
let there: Simulator;
let doorstep: Doorstep;
/** Another tenant of the same deployment, which its account serves. */
let other: Api;

beforeAll(async () => {
  there = await startSimulator({ port: 0 });
  const bases = { STRIPE_API_BASE: there.url, PAYPAL_API_BASE: there.url };
  engine = await startEngine({
    processors: (environment, { db, keys }) => withOwnAccounts({ db, ring: keys.ring, environment, bases }),
  });
  const { db, keys, processors, taskQueue } = engine;
  const parts = { db, keys, processors, bases, taskQueue, temporalAddress: inject('temporalAddress') };
  api = await startApi(parts);
  other = await startApi(parts);
  await publishPrices(api);
  await publishPrices(other);
  doorstep = await startDoorstep(engine);
  const own = createOwnWebhooks({ db, ring: keys.ring, methodKey: keys.blindIndexKey, bases });
  doorstep.trust(ENVIRONMENT_SECRET, own);
});
afterAll(async () => {
  await api?.stop();
  await other?.stop();
  await doorstep?.stop();
  await engine?.stop();
  await there?.stop();
});

const stripe = async (path: string, body: Record<string, string>) => {
  const response = await fetch(`${there.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(body),
  });
  return response.json() as Promise<{ id: string; secret: string }>;
};

const ACCOUNTS = '/api/admin/processor-accounts';

describe('a tenant’s own account', () => {
  let account: { id: string; webhook: { path: string; proven: boolean } };

  test('is refused with what doesn’t fit, field by field', async () => {
    const add = (body: object) => api.owner('POST', ACCOUNTS, body);
    expect((await add({ processor: 'stripe', apiKey: 'sk_live_abc' })).body).toMatchObject({
      status: 400,
      errors: [{ path: 'apiKey', message: 'is a key of live mode, and this is test mode' }],
    });
    expect((await add({ processor: 'stripe', apiKey: KEY, publishableKey: 'pk_live_x' })).body.errors[0].path).toBe(
      'publishableKey',
    );
    expect((await add({ processor: 'stripe', apiKey: 'nonsense' })).status).toBe(400);
    expect((await add({ processor: 'adyen', apiKey: KEY })).status).toBe(400);
    expect((await api.owner('GET', ACCOUNTS)).body.data).toEqual([]);
  });

  test('is kept sealed, shown without its secrets, and scanned as clean', async () => {
    const { status, body } = await api.owner('POST', ACCOUNTS, {
      ...{ processor: 'stripe', apiKey: KEY, publishableKey: 'pk_test_theirs' },
    });
    expect(status).toBe(201);
    account = body;
    expect(body).toMatchObject({
      ...{ processor: 'stripe', mode: 'test', publishableKey: 'pk_test_theirs', keyEndsWith: KEY.slice(-4) },
      webhook: { path: `/api/webhooks/stripe/${body.id}`, proven: false },
    });
    const endpoint = await stripe('/v1/webhook_endpoints', {
      ...{ url: `${new URL(doorstep.url).origin}${account.webhook.path}`, 'enabled_events[]': '*' },
    });
    const changed = await api.owner('PATCH', `${ACCOUNTS}/${account.id}`, { webhookSecrets: [endpoint.secret] });
    expect(changed.body.webhook.proven).toBe(true);
    const everything = JSON.stringify([changed.body, (await api.owner('GET', ACCOUNTS)).body]);
    expect(everything).not.toContain(KEY);
    expect(everything).not.toContain(endpoint.secret);
    const rows = await engine.db.selectFrom('processor_accounts').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(KEY);
    const hits: unknown[] = [];
    await scanTables(engine.db, engine.keys.ring, nothingSeen(), (hit) => hits.push(hit));
    expect(hits).toEqual([]);
    const again = await api.owner('POST', ACCOUNTS, { processor: 'stripe', apiKey: KEY });
    expect(again.body).toMatchObject({ status: 409, code: 'account_exists' });
    expect((await other.owner('GET', ACCOUNTS)).body.data).toEqual([]);
  });

  test('takes the money of its tenant, and of no other', async () => {
    const { id, ask } = await api.customer();
    const { body } = await ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: 'pm_card_visa' });
    expect(body.payment.status).toBe('succeeded');
    const setup = await ask('POST', '/api/billing/payment-methods', {});
    expect(setup.body.publishableKey).toBe('pk_test_theirs');
    const known = await engine.db
      .selectFrom('processor_customers')
      .select('account')
      .where('customer_id', '=', id)
      .execute();
    expect(known).toEqual([{ account: account.id }]);
    const charges = await fetch(`${there.url}/v1/payment_intents`, { headers: { authorization: `Bearer ${KEY}` } });
    expect(((await charges.json()) as { data: object[] }).data).toHaveLength(1);

    const elsewhere = await other.customer();
    await elsewhere.ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: 'pm_card_visa' });
    const theirs = await engine.db
      .selectFrom('processor_customers')
      .select('account')
      .where('customer_id', '=', elsewhere.id)
      .execute();
    expect(theirs).toEqual([{ account: 'default' }]);
  });

  test('is heard at a door of its own', async () => {
    const heard = async () =>
      (
        await engine.db
          .selectFrom('inbox')
          .select(['account', 'tenant_id', 'state', 'type'])
          .where('type', '=', 'payment_intent.succeeded')
          .execute()
      ).filter((row) => row.account === account.id);
    const rows = await until(heard, ([first]) => first?.state === 'applied', 'the payment’s event is applied');
    expect(rows).toEqual([
      { account: account.id, tenant_id: api.tenant, state: 'applied', type: 'payment_intent.succeeded' },
    ]);
  });

  test('says nothing about another tenant, whatever its owner signs', async () => {
    const [victim] = (await other.owner('GET', '/api/admin/subscriptions')).body.data;
    const secret = 'whsec_known_to_the_owner';
    await api.owner('PATCH', `${ACCOUNTS}/${account.id}`, { webhookSecrets: [secret] });
    const url = `${new URL(doorstep.url).origin}${account.webhook.path}`;
    const event = (metadata: object, over: object = {}) => ({
      ...{ id: `evt_forged${Math.random().toString(36).slice(2)}`, object: 'event', livemode: false },
      ...{ type: 'payment_intent.succeeded', created: Math.floor(Date.now() / 1000) },
      data: {
        object: { id: 'pi_forged', object: 'payment_intent', amount_received: 1, currency: 'usd', metadata, ...over },
      },
    });
    const tell = async (told: object) => (await deliver(url, told, signed(JSON.stringify(told), secret))).status;
    const marked = (await engine.db.selectFrom('inbox').selectAll().execute()).length;
    const forged = event({
      ...{ hydra_tenant: other.tenant, hydra_mode: 'test', hydra_subscription: victim.id },
      ...{ hydra_invoice: `${victim.id.replace('sub_', 'inv_')}_1`, hydra_attempt: '1' },
    });
    // A changed secret counts within seconds.
    await until(
      () => tell(forged),
      (status) => status === 200,
      'the new secret counts',
    );
    const row = await engine.db
      .selectFrom('inbox')
      .select(['tenant_id', 'subscription_id', 'state', 'reason'])
      .where('event_id', '=', forged.id)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ tenant_id: api.tenant, subscription_id: null, state: 'ignored' });
    expect(marked).toBeGreaterThan(0);
  });

  test('stays while customers are known there', async () => {
    const gone = await api.owner('DELETE', `${ACCOUNTS}/${account.id}`);
    expect(gone.body).toMatchObject({ status: 409, code: 'account_in_use' });
    const late = await other.owner('POST', ACCOUNTS, { processor: 'stripe', apiKey: KEY });
    expect(late.body).toMatchObject({ status: 409, code: 'account_in_use' });
    const paypal = await other.owner('POST', ACCOUNTS, { processor: 'paypal', clientId: 'id', clientSecret: 'secret' });
    expect(paypal.status).toBe(201);
    expect(paypal.body.webhook).toEqual({ path: `/api/webhooks/paypal/${paypal.body.id}`, proven: false });
    expect((await other.owner('DELETE', `${ACCOUNTS}/${paypal.body.id}`)).status).toBe(204);
    expect((await other.owner('GET', ACCOUNTS)).body.data).toEqual([]);
    const audited = await engine.db
      .selectFrom('audit_log')
      .select('action')
      .where('subject', 'like', 'acc_%')
      .execute();
    expect(audited.map(({ action }) => action)).toEqual([
      'processor_account_added',
      'processor_account_changed',
      'processor_account_changed',
      'processor_account_added',
      'processor_account_removed',
    ]);
  });
});
