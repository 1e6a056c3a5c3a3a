/** Programs on machines, by the client that they are built with: what they are told, online, offline, and over the stream. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLicenseClient, type Licensed, type LicenseError } from '../../packages/license-client/index.mjs';
import { createNews } from '../../src/api/news.ts';
import { devicePayments } from '../../src/outbox/device-payments.ts';
import { listen } from '../../src/relay/listen.ts';
import { unseal } from '../../src/security/seal.ts';
import { relayTo } from '../outbox/support.ts';
import { type Engine, until } from '../support/engine.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, publishPrices } from './support.ts';

const DAY = 86_400_000;
const news = createNews();
const folder = mkdtempSync(join(tmpdir(), 'hydra-licences-'));
let engine: Engine;
let api: Api;
let ear: ReturnType<typeof listen>;
let keys: object[];
beforeAll(async () => {
  ({ engine, api } = await startApiOnEngine({ news }));
  ear = listen(engine.databaseUrl, { hydra_entitlements: news.tell });
  await publishPrices(api);
  keys = (await api.as(null)('GET', '/.well-known/jwks.json')).body.keys;
});
afterAll(async () => {
  news.close();
  await ear?.stop();
  await api?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function customerWith(planId = 'basic', body: object = {}) {
  const customer = await api.customer();
  const pay = { planId, paymentMethodId: 'pm_card_visa' };
  const answer = await customer.ask('POST', '/api/billing/subscribe', { ...pay, ...body });
  expect(answer.status).toBe(201);
  const code = async () => {
    const made = await customer.ask('POST', '/api/billing/licenses/activation-codes', {});
    expect(made.status).toBe(201);
    return made.body.activationCode as string;
  };
  return { ...customer, code, subscription: answer.body.subscription };
}

let machines = 0;
/** A machine with a disk of its own; `disk` and `fingerprint` are another's where one was cloned. */
function machine(over: Partial<Parameters<typeof createLicenseClient>[0]> = {}) {
  const name = `machine-${++machines}`;
  const file = over.file ?? join(folder, name);
  const options = { server: api.url, product: 'test', tenant: api.tenant, keys, file, fingerprint: [name], ...over };
  return { client: createLicenseClient(options), options, file };
}
const reasonOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return (error as LicenseError).reason;
  }
  return 'none';
};

test('a code is traded for a seat, and the licence is checked offline', async () => {
  const { ask, code } = await customerWith('basic');
  const { client, options } = machine();
  expect(await reasonOf(client.check)).toBe('not_activated');
  const typed = (await code()).toLowerCase().replaceAll('-', ' ');
  const licensed = await client.activate(typed, 'Ada’s laptop');
  expect(licensed).toMatchObject({
    tier: 'baseline',
    features: { projects: 3, seats: 1, api_calls: 1_000, export: true },
  });
  expect(licensed.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 14 * DAY);
  const offline = createLicenseClient({ ...options, fetch: () => Promise.reject(new Error('no network')) });
  expect(offline.check()).toEqual(licensed);
  const { body } = await ask('GET', '/api/billing/licenses');
  expect(body.data).toMatchObject([{ deviceName: 'Ada’s laptop', state: 'active' }]);
});

test('nothing that tells of the machine is stored, nor a code', async () => {
  const { code } = await customerWith();
  const { client } = machine();
  const typed = await code();
  await client.activate(typed, 'A name of its own');
  const stored = JSON.stringify([
    await api.db.selectFrom('license_seats').selectAll().execute(),
    await api.db.selectFrom('activation_codes').selectAll().execute(),
    await api.db.selectFrom('requests').selectAll().execute(),
    await api.db.selectFrom('audit_log').selectAll().execute(),
  ]);
  for (const secret of [client.anchor, typed, typed.replaceAll('-', ''), 'A name of its own']) {
    expect(stored).not.toContain(secret);
  }
});

