export type Features = { [feature: string]: boolean | number | null };
export type Licensed = { tier: 'baseline' | 'enterprise'; features: Features; expiresAt: Date };

export declare class LicenseError extends Error {
  /** Stable: `not_activated`, `other_machine`, `other_tenant`, `revoked`, `expired`, `clock_set_back`, `forged`, or a problem's `code`. */
  readonly reason: string;
}

export type LicenseClient = {
  readonly anchor: string;
  check(): Licensed;
  activate(activationCode: string, deviceName?: string): Promise<Licensed>;
  fetchBought(): Promise<Licensed>;
  refresh(): Promise<Licensed>;
  watch(changed: (licensed: Licensed | null, error: LicenseError | null) => void, wait?: number): () => void;
};

export declare function createLicenseClient(options: {
  server: string;
  /** Salts the fingerprint. */
  product: string;
  tenant: string;
  /** Of `/.well-known/jwks.json`, built into the program. */
  keys: readonly object[];
  /** Where the licence is kept. */
  file: string;
  /** Instead of the machine's own. */
  fingerprint?: readonly string[];
  fetch?: typeof fetch;
  now?: () => number;
}): LicenseClient;
