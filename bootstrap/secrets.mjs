/** Random secrets: for development in one file made once, for a deployment in one file each. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const key = () => randomBytes(32).toString('base64');

/** None is derived from another, since each rotates on its own. */
const OWN = {
  AUTH_JWT_SECRET: key,
  ENCRYPTION_KEYS: () => `k1:${key()}`,
  BLIND_INDEX_KEY: key,
  ANCHOR_KEY: key,
  LICENSE_SIGNING_KEY: key,
  AUDIT_SIGNING_KEY: key,
  LINK_SIGNING_KEY: key,
  INBOX_KEYS: () => `k1:${key()}`,
};

/** What a processor would give us. The simulator takes any. */
const SIMULATED = {
  STRIPE_API_KEY: () => `sk_test_sim_${randomBytes(18).toString('hex')}`,
  STRIPE_WEBHOOK_SECRET: () => `whsec_${randomBytes(24).toString('base64')}`,
  HYDRA_DEMO_SERVICE_KEY: () => `sk_test_${randomBytes(20).toString('hex')}`,
  PAYPAL_CLIENT_ID: () => `sim_${randomBytes(18).toString('hex')}`,
  PAYPAL_CLIENT_SECRET: () => `sim_${randomBytes(24).toString('hex')}`,
  PAYPAL_WEBHOOK_ID: () => `WH-${randomBytes(12).toString('hex').toUpperCase()}`,
};

/**
 * The secrets of this development folder: made once, and completed where a later version needs one more.
 * @param {string} file
 * @returns {Record<string, string>}
 */
export function developmentSecrets(file) {
  const present = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const missing = Object.entries({ ...OWN, ...SIMULATED }).filter(([name]) => present[name] === undefined);
  if (missing.length === 0) return present;
  const all = { ...present, ...Object.fromEntries(missing.map(([name, make]) => [name, make()])) };
  writePrivate(file, `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

/**
 * One file per secret for docker-compose.yml. What is there stays, so it can be run again. A container sees a file with
 * the rights it has here, under users that this machine doesn't know: so the folder is closed, not the files.
 * @param {string} folder
 * @returns {{ made: string[], kept: string[] }} names of files
 */
export function deploymentSecrets(folder) {
  const password = () => randomBytes(24).toString('hex'); // goes into an address, so without signs that need escaping
  const wanted = {
    ...OWN,
    POSTGRES_PASSWORD: password,
    TEMPORAL_PASSWORD: password,
    HYDRA_PASSWORD: password,
    DATABASE_URL: () => `postgres://hydra:${readFileSync(join(folder, 'hydra_password'), 'utf8')}@postgres:5432/hydra`,
    // Yours to fill in: empty is none.
    STRIPE_API_KEY: () => '',
    STRIPE_WEBHOOK_SECRET: () => '',
    PAYPAL_CLIENT_ID: () => '',
    PAYPAL_CLIENT_SECRET: () => '',
    PAYPAL_WEBHOOK_ID: () => '',
  };
  const made = [];
  const kept = [];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700); // also where it was there before
  for (const [name, make] of Object.entries(wanted)) {
    const file = name.toLowerCase();
    if (existsSync(join(folder, file))) kept.push(file);
    else {
      writeWhole(join(folder, file), make(), 0o444);
      made.push(file);
    }
  }
  return { made, kept };
}

/**
 * Readable by its owner only, from its first moment.
 * @param {string} file
 * @param {string} text
 */
export function writePrivate(file, text) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeWhole(file, text, 0o600);
}

/** Whole or not at all. */
function writeWhole(file, text, mode) {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode });
  renameSync(draft, file);
}
