/**
 * Ties a program to the machine that it runs on. It activates once with a code, checks offline from then on, and refreshes by
 * itself. Whatever is refused is refused with a `reason`.
 */
import { createPublicKey, verify } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { anchorOf } from './fingerprint.mjs';

const DAY = 86_400_000;
/** A clock may be set back by so much, for a time zone or a flat battery; what is further counts from where it was. */
const SET_BACK = 2 * DAY;

export class LicenseError extends Error {
  constructor(reason, message) {
    super(message);
    this.name = 'LicenseError';
    this.reason = reason;
  }
}

/**
 * `keys` is the `keys` of `/.well-known/jwks.json`, built into the program: so nobody else's server can sign for it.
 */
export function createLicenseClient({
  server,
  product,
  tenant,
  keys,
  file,
  fingerprint,
  fetch = globalThis.fetch,
  now = Date.now,
}) {
  const anchor = anchorOf(product, fingerprint);
  const state = load(file);

  function keep(change) {
    Object.assign(state, change, { seenAt: Math.max(state.seenAt ?? 0, now()) });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.draft`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${file}.draft`, file); // whole or not at all
  }

  async function ask(path, body) {
    const options = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const response = await fetch(new URL(path, server), options);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok)
      throw new LicenseError(answer.code ?? `http_${response.status}`, answer.detail ?? response.statusText);
    return answer;
  }

  /** What the licence says, by this machine alone. Throws with the reason where it says no. */
  function check() {
    if (!state.license) throw new LicenseError('not_activated', 'there is no licence on this machine');
    const claims = verified(state.license, keys, 'hydra-licence');
    if (claims.tenant !== tenant) throw new LicenseError('other_tenant', 'the licence is another vendor’s');
    if (claims.anchor !== anchor) {
      throw new LicenseError(
        'other_machine',
        'the licence is another machine’s: it was copied, or this one is a clone',
      );
    }
    if (state.revoked?.includes(claims.sub)) throw new LicenseError('revoked', 'the licence was revoked');
    const seenAt = Math.max(state.seenAt ?? 0, claims.iat * 1_000);
    if (now() < seenAt - SET_BACK) throw new LicenseError('clock_set_back', 'this machine’s clock was set back');
    const at = Math.max(now(), seenAt);
    if (claims.exp * 1_000 <= at) throw new LicenseError('expired', 'the licence is over: connect to the network');
    if (now() > seenAt + DAY / 24) keep({});
    const { tier, features } = claims;
    return { tier, features, expiresAt: new Date(claims.exp * 1_000) };
  }

  const take = ({ license }) => {
    const { tenant: theirs, anchor: whose } = verified(license, keys, 'hydra-licence');
    if (theirs !== tenant) throw new LicenseError('other_tenant', 'the licence is another vendor’s');
    if (whose !== anchor) throw new LicenseError('other_machine', 'the licence is another machine’s');
    keep({ license });
    return check();
  };

  return {
    anchor,
    check,
    activate: async (activationCode, deviceName) =>
      take(await ask('/api/licenses/activate', { activationCode, anchor, ...(deviceName && { deviceName }) })),
    /** For a machine that the subscription was bought on. */
    fetchBought: async () => take(await ask(`/api/licenses/${anchor}`)),
    /** Trades the licence for the next, and learns which are void. Away from the network the one that it has goes on. */
    async refresh() {
      if (!state.license) throw new LicenseError('not_activated', 'there is no licence on this machine');
      const licence = verified(state.license, keys, 'hydra-licence');
      if (licence.anchor !== anchor) {
        throw new LicenseError(
          'other_machine',
          'the licence is another machine’s: it was copied, or this one is a clone',
        );
      }
      const { signed } = await ask('/api/licenses/revocations');
      keep({ revoked: verified(signed, keys, 'hydra-revocations').revoked.map(({ id }) => id) });
      return take(await ask('/api/licenses/refresh', { license: state.license }));
    },
    /** Calls `changed` with each licence as it changes, and with the error where there is none any more. Returns what ends it. */
    watch(changed, wait = 5_000) {
      const over = new AbortController();
      const pause = () => new Promise((resolve) => setTimeout(resolve, wait, undefined).unref?.());
      const follow = async () => {
        const response = await fetch(new URL(`/api/licenses/${anchor}/stream`, server), { signal: over.signal });
        if (!response.ok) throw new LicenseError(`http_${response.status}`, response.statusText);
        let text = '';
        for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
          text += chunk;
          const events = text.split('\n\n');
          text = events.pop();
          for (const event of events) heard(event);
        }
      };
      const heard = (event) => {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(event) ?? [];
        if (!name) return;
        const said = JSON.parse(data);
        if (name === 'refused') return changed(null, new LicenseError(said.code, said.detail));
        try {
          changed(take(said), null);
        } catch (error) {
          changed(null, error);
        }
      };
      (async () => {
        while (!over.signal.aborted) {
          await follow().catch(() => {}); // the network: what is held goes on, and it is tried again
          if (!over.signal.aborted) await pause();
        }
      })();
      return () => over.abort();
    },
  };
}

function load(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {}; // none yet, or one that was damaged: it is activated anew
  }
}

/** Its algorithm is ours to say, not the token's. */
function verified(token, keys, audience) {
  const [head, body, mac, ...rest] = token.split('.');
  try {
    const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url'));
    const jwk = keys.find((each) => each.kid === kid);
    const isSigned =
      jwk !== undefined &&
      alg === 'EdDSA' &&
      rest.length === 0 &&
      verify(
        null,
        Buffer.from(`${head}.${body}`),
        createPublicKey({ key: jwk, format: 'jwk' }),
        Buffer.from(mac, 'base64url'),
      );
    const claims = JSON.parse(Buffer.from(body, 'base64url'));
    if (isSigned && claims.iss === 'hydra' && claims.aud === audience) return claims;
  } catch {
    // not even a token
  }
  throw new LicenseError('forged', 'the licence was not signed by the vendor');
}
