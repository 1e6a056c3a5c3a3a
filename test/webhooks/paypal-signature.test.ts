import { generateKeyPairSync, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCertificates, isAllowed, paypalTrust } from '../../src/webhooks/paypal-certificates.ts';
import { judgeChain } from '../../src/webhooks/paypal-chain.ts';
import { verifyPaypalSignature } from '../../src/webhooks/paypal-signature.ts';
import {
  addressOf,
  CHAIN,
  certificatesOf,
  keys,
  leaf,
  middle,
  NAME,
  NOW,
  ROOTS,
  root,
  rsa,
  type Signed,
  serve,
  signPaypal,
  WEBHOOK,
} from './paypal-pki.ts';

const BODY = Buffer.from('{"id":"WH-1","note":"žluťoučký"}');
const DAY = 86_400_000;

test('accepted: what PayPal has signed; the id of its delivery comes with the answer', async () => {
  const { certificates, address } = await certificatesOf();
  const headers = signPaypal(BODY, address, { id: 'b2384410-f8d2-11e4-8bf3-77339302725b' });
  expect(await verifyPaypalSignature(BODY, headers, WEBHOOK, certificates)).toEqual({
    ...{ valid: true, transmission: 'b2384410-f8d2-11e4-8bf3-77339302725b' },
    keyId: expect.stringMatching(/^paypal:[0-9A-F]{12}$/),
  });
});

test('accepted: three days old, since it is tried for so long', async () => {
  const { certificates, address } = await certificatesOf();
  const headers = signPaypal(BODY, address);
  const [id, time] = [headers['paypal-transmission-id'], '2020-01-01T00:00:00Z'];
  const said = Buffer.from(`${id}|${time}|${WEBHOOK}|${crc32(BODY)}`);
  const old = {
    ...headers,
    'paypal-transmission-time': time,
    'paypal-transmission-sig': sign('sha256', said, keys.leaf).toString('base64'),
  };
  expect(await verifyPaypalSignature(BODY, old, WEBHOOK, certificates)).toMatchObject({ valid: true });
});

const without = (name: string) => (headers: Signed) =>
  Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
const having =
  (name: string, change: string | ((was: string) => string)) =>
  (headers: Signed): Signed => ({
    ...headers,
    [name]: typeof change === 'string' ? change : change(headers[name]!),
  });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

test.each<[string, (headers: Signed) => Signed]>([
  ['no headers at all', () => ({})],
  ['no id', without('paypal-transmission-id')],
  ['no time', without('paypal-transmission-time')],
  ['no signature', without('paypal-transmission-sig')],
  ['no certificate', without('paypal-cert-url')],
  ['no algorithm', without('paypal-auth-algo')],
  ['an older algorithm', having('paypal-auth-algo', 'SHA1withRSA')],
  ['no algorithm by its name', having('paypal-auth-algo', 'none')],
  ['the algorithm in other letters', having('paypal-auth-algo', 'sha256withrsa')],
  ['two algorithms', having('paypal-auth-algo', 'SHA256withRSA, SHA256withRSA')],
  ['another id', having('paypal-transmission-id', 'b2384410-f8d2-11e4-8bf3-000000000000')],
  ['an id with a separator', having('paypal-transmission-id', 'b2384410|2027')],
  ['another time', having('paypal-transmission-time', '2027-01-01T00:00:00Z')],
  ['a time that is none', having('paypal-transmission-time', 'now')],
  ['a signature of zeros', having('paypal-transmission-sig', 'A'.repeat(344))],
  ['half a signature', having('paypal-transmission-sig', (was) => was.slice(0, 100))],
  ['a signature that is no base64', having('paypal-transmission-sig', (was) => `${was.slice(0, -4)}****`)],
  [
    'one letter of the signature',
    having('paypal-transmission-sig', (was) => (was[9] === 'A' ? 'B' : 'A') + was.slice(1)),
  ],
  ['a certificate elsewhere', having('paypal-cert-url', 'https://evil.example/v1/notifications/certs/CERT-1')],
  ['somebody else’s webhook', () => signPaypal(BODY, current, { webhook: 'WH-OTHER' })],
  ['somebody else’s key', () => signPaypal(BODY, current, { key: rsa() })],
  ['an elliptic key', () => signPaypal(BODY, current, { key: ec })],
])('refused: %s', async (_name, change) => {
  const { certificates, address } = await certificatesOf();
  current = address;
  const headers = change(signPaypal(BODY, address));
  expect(await verifyPaypalSignature(BODY, headers, WEBHOOK, certificates)).toMatchObject({ valid: false });
});
let current = '';

