/** A chain of its own, made when it is first needed: a root, an authority, and the certificate that signs deliveries. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Call } from './call.ts';
import type { Tables } from './tables.ts';
import { issueCertificate } from './x509.ts';

const SIGNER = 'messageverificationcerts.sandbox.paypal.com';
const YEARS = 20;
const YEAR_MS = 365 * 86_400_000;
export const CERTIFICATE = 'CERT-simulator-1';

export function pkiOf(call: Call): Tables['sim.pki'] {
  const known = call.store.get('sim.pki', 'pki');
  if (known !== undefined) return known;
  const ec = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const root = { name: 'Payment Simulator Root', key: ec() };
  const authority = { name: 'Payment Simulator Authority', key: ec() };
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = call.world.now();
  const validity = { from: new Date(now - YEAR_MS), to: new Date(now + YEARS * YEAR_MS) };
  const leaf = issueCertificate({ name: SIGNER, key, issuer: authority, ca: false, ...validity });
  const middle = issueCertificate({ ...authority, issuer: root, ca: true, ...validity });
  return call.store.put('sim.pki', {
    id: 'pki',
    roots: issueCertificate({ ...root, issuer: root, ca: true, ...validity }),
    chain: leaf + middle,
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
}

export type Transmission = { id: string; time: string; webhook: string; body: string };

export const said = ({ id, time, webhook, body }: Transmission): Buffer =>
  Buffer.from(`${id}|${time}|${webhook}|${crc32(body)}`);

export const signatureOf = (call: Call, transmission: Transmission): string =>
  sign('sha256', said(transmission), createPrivateKey(pkiOf(call).key)).toString('base64');
