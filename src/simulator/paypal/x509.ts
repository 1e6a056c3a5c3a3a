/**
 * X.509 certificates, as much of RFC 5280 as a chain needs: Node reads them and makes none. DER is written from the inside
 * out: each thing is a tag, a length and what is in it.
 */
import { createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';

export type Issuer = { name: string; key: KeyObject };
export type CertificateRequest = {
  name: string;
  /** Its public half goes into the certificate. */
  key: KeyObject;
  issuer: Issuer;
  ca: boolean;
  from: Date;
  to: Date;
  digest?: 'sha256' | 'sha1';
};

/** PEM. Who is its own issuer makes a root. */
export function issueCertificate({ name, key, issuer, ca, from, to, digest = 'sha256' }: CertificateRequest): string {
  const algorithm = ALGORITHMS[`${issuer.key.asymmetricKeyType as 'rsa' | 'ec'}/${digest}`];
  const subject = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    distinguished(issuer.name),
    sequence(time(from), time(to)),
    distinguished(name),
    subject,
    tagged(3, sequence(...(ca ? [IS_CA, MAY_SIGN_CERTIFICATES] : [IS_NO_CA, MAY_SIGN, alternative(name)]))),
  );
  const whole = sequence(body, algorithm, bits(sign(digest, body, issuer.key)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length, ...size]), content]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const tagged = (n: number, ...parts: Buffer[]): Buffer => der(0xa0 | n, ...parts);
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const bits = (bytes: Buffer, unused = 0): Buffer => der(0x03, Buffer.from([unused]), bytes);
const octets = (bytes: Buffer): Buffer => der(0x04, bytes);
const NULL = der(0x05);
const TRUE = der(0x01, Buffer.from([0xff]));

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(inSevens)]));
}

/** Base 128, all but the last with the high bit set. */
function inSevens(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

const ALGORITHMS = {
  'rsa/sha256': sequence(oid('1.2.840.113549.1.1.11'), NULL),
  'rsa/sha1': sequence(oid('1.2.840.113549.1.1.5'), NULL),
  'ec/sha256': sequence(oid('1.2.840.10045.4.3.2')),
  'ec/sha1': sequence(oid('1.2.840.10045.4.1')),
};

/** The common name alone. */
const distinguished = (name: string): Buffer =>
  sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));

/** Two digits of the year up to 2049, four from then on. */
function time(at: Date): Buffer {
  const text = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(isCritical ? [TRUE] : []), octets(value));

const IS_CA = extension('2.5.29.19', true, sequence(TRUE));
const IS_NO_CA = extension('2.5.29.19', true, sequence());
const MAY_SIGN_CERTIFICATES = extension('2.5.29.15', true, bits(Buffer.from([0x06]), 1));
const MAY_SIGN = extension('2.5.29.15', true, bits(Buffer.from([0x80]), 7));
const alternative = (name: string): Buffer => extension('2.5.29.17', false, sequence(der(0x82, Buffer.from(name))));