describe('refused with a reason', () => {
  test('a code twice, one that is none, and a customer without access', async () => {
    const { code, id } = await customerWith('team', { quantity: 3 });
    const typed = await code();
    await machine().client.activate(typed);
    expect(await reasonOf(() => machine().client.activate(typed))).toBe('activation_code_used');
    expect(await reasonOf(() => machine().client.activate('AAAAA-AAAAA'))).toBe('activation_code_unknown');
    await api.db
      .updateTable('activation_codes')
      .set({ expires_at: new Date(0) })
      .where('used_at', 'is', null)
      .execute();
    const late = await code();
    await api.db
      .updateTable('activation_codes')
      .set({ expires_at: new Date(0) })
      .where('customer_id', '=', id)
      .where('used_at', 'is', null)
      .execute();
    expect(await reasonOf(() => machine().client.activate(late))).toBe('activation_code_over');
    const poor = await api.customer();
    const made = await poor.ask('POST', '/api/billing/licenses/activation-codes', {});
    expect(await reasonOf(() => machine().client.activate(made.body.activationCode))).toBe('license_no_access');
  });

  test('two machines on one seat, of two that come at once as well', async () => {
    const { ask, code } = await customerWith();
    const codes = [await code(), await code(), await code()];
    const two = [machine(), machine()];
    const reasons = await Promise.all(two.map(({ client }, i) => reasonOf(() => client.activate(codes[i]!))));
    expect(reasons.sort()).toEqual(['license_no_free_seat', 'none']);
    // The seat is moved, but not within a day of being taken.
    const { body } = await ask('GET', '/api/billing/licenses');
    const released = await ask('DELETE', `/api/billing/licenses/${body.data[0].id}`);
    expect(released.body).toMatchObject({ state: 'released' });
    expect(await reasonOf(() => machine().client.activate(codes[2]!))).toBe('license_no_free_seat');
    const yesterday = new Date(Date.now() - DAY - 1);
    await api.db
      .updateTable('license_seats')
      .set({ activated_at: yesterday })
      .where('id', '=', body.data[0].id)
      .execute();
    expect(await reasonOf(() => machine().client.activate(codes[2]!))).toBe('none');
    const gone = two.find(({ client }) => reasonless(client));
    expect(await reasonOf(() => gone!.client.refresh())).toBe('license_seat_released');
  });

  test('a copied licence file', async () => {
    const { code } = await customerWith();
    const { client, file } = machine();
    await client.activate(await code());
    const copy = join(folder, 'copy');
    writeFileSync(copy, readFileSync(file));
    const other = machine({ file: copy });
    expect(await reasonOf(other.client.check)).toBe('other_machine');
    expect(await reasonOf(other.client.refresh)).toBe('other_machine');
  });

  test('a cloned machine: its host’s network card is another, and where even that is copied, two show one licence', async () => {
    const { code } = await customerWith();
    const { client, options, file } = machine({ fingerprint: ['id', 'card-1'] });
    await client.activate(await code());
    const disk = join(folder, 'clone');
    writeFileSync(disk, readFileSync(file));
    expect(await reasonOf(machine({ file: disk, fingerprint: ['id', 'card-2'] }).client.check)).toBe('other_machine');
    const whole = createLicenseClient({ ...options, file: disk });
    const reasons = [];
    for (const one of [client, whole, client]) reasons.push(await reasonOf(() => one.refresh()));
    expect(reasons).toEqual(['none', 'none', 'license_cloned']);
    expect(await reasonOf(() => whole.refresh())).toBe('license_revoked');
  });

  test('another vendor’s licence, and a forged one', async () => {
    const { code } = await customerWith();
    const { client, options, file } = machine();
    await client.activate(await code());
    expect(await reasonOf(createLicenseClient({ ...options, tenant: 'ten_other' }).check)).toBe('other_tenant');
    expect(await reasonOf(createLicenseClient({ ...options, keys: [] }).check)).toBe('forged');
    const { license } = JSON.parse(readFileSync(file, 'utf8'));
    const [head, body, mac] = license.split('.');
    const better = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), tier: 'enterprise' }),
    );
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const forged of [`${head}.${better.toString('base64url')}.${mac}`, `${none}.${body}.`, 'a.b.c', '']) {
      writeFileSync(file, JSON.stringify({ license: forged }));
      const reader = createLicenseClient(options);
      expect(['forged', 'not_activated']).toContain(await reasonOf(reader.check));
      const answer = await api.as(null)('POST', '/api/licenses/refresh', { license: forged || 'x' });
      expect(answer).toMatchObject({ status: 401, body: { code: 'license_invalid' } });
    }
  });

  test('a machine of another customer', async () => {
    const [ada, grace] = [await customerWith(), await customerWith()];
    const { client } = machine();
    await client.activate(await ada.code());
    expect(await reasonOf(async () => client.activate(await grace.code()))).toBe('license_other_customer');
    const answer = await grace.ask('POST', '/api/billing/subscribe', {
      planId: 'basic',
      hardwareAnchor: client.anchor,
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'license_other_customer' } });
  });
});

