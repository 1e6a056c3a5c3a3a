import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { methodName } from '../../src/security/method-name.ts';
import { useDatabase } from '../db/support.ts';
import { PANS } from './events.ts';
import { capture, paypalEvent } from './paypal-events.ts';
import { certificatesOf, signPaypal, WEBHOOK } from './paypal-pki.ts';
import { openDoor } from './support.ts';

const database = useDatabase();
const inbox = () => database.db.selectFrom('inbox').selectAll().orderBy('seq').execute();
beforeEach(async () => {
  await database.db.deleteFrom('inbox').execute();
});

async function opened() {
  const { certificates, address } = await certificatesOf();
  const nameOf = (vaultId: string) => methodName(Buffer.alloc(32), { account: 'default', mode: 'test' }, vaultId);
  const account = { id: 'default', mode: 'test', nameOf, webhookId: WEBHOOK, certificates } as const;
  const door = await openDoor(database.db, [], undefined, [account]);
  const url = door.url.replace('stripe', 'paypal');
  const deliver = (event: object | string, given: Parameters<typeof signPaypal>[2] | Record<string, string> = {}) => {
    const body = typeof event === 'string' ? event : JSON.stringify(event);
    const isHeaders = Object.keys(given).some((name) => name.startsWith('paypal-'));
    const headers = isHeaders ? (given as Record<string, string>) : signPaypal(body, address, given);
    return fetch(url, { method: 'POST', body, headers });
  };
  return { ...door, url, address, deliver };
}

const paid = (id = 'WH-1', over: Record<string, unknown> = {}) =>
  paypalEvent('PAYMENT.CAPTURE.COMPLETED', capture(over), { id });

test('a delivery is kept, stripped, before it is answered, and is not believed yet', async () => {
  const { deliver, counted } = await opened();
  const answer = await deliver(paid(), { id: 'b2384410-f8d2-11e4-8bf3-77339302725b' });
  expect([answer.status, await answer.json()]).toEqual([200, { received: true }]);
  const rows = await inbox();
  expect(rows).toMatchObject([
    {
      ...{ provider: 'paypal', account: 'default', mode: 'test', event_id: 'WH-1', state: 'received' },
      ...{ tenant_id: 'ten_1', subscription_id: 'sub_1', type: 'PAYMENT.CAPTURE.COMPLETED' },
      facts: [
        { type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 2, payment: '2GG279541U471931P', amount: 3000 },
      ],
      claim: { about: 'payment', id: '2GG279541U471931P', amount: 3000, currency: 'usd' },
      confirmed_at: null,
      transmission_id: 'b2384410-f8d2-11e4-8bf3-77339302725b',
      verified_by: expect.stringMatching(/^paypal:/),
    },
  ]);
  for (const pan of PANS) expect(JSON.stringify(rows)).not.toContain(pan);
  expect(counted).toEqual(['new']);
});

test('told again under the same delivery or another, at once or later, it is one row and always 200', async () => {
  const { deliver } = await opened();
  const id = 'b2384410-f8d2-11e4-8bf3-77339302725b';
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => deliver(paid(), i % 2 ? {} : { id })));
  expect((await deliver(paid(), { id })).status).toBe(200);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await inbox()).toMatchObject([{ event_id: 'WH-1', state: 'received' }]);
});

test('another event under a delivery that was heard is in quarantine: somebody writes around a signature', async () => {
  const { deliver, logged, counted } = await opened();
  const id = 'b2384410-f8d2-11e4-8bf3-77339302725b';
  await deliver(paid('WH-1'), { id });
  for (let i = 0; i < 2; i++) expect((await deliver(paid('WH-2'), { id })).status).toBe(200);
  expect(await inbox()).toMatchObject([
    { event_id: 'WH-1', state: 'received' },
    { event_id: expect.stringMatching(/^WH-2#/), state: 'quarantined', transmission_id: null },
  ]);
  expect(logged.filter(({ level }) => level === 'error')).toHaveLength(2);
  expect(counted).toEqual(['new', 'different', 'different']);
});

test('the same event with another amount or of another payment is in quarantine', async () => {
  const { deliver } = await opened();
  await deliver(paid());
  await deliver(paid('WH-1', { amount: { currency_code: 'USD', value: '1.00' } }));
  await deliver(paid('WH-1', { amount: { currency_code: 'EUR', value: '30.00' } }));
  expect((await inbox()).map(({ state }) => state)).toEqual(['received', 'quarantined', 'quarantined']);
});

test.each([
  ['no signature', 400, 'invalid_signature', () => ({ 'paypal-auth-algo': 'SHA256withRSA' })],
  ['of another body', 400, 'invalid_signature', (address: string) => signPaypal('{}', address)],
  [
    'a certificate elsewhere',
    400,
    'invalid_signature',
    () => signPaypal(JSON.stringify(paid()), 'https://evil.example/v1/notifications/certs/C'),
  ],
  [
    'a certificate that nobody serves',
    400,
    'invalid_signature',
    (address: string) => signPaypal(JSON.stringify(paid()), address.replace(/:\d+/, ':1')),
  ],
] as const)('refused with a problem: %s', async (_name, status, code, headers) => {
  const { deliver, address } = await opened();
  const answer = await deliver(paid(), headers(address));
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect([answer.status, await answer.json()]).toMatchObject([status, { code, status }]);
  expect(await inbox()).toEqual([]);
});

test('refused with a problem: what is signed and no event, another method, an account that is none', async () => {
  const { deliver, url } = await opened();
  expect([(await deliver('not json')).status, (await deliver('[]')).status]).toEqual([400, 400]);
  expect((await fetch(url)).status).toBe(405);
  expect((await fetch(`${url}/acct_nobody`, { method: 'POST', body: '{}' })).status).toBe(404);
  expect(await inbox()).toEqual([]);
});

test('who only knocks is told to wait, as at Stripe’s door', async () => {
  const { url, deliver } = await opened();
  let refused = 0;
  // Sixty, and one more each second that this takes.
  for (let status = 0; status !== 429; refused++) status = (await fetch(url, { method: 'POST', body: '{}' })).status;
  expect(refused).toBeGreaterThan(60);
  expect((await deliver(paid())).status).toBe(200);
});

test('whatever is sent, it is refused with a problem and never with our own fault', async () => {
  const { url, address } = await opened();
  const genuine = signPaypal('{}', address);
  const letters = fc.stringMatching(/^[ -~]{0,80}$/);
  const header = fc.record(
    Object.fromEntries(Object.keys(genuine).map((name) => [name, fc.oneof(letters, fc.constant(genuine[name]!))])),
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(header, fc.uint8Array({ maxLength: 300 }), async (headers, body) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: Buffer.from(body),
      });
      expect([400, 429]).toContain(answer.status);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
    }),
    { numRuns: 150 },
  );
  expect(await inbox()).toEqual([]);
});
