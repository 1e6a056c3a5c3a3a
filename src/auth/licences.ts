/** Licences as they travel: signed, so that a program can check one without asking anybody. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { TIERS, type Tier } from '../domain/feature.ts';
import type { Mode, SeatId, TenantId } from '../domain/ids.ts';
import type { Features } from '../domain/licence.ts';
import type { Instant } from '../domain/time.ts';

const ISSUER = 'hydra';
export const LICENCE_AUDIENCE = 'hydra-licence';
const REVOKED_AUDIENCE = 'hydra-revocations';

/** What precedes the 32 bytes of an Ed25519 key in PKCS #8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export type LicenceKey = { id: string; private: KeyObject; public: KeyObject; jwk: object };

export function licenceKeyOf(seed: Buffer): LicenceKey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const open = createPublicKey(key);
  const { x } = open.export({ format: 'jwk' });
  // RFC 8037's thumbprint: the same key has the same name everywhere.
  const id = createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
  return { id, private: key, public: open, jwk: { kty: 'OKP', crv: 'Ed25519', x, kid: id, alg: 'EdDSA', use: 'sig' } };
}

export type Licence = {
  /** Of the seat. */
  sub: SeatId;
  jti: string;
  tenant: TenantId;
  mode: Mode;
  tier: Tier;
  features: Features;
  anchor: string;
};

export const signLicence = (key: LicenceKey, { sub, jti, ...claims }: Licence, at: Instant, exp: Instant) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(LICENCE_AUDIENCE)
    .setSubject(sub)
    .setJti(jti)
    .setIssuedAt(Math.floor(at / 1_000))
    .setExpirationTime(Math.floor(exp / 1_000))
    .sign(key.private);

const claims = z.object({
  sub: z.templateLiteral(['lic_', z.string()]),
  jti: z.string(),
  tenant: z.templateLiteral(['ten_', z.string()]),
  mode: z.enum(['test', 'live']),
  tier: z.enum(TIERS),
  features: z.record(z.string(), z.union([z.boolean(), z.number(), z.null()])),
  anchor: z.string(),
});

/** Null where we have not signed it. One that is over is still ours: a machine may have been off for long. */
export async function readLicence(key: LicenceKey, token: string): Promise<Licence | null> {
  try {
    const expected = { issuer: ISSUER, audience: LICENCE_AUDIENCE, algorithms: ['EdDSA'] };
    const { payload } = await jwtVerify(token, key.public, { ...expected, currentDate: new Date(0) });
    return claims.parse(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

export type Revoked = { id: string; why: string };

export const signRevocations = (key: LicenceKey, revoked: readonly Revoked[], at: Instant): Promise<string> =>
  new SignJWT({ revoked })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(REVOKED_AUDIENCE)
    .setIssuedAt(Math.floor(at / 1_000))
    .sign(key.private);

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Twenty signs that can be read out and typed: a hundred bits of chance. */
export const newActivationCode = (): string =>
  Array.from(randomBytes(20), (byte) => ALPHABET[byte % 32])
    .join('')
    .replace(/(.{5})(?=.)/g, '$1-');

/** However it was typed. */
export const hashOfCode = (code: string): Buffer =>
  createHash('sha256')
    .update(`activation code\0${code.toUpperCase().replace(/[^0-9A-Z]/g, '')}`)
    .digest();