test('refused: any other body, unless it has the same checksum', async () => {
  const { certificates, address } = await certificatesOf();
  const headers = signPaypal(BODY, address);
  await fc.assert(
    fc.asyncProperty(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const body = Buffer.from(BODY);
      body[at] = body[at]! ^ flip;
      expect(crc32(body)).not.toBe(crc32(BODY));
      expect(await verifyPaypalSignature(body, headers, WEBHOOK, certificates)).toMatchObject({ valid: false });
    }),
    { numRuns: 2_000 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const { valid } = await verifyPaypalSignature(Buffer.from(bytes), headers, WEBHOOK, certificates);
      expect(valid).toBe(crc32(bytes) === crc32(BODY));
    }),
    { numRuns: 2_000 },
  );
});

describe('where a certificate may come from', () => {
  const { origins } = paypalTrust('live');
  test.each([
    ['https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270', true],
    ['https://api-m.paypal.com/v1/notifications/certs/CERT-360caa42', true],
    ['http://api.paypal.com/v1/notifications/certs/CERT-1', false],
    ['HTTPS://api.paypal.com/v1/notifications/certs/CERT-1', false],
    ['https://API.paypal.com/v1/notifications/certs/CERT-1', false],
    ['https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1', false],
    ['https://paypal.com/v1/notifications/certs/CERT-1', false],
    ['https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1', false],
    ['https://evil.example/https://api.paypal.com/v1/notifications/certs/CERT-1', false],
    ['https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1', false],
    ['https://user:word@api.paypal.com/v1/notifications/certs/CERT-1', false],
    ['https://api.paypal.com:8443/v1/notifications/certs/CERT-1', false],
    ['https://api.paypal.com./v1/notifications/certs/CERT-1', false],
    ['https://api.paypal.com\\@evil.example/v1/notifications/certs/CERT-1', false],
    ['https://api.paypal.com/v1/notifications/certs/', false],
    ['https://api.paypal.com/v1/notifications/certs/../../oauth2/token', false],
    ['https://api.paypal.com/v1/notifications/certs/%2e%2e/x', false],
    ['https://api.paypal.com/v1/notifications/certs/CERT-1?next=https://evil.example', false],
    ['https://api.paypal.com/v1/notifications/certs/CERT-1#x', false],
    ['https://api.paypal.com/v1/notifications/certs/CERT-1/x', false],
    ['https://api.paypal.com/v1/notifications/certs/CERT-1\n', false],
    [` https://api.paypal.com/v1/notifications/certs/CERT-1`, false],
    [`https://api.paypal.com/v1/notifications/certs/${'C'.repeat(101)}`, false],
    ['file:///etc/passwd', false],
    ['', false],
  ])('%s', (address, allowed) => {
    expect(isAllowed(address, origins)).toBe(allowed);
  });

  test('nothing is asked for elsewhere', async () => {
    const { certificates, origin, asked } = await certificatesOf();
    expect(await certificates.signerAt(`${origin}/elsewhere/CERT-1`)).toMatchObject({ ok: false });
    expect(asked).toEqual([]);
  });
});

