import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Claims, createTokenVerifier, mintToken } from '../../src/auth/tokens.ts';

const secret = 'a secret of at least 32 characters';
const config = {
  AUTH_JWT_SECRET: secret,
  AUTH_JWKS_URL: undefined,
  AUTH_ISSUER: 'https://login.example.com',
  AUTH_AUDIENCE: 'hydra-billing',
};
const claims: Claims = { sub: 'ada', tenant: 'ten_a', role: 'customer', mode: 'test' };
const verify = createTokenVerifier(config);

type Change = { claims?: JWTPayload; iss?: string; aud?: string; exp?: number | null; key?: string; alg?: string };
function sign({ claims: more, iss, aud, exp, key = secret, alg = 'HS256' }: Change): Promise<string> {
  const { sub, ...rest } = claims;
  const token = new SignJWT({ sub, ...rest, ...more })
    .setProtectedHeader({ alg })
    .setIssuer(iss ?? config.AUTH_ISSUER)
    .setAudience(aud ?? config.AUTH_AUDIENCE);
  if (exp !== null) token.setExpirationTime(exp ?? Math.floor(Date.now() / 1_000) + 60);
  return token.sign(new TextEncoder().encode(key));
}

describe('with a shared secret', () => {
  test('a token as the host application signs it is taken', async () => {
    expect(await verify(await mintToken(config, { ...claims, customer: 'cus_1' }))).toEqual({
      outcome: 'verified',
      claims: { ...claims, customer: 'cus_1' },
    });
  });

  const past = Math.floor(Date.now() / 1_000) - 3_600;
  test.each<[string, Change, string]>([
    ['expired', { exp: past }, 'token_expired'],
    ['without an end', { exp: null }, 'token_invalid'],
    ['for another audience', { aud: 'somebody-else' }, 'token_invalid'],
    ['from another issuer', { iss: 'https://evil.example.com' }, 'token_invalid'],
    ['signed with another key', { key: 'another secret of 32 characters!!' }, 'token_invalid'],
    ['of another algorithm of the same key', { alg: 'HS512', key: secret.repeat(4) }, 'token_invalid'],
    ['without a tenant', { claims: { tenant: undefined } }, 'token_invalid'],
    ['with a role that isn’t one', { claims: { role: 'god' } }, 'token_invalid'],
    ['without a mode', { claims: { mode: undefined } }, 'token_invalid'],
    ['whose subject has a control sign', { claims: { sub: 'a\u0000' } }, 'token_invalid'],
    ['with a tenant that is no id', { claims: { tenant: "ten_'; drop" } }, 'token_invalid'],
  ])('one %s is refused', async (_what, change, code) => {
    expect(await verify(await sign(change))).toMatchObject({ outcome: 'refused', code });
  });

  test('one without a signature is refused', async () => {
    const token = new UnsecuredJWT({ ...claims })
      .setIssuer(config.AUTH_ISSUER)
      .setAudience(config.AUTH_AUDIENCE)
      .setExpirationTime('1h')
      .encode();
    expect(await verify(token)).toMatchObject({ outcome: 'refused', code: 'token_invalid' });
  });

  test.each(['', 'x', 'a.b.c', '....'])('%j is refused', async (text) => {
    expect(await verify(text)).toMatchObject({ outcome: 'refused', code: 'token_invalid' });
  });
});

describe('with the keys of an identity provider', () => {
  let server: Server;
  let up = true;
  let own: CryptoKey;
  let jwks: ReturnType<typeof createTokenVerifier>;
  let publicKey: string;

  beforeAll(async () => {
    const pair = await generateKeyPair('RS256');
    own = pair.privateKey as CryptoKey;
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256' };
    publicKey = JSON.stringify(jwk);
    server = createServer((_request, response) => {
      response.statusCode = up ? 200 : 503;
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    jwks = createTokenVerifier({ ...config, AUTH_JWT_SECRET: undefined, AUTH_JWKS_URL: `http://127.0.0.1:${port}` });
  });
  afterAll(() => server.close());

  const signed = (key: CryptoKey) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(config.AUTH_ISSUER)
      .setAudience(config.AUTH_AUDIENCE)
      .setExpirationTime('1h')
      .sign(key);

  test('while they can’t be fetched nobody is blamed', async () => {
    up = false;
    expect(await jwks(await signed(own))).toEqual({ outcome: 'unavailable' });
    up = true;
  });

  test('its tokens are taken, others are not', async () => {
    expect(await jwks(await signed(own))).toMatchObject({ outcome: 'verified' });
    const stranger = (await generateKeyPair('RS256')).privateKey as CryptoKey;
    expect(await jwks(await signed(stranger))).toMatchObject({ outcome: 'refused' });
  });

  test('its public key is no shared secret', async () => {
    expect(await jwks(await sign({ key: publicKey }))).toMatchObject({ outcome: 'refused', code: 'token_invalid' });
  });
});
