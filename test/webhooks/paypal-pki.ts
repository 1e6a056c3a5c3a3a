/** Certificates as PayPal's are, a server that gives them out, and deliveries signed with them. */
import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { type CertificateRequest, issueCertificate } from '../../src/simulator/paypal/x509.ts';
import { type Certificates, createCertificates } from '../../src/webhooks/paypal-certificates.ts';

export const NAME = 'messageverificationcerts.sandbox.paypal.com';
export const WEBHOOK = 'WH-OF-THE-TESTS';
const DAY = 86_400_000;
export const NOW = Date.now();

export const rsa = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const ec = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

export const keys = { root: ec(), middle: ec(), leaf: rsa() };
const ROOT = { name: 'Test Root', key: keys.root };
const MIDDLE = { name: 'Test Authority', key: keys.middle };

const issue = (over: Partial<CertificateRequest>): string =>
  issueCertificate({
    ...{ name: NAME, key: keys.leaf, issuer: MIDDLE, ca: false },
    ...{ from: new Date(NOW - DAY), to: new Date(NOW + DAY), ...over },
  });

export const root = (over: Partial<CertificateRequest> = {}): string =>
  issue({ ...ROOT, issuer: ROOT, ca: true, ...over });
export const middle = (over: Partial<CertificateRequest> = {}): string =>
  issue({ ...MIDDLE, issuer: ROOT, ca: true, ...over });
export const leaf = issue;
export const ROOTS = [new X509Certificate(root())];
export const CHAIN = leaf({}) + middle();

/** Answers whatever it is told to, and counts. */
export async function serve(listener: RequestListener): Promise<{ origin: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? '');
    listener(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export const addressOf = (origin: string, name = 'CERT-1'): string => `${origin}/v1/notifications/certs/${name}`;

export async function certificatesOf(pem: string = CHAIN, now?: () => number) {
  const { origin, asked } = await serve((_, res) => res.end(pem));
  const trust = { origins: [origin], name: NAME, roots: async () => ROOTS };
  const certificates: Certificates = createCertificates(trust, now);
  return { certificates, address: addressOf(origin), origin, asked };
}

let sent = 0;

export type Signed = { [header: string]: string };
export function signPaypal(
  body: Buffer | string,
  certUrl: string,
  {
    key = keys.leaf,
    webhook = WEBHOOK,
    id = `7d1e5d60-0000-4000-8000-${String(++sent).padStart(12, '0')}`,
  }: {
    key?: KeyObject;
    webhook?: string;
    id?: string;
  } = {},
): Signed {
  const time = new Date().toISOString();
  const said = Buffer.from(`${id}|${time}|${webhook}|${crc32(body)}`);
  return {
    'paypal-transmission-id': id,
    'paypal-transmission-time': time,
    'paypal-transmission-sig': sign('sha256', said, key).toString('base64'),
    'paypal-cert-url': certUrl,
    'paypal-auth-algo': 'SHA256withRSA',
  };
}
