/**
 * PayPal's webhook signature: RSA over `transmission id|time|webhook id|crc32 of the body`, by the key of a certificate
 * whose address the delivery names. https://developer.paypal.com/api/rest/webhooks/rest/#verify-webhook-signature
 *
 * A CRC32 is no hash: whoever has one genuine delivery can write another body around it. So what is verified here is only
 * that PayPal has sent something under this id; what the body says is believed when PayPal's API says the same.
 */
import { verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import type { Certificates } from './paypal-certificates.ts';

export type Transmission = { id: string; time: string; signature: Buffer; certificate: string };
export type PaypalVerdict = { valid: true; transmission: string; keyId: string } | { valid: false; why: string };

export async function verifyPaypalSignature(
  body: Buffer,
  headers: IncomingHttpHeaders,
  webhookId: string,
  certificates: Certificates,
): Promise<PaypalVerdict> {
  const sent = readTransmission(headers);
  if (typeof sent === 'string') return { valid: false, why: sent };
  const judged = await certificates.signerAt(sent.certificate);
  if (!judged.ok) return { valid: false, why: judged.why };
  const { key, fingerprint } = judged.signer;
  const said = Buffer.from(`${sent.id}|${sent.time}|${webhookId}|${crc32(body)}`);
  if (!verify('sha256', said, key, sent.signature)) return { valid: false, why: 'the signature does not match' };
  return { valid: true, transmission: sent.id, keyId: `paypal:${fingerprint.replaceAll(':', '').slice(0, 12)}` };
}

/** Each header once, and as PayPal writes it. A text says what is wrong. */
function readTransmission(headers: IncomingHttpHeaders): Transmission | string {
  const [id, time, signature, certificate, algorithm] = NAMES.map((name) => headers[name]);
  if (!isText(id) || !isText(time) || !isText(signature) || !isText(certificate) || !isText(algorithm)) {
    return 'there is no signature';
  }
  if (algorithm !== 'SHA256withRSA') return 'the signature is of another kind than SHA256withRSA';
  if (!/^[0-9A-Za-z-]{8,64}$/.test(id)) return 'the transmission id is malformed';
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(time)) return 'the transmission time is malformed';
  if (!/^[A-Za-z0-9+/]{340,1400}={0,2}$/.test(signature)) return 'the signature is malformed';
  return { id, time, signature: Buffer.from(signature, 'base64'), certificate };
}

const NAMES = [
  'paypal-transmission-id',
  'paypal-transmission-time',
  'paypal-transmission-sig',
  'paypal-cert-url',
  'paypal-auth-algo',
] as const;

const isText = (value: string | string[] | undefined): value is string => typeof value === 'string' && value !== '';
