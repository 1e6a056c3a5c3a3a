/** Users' tokens. The algorithms are pinned per kind of key, so a public key can never be used as a shared secret. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import { ROLES } from './principal.ts';

export type AuthConfig = Pick<Config, 'AUTH_JWKS_URL' | 'AUTH_JWT_SECRET' | 'AUTH_ISSUER' | 'AUTH_AUDIENCE'>;

const claims = z.object({
  sub: z
    .string()
    .min(1)
    .max(255)
    .regex(/^\P{Cc}+$/u),
  tenant: z.custom<TenantId>((value) => typeof value === 'string' && /^ten_[A-Za-z0-9_-]{1,64}$/.test(value)),
  role: z.enum(ROLES),
  mode: z.enum(['test', 'live']),
  customer: z
    .custom<CustomerId>((value) => typeof value === 'string' && /^cus_[A-Za-z0-9]{1,64}$/.test(value))
    .optional(),
});
export type Claims = z.output<typeof claims>;

type Verified =
  | { outcome: 'verified'; claims: Claims }
  | { outcome: 'refused'; code: 'token_invalid' | 'token_expired'; detail: string }
  /** The identity provider's keys could not be fetched: nobody's fault here, and it may work later. */
  | { outcome: 'unavailable' };

export type VerifyToken = (token: string) => Promise<Verified>;

const SKEW_SECONDS = 30;

export function createTokenVerifier(config: AuthConfig): VerifyToken {
  const options = {
    issuer: config.AUTH_ISSUER,
    audience: config.AUTH_AUDIENCE,
    clockTolerance: SKEW_SECONDS,
    requiredClaims: ['sub', 'exp'],
  };
  const attempts: ((token: string) => Promise<{ payload: JWTPayload }>)[] = [];
  const { AUTH_JWT_SECRET: secret, AUTH_JWKS_URL: jwks } = config;
  if (secret) {
    const key = new TextEncoder().encode(secret);
    attempts.push((token) => jwtVerify(token, key, { ...options, algorithms: ['HS256'] }));
  }
  if (jwks) {
    const keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(jwks), { timeoutDuration: 3_000 });
    const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
    attempts.push((token) => jwtVerify(token, keys, { ...options, algorithms }));
  }
  return async (token) => {
    let last: Verified = refused('no way to check tokens is configured');
    for (const attempt of attempts) {
      try {
        return claimsOf((await attempt(token)).payload);
      } catch (error) {
        last = meaningOf(error);
        // Another kind of key may still fit; a wrong time or audience is final.
        if (!(error instanceof errors.JOSEAlgNotAllowed)) return last;
      }
    }
    return last;
  };
}

function claimsOf(payload: JWTPayload): Verified {
  const parsed = claims.safeParse(payload);
  if (parsed.success) return { outcome: 'verified', claims: parsed.data };
  const names = [...new Set(parsed.error.issues.map(({ path }) => String(path[0])))];
  return refused(`claims missing or malformed: ${names.join(', ')}`);
}

/** What the sender may know of a failed check. The library's own messages don't go out. */
function meaningOf(error: unknown): Verified {
  if (error instanceof errors.JWTExpired) {
    return { outcome: 'refused', code: 'token_expired', detail: 'the token has expired' };
  }
  if (error instanceof errors.JWTClaimValidationFailed) return refused(`the claim ${error.claim} is not accepted`);
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) return { outcome: 'unavailable' };
  // Wrong answers of the provider's key endpoint arrive as the library's plain base class.
  if (error.code === 'ERR_JOSE_GENERIC') return { outcome: 'unavailable' };
  return refused('the token is not one of ours');
}

const refused = (detail: string): Verified => ({ outcome: 'refused', code: 'token_invalid', detail });

/** A token as the host application would sign it: for the demo, the tests, and `hydra token`. */
export function mintToken(
  config: AuthConfig,
  { sub, ...rest }: Claims,
  lifetimeSeconds = 24 * 3_600,
  now = Date.now(),
): Promise<string> {
  if (!config.AUTH_JWT_SECRET) throw new Error('tokens are minted with AUTH_JWT_SECRET, which is not set');
  const issued = Math.floor(now / 1_000);
  return new SignJWT(rest)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(sub)
    .setIssuer(config.AUTH_ISSUER)
    .setAudience(config.AUTH_AUDIENCE)
    .setIssuedAt(issued)
    .setExpirationTime(issued + lifetimeSeconds)
    .sign(new TextEncoder().encode(config.AUTH_JWT_SECRET));
}
