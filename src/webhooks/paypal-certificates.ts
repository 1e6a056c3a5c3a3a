/**
 * The certificates that PayPal signs with. A delivery names the address of its own, and anybody may name any: so the
 * address is compared with a short list, letter by letter, before anything is fetched, and what is fetched is bounded.
 */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { Mode } from '../domain/ids.ts';
import { type Judged, judgeChain, parse } from './paypal-chain.ts';

export type CertificateTrust = {
  /** `https://api.paypal.com`, each as it is written. */
  origins: readonly string[];
  /** Whose the certificate has to be. */
  name: string;
  roots: () => Promise<readonly X509Certificate[]>;
};

export type Certificates = { signerAt(address: string): Promise<Judged> };

const FOLDER = '/v1/notifications/certs/';
const TIMEOUT_MS = 5_000;
const MOST_BYTES = 64 * 1024;
const REMEMBERED = 32;
const FETCHED_AT_ONCE = 4;
const GOOD_FOR_MS = 3_600_000;
/** So that knocking with one bad address again and again doesn't make us ask for it each time. */
const BAD_FOR_MS = 30_000;

export function createCertificates(trust: CertificateTrust, now: () => number = Date.now): Certificates {
  // In the order of their last use: the first is the one to forget.
  const known = new Map<string, { judged: Judged; until: number }>();
  const fetching = new Map<string, Promise<Judged>>();

  async function fetchAndJudge(address: string): Promise<Judged> {
    try {
      const [pem, roots] = await Promise.all([fetchText(address), trust.roots()]);
      const judged = judgeChain(pem, trust.name, roots, now());
      remember(address, judged, now() + (judged.ok ? GOOD_FOR_MS : BAD_FOR_MS));
      return judged;
    } catch {
      // Whatever the reason, it is the same to the sender, who comes again.
      const judged: Judged = { ok: false, why: 'its certificate cannot be fetched' };
      remember(address, judged, now() + BAD_FOR_MS);
      return judged;
    } finally {
      fetching.delete(address);
    }
  }

  function remember(address: string, judged: Judged, until: number): void {
    known.delete(address);
    known.set(address, { judged, until: judged.ok ? Math.min(until, judged.signer.validTo) : until });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
  }

  return {
    signerAt(address) {
      if (!isAllowed(address, trust.origins)) return refused('its certificate’s address is not PayPal’s');
      const found = known.get(address);
      if (found && now() < found.until) {
        remember(address, found.judged, found.until);
        return Promise.resolve(found.judged);
      }
      const running = fetching.get(address);
      if (running) return running;
      if (fetching.size >= FETCHED_AT_ONCE) return refused('too many certificates are being fetched');
      const begun = fetchAndJudge(address);
      fetching.set(address, begun);
      return begun;
    },
  };
}

const refused = (why: string): Promise<Judged> => Promise.resolve({ ok: false, why });

/** Not parsed: a text that has to be equal has no user info, port, dot segment or other writing of a host to hide in. */
export const isAllowed = (address: string, origins: readonly string[]): boolean =>
  origins.some(
    (origin) =>
      address.startsWith(origin + FOLDER) &&
      /^[A-Za-z0-9_-]{1,100}$/.test(address.slice(origin.length + FOLDER.length)),
  );

async function fetchText(address: string): Promise<string> {
  const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.status !== 200 || !response.body) throw new Error(`answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

const publicRoots = (() => {
  let roots: X509Certificate[] | undefined;
  return async () => (roots ??= rootCertificates.map((pem) => new X509Certificate(pem)));
})();

const NAMES = { live: 'messageverificationcerts.paypal.com', test: 'messageverificationcerts.sandbox.paypal.com' };
const ORIGINS = {
  live: ['https://api.paypal.com', 'https://api-m.paypal.com'],
  test: ['https://api.sandbox.paypal.com', 'https://api-m.sandbox.paypal.com'],
};

export const paypalTrust = (mode: Mode): CertificateTrust => ({
  origins: ORIGINS[mode],
  name: NAMES[mode],
  roots: publicRoots,
});

/** PayPal's own address, or in development the simulator's. */
export const trustAt = (apiBase: string | undefined, mode: Mode): CertificateTrust =>
  apiBase === undefined || new URL(apiBase).hostname.endsWith('.paypal.com')
    ? paypalTrust(mode)
    : simulatorTrust(apiBase);

/** The simulator has roots of its own and tells them. Asked each time: it may have been made anew. */
const simulatorTrust = (base: string): CertificateTrust => ({
  origins: [new URL(base).origin],
  name: NAMES.test,
  roots: async () => parse(await fetchText(`${new URL(base).origin}/_sim/paypal/roots.pem`)) ?? [],
});