test('a clock that is set back a little counts from where it was; one set back far, or a licence that is over, says so', async () => {
  const { code } = await customerWith();
  let time = Date.now();
  const { client } = machine({ now: () => time });
  await client.activate(await code());
  time -= DAY;
  expect(await reasonOf(client.check)).toBe('none');
  time -= 2 * DAY;
  expect(await reasonOf(client.check)).toBe('clock_set_back');
  time += 20 * DAY;
  expect(await reasonOf(client.check)).toBe('expired');
  time -= DAY; // and it stays so
  expect(await reasonOf(client.check)).toBe('expired');
  time = Date.now();
  expect(await reasonOf(client.refresh)).not.toBe('expired');
});

test('what is bought and what is canceled is heard over the stream', async () => {
  const { client } = machine();
  const { ask, subscription } = await customerWith('basic', { hardwareAnchor: client.anchor });
  expect(await client.fetchBought()).toMatchObject({ tier: 'baseline' });
  const heard: (Licensed | LicenseError)[] = [];
  const end = client.watch((licensed, error) => heard.push(licensed ?? error!), 50);
  const tiers = () => heard.map((each) => ('tier' in each ? each.tier : each.reason));
  await until(
    async () => tiers(),
    (seen) => seen.includes('baseline'),
    'the first licence',
  );
  const raised = await ask('POST', '/api/billing/change', { subscriptionId: subscription.id, planId: 'business' });
  expect(raised.status).toBe(200);
  await until(
    async () => tiers(),
    (seen) => seen.at(-1) === 'enterprise',
    'the raised tier',
  );
  expect(client.check()).toMatchObject({ tier: 'enterprise', features: { projects: null, reports: true } });
  await ask('POST', '/api/billing/cancel', { subscriptionId: subscription.id, at: 'now' });
  await until(
    async () => tiers(),
    (seen) => seen.at(-1) === 'license_revoked',
    'the revocation',
  );
  end();
  const { body } = await api.as(null)('GET', '/api/licenses/revocations');
  expect(body.revoked.map(({ why }: { why: string }) => why)).toContain('canceled');
  expect(await reasonOf(client.refresh)).toBe('license_revoked');
  expect(await reasonOf(client.check)).toBe('revoked');
});

test('a payment is written down with its machine, sealed, and without an amount', async () => {
  const { client } = machine();
  const ring = api.keys.ring;
  const { relay } = relayTo(api.db, [devicePayments({ db: api.db, ring })]);
  await relay.drain();
  const { id } = await customerWith('basic', { hardwareAnchor: client.anchor });
  const read = () => api.db.selectFrom('transaction_records').selectAll().execute();
  const rows = await until(
    async () => {
      await relay.drain();
      return read();
    },
    ({ length }) => length > 0,
    'the record',
  );
  expect(rows).toHaveLength(1);
  const [row] = rows;
  const paid = await api.db.selectFrom('payments').select('id').where('customer_id', '=', id).executeTakeFirstOrThrow();
  expect(Object.keys(row!).sort()).toEqual([
    ...['hardware_anchor', 'mode', 'recorded_at', 'tenant_id', 'transaction_id', 'webhook_event'],
  ]);
  expect(row!.transaction_id).toBe(paid.id);
  const seat = await api.db
    .selectFrom('license_seats')
    .select('anchor_hash')
    .where('customer_id', '=', id)
    .executeTakeFirstOrThrow();
  const place = { tenant: `${api.tenant}/test`, table: 'transaction_records', column: 'hardware_anchor', row: paid.id };
  expect(unseal(ring, row!.hardware_anchor, place).toString()).toBe(seat.anchor_hash.toString('hex'));
});

/** Whether the client holds a licence at all. */
const reasonless = (client: ReturnType<typeof createLicenseClient>): boolean => {
  try {
    client.check();
    return true;
  } catch {
    return false;
  }
};
