/** Whether a certificate is PayPal's: a chain to a root that we trust, each link of it valid now, and the right name. */
import type { X509Certificate as Certificate, KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';

export type Signer = { key: KeyObject; fingerprint: string; validTo: number };
export type Judged = { ok: true; signer: Signer } | { ok: false; why: string };

const MOST_CERTIFICATES = 6;
const LEAST_RSA_BITS = 2048;

/** `pem`: the signer's certificate first, then those between it and the root, in any order. */
export function judgeChain(pem: string, name: string, roots: readonly Certificate[], now: number): Judged {
  const sent = parse(pem);
  const [leaf, ...others] = sent ?? [];
  if (!leaf) return no('it is no certificate');
  if (!leaf.checkHost(name, { wildcards: false })) return no('it is of another name');
  if (leaf.ca) return no('it is an authority’s own');
  if (leaf.publicKey.asymmetricKeyType !== 'rsa') return no('its key is not RSA');
  let validTo = Infinity;
  let each = leaf;
  for (let depth = 0; depth < MOST_CERTIFICATES; depth++) {
    if (!isStrong(each)) return no('a key of the chain is too short');
    const [from, to] = [Date.parse(each.validFrom), Date.parse(each.validTo)];
    if (!(from <= now && now <= to)) return no('a certificate of the chain is not valid now');
    validTo = Math.min(validTo, to);
    const isIssuer = (by: Certificate): boolean => by.ca && each.checkIssued(by) && each.verify(by.publicKey);
    const root = roots.find(isIssuer);
    if (root) {
      return isStrong(root) && now <= Date.parse(root.validTo)
        ? { ok: true, signer: { key: leaf.publicKey, fingerprint: leaf.fingerprint256, validTo } }
        : no('its root is not valid now');
    }
    const next = others.find((by) => by.fingerprint256 !== each.fingerprint256 && isIssuer(by));
    if (!next) return no('its chain leads to no root that is trusted');
    each = next;
  }
  return no('its chain is too long');
}

const no = (why: string): Judged => ({ ok: false, why });

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

export function parse(pem: string): Certificate[] | null {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0 || blocks.length > MOST_CERTIFICATES) return null;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return null; // what it says instead is nobody's to read
  }
}

/** Elliptic keys of the authorities are long enough as they are. */
function isStrong({ publicKey }: Certificate): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  return type === 'ec' || (type === 'rsa' && (details?.modulusLength ?? 0) >= LEAST_RSA_BITS);
}