describe('whose a certificate is', () => {
  const judge = (pem: string, roots = ROOTS, now = NOW) => judgeChain(pem, NAME, roots, now);

  test.each([
    ['by way of an authority', () => CHAIN],
    ['with the root beside it', () => CHAIN + root()],
    ['directly by the root', () => leaf({ issuer: { name: 'Test Root', key: keys.root } })],
    ['beyond 2050', () => leaf({ to: new Date('2061-01-01') }) + middle()],
  ])('accepted: %s', (_name, pem) => {
    expect(judge(pem())).toMatchObject({ ok: true });
  });

  const stranger = rsa();
  const short = rsa(1024);
  test.each([
    ['nothing', () => '', 'it is no certificate'],
    ['junk', () => 'junk', 'it is no certificate'],
    ['a broken one', () => CHAIN.replace('MII', 'XXX'), 'it is no certificate'],
    ['too many', () => CHAIN.repeat(4), 'it is no certificate'],
    ['another name', () => leaf({ name: 'www.paypal.com' }) + middle(), 'it is of another name'],
    ['the name of an elder', () => leaf({ name: 'sandbox.paypal.com' }) + middle(), 'it is of another name'],
    ['an authority’s own', () => leaf({ ca: true }) + middle(), 'it is an authority’s own'],
    ['expired', () => leaf({ to: new Date(NOW - 1_000) }) + middle(), 'a certificate of the chain is not valid now'],
    [
      'not yet',
      () => leaf({ from: new Date(NOW + DAY / 2) }) + middle(),
      'a certificate of the chain is not valid now',
    ],
    [
      'an authority that is expired',
      () => leaf({}) + middle({ to: new Date(NOW - 1_000) }),
      'a certificate of the chain is not valid now',
    ],
    ['an authority that is none', () => leaf({}) + middle({ ca: false }), 'its chain leads to no root that is trusted'],
    ['without its authority', () => leaf({}), 'its chain leads to no root that is trusted'],
    [
      'signed by itself',
      () => leaf({ key: stranger, issuer: { name: NAME, key: stranger } }),
      'its chain leads to no root that is trusted',
    ],
    [
      'an authority of the same name, another key',
      () => leaf({ issuer: { name: 'Test Authority', key: stranger } }) + middle(),
      'its chain leads to no root that is trusted',
    ],
    [
      'a root of the same name, another key',
      () => leaf({}) + middle({ issuer: { name: 'Test Root', key: stranger } }),
      'its chain leads to no root that is trusted',
    ],
    ['a short key', () => leaf({ key: short }) + middle(), 'a key of the chain is too short'],
    ['an elliptic key', () => leaf({ key: ec }) + middle(), 'its key is not RSA'],
  ])('refused: %s', (_name, pem, why) => {
    expect(judge(pem())).toEqual({ ok: false, why });
  });

  test('refused: a root that is over', () => {
    expect(
      judge(leaf({ to: new Date(NOW + 9 * DAY) }) + middle({ to: new Date(NOW + 9 * DAY) }), ROOTS, NOW + 2 * DAY),
    ).toEqual({
      ...{ ok: false, why: 'its root is not valid now' },
    });
  });

  test('the public roots are there, and none of them trusts the tests’ own', async () => {
    const { roots } = paypalTrust('live');
    expect((await roots()).length).toBeGreaterThan(50);
    expect(judge(CHAIN, [...(await roots())])).toMatchObject({ ok: false });
  });
});

describe('fetching', () => {
  const certificates = (origin: string) =>
    createCertificates({ origins: [origin], name: NAME, roots: async () => ROOTS });

  test('once for many, and not again for an hour', async () => {
    let now = NOW;
    const { certificates: each, address, asked } = await certificatesOf(CHAIN, () => now);
    const answers = await Promise.all(Array.from({ length: 20 }, () => each.signerAt(address)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    await each.signerAt(address);
    expect(asked).toHaveLength(1);
    now += 3_600_001;
    expect(await each.signerAt(address)).toMatchObject({ ok: true });
    expect(asked).toHaveLength(2);
    now += 2 * DAY;
    expect(await each.signerAt(address)).toMatchObject({ ok: false });
  });

  test('a bad one is not asked for again at once', async () => {
    const { certificates: each, address, asked } = await certificatesOf('junk');
    for (let i = 0; i < 5; i++) expect(await each.signerAt(address)).toMatchObject({ ok: false });
    expect(asked).toHaveLength(1);
  });

  test('only a few at once, whatever addresses are named', async () => {
    const { origin, asked } = await serve((_, res) => void setTimeout(() => res.end('junk'), 100));
    const each = certificates(origin);
    await Promise.all(Array.from({ length: 50 }, (_, n) => each.signerAt(addressOf(origin, `CERT-${n}`))));
    expect(asked).toHaveLength(4);
  });

  test.each<[string, Parameters<typeof serve>[0]]>([
    ['a redirect', (_, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['an error', (_, res) => res.writeHead(500).end(CHAIN)],
    ['too much', (_, res) => res.end(CHAIN + ' '.repeat(70_000))],
    ['a connection that breaks', (_, res) => res.destroy()],
  ])('refused: %s', async (_name, listener) => {
    const { origin } = await serve(listener);
    expect(await certificates(origin).signerAt(addressOf(origin))).toEqual({
      ...{ ok: false, why: 'its certificate cannot be fetched' },
    });
  });
});
