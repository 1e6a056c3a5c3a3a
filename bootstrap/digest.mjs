/** Digests of files that came from elsewhere. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** @param {string} file */
export async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Refuses a file that is not the one we know.
 * @param {string} file
 * @param {string} expected
 * @param {string} name what it is, for the message
 */
export async function assertDigest(file, expected, name) {
  const found = await sha256(file);
  if (found !== expected) throw new DigestRefused(`${name} has SHA-256 ${found}, expected ${expected}: refused.`);
}

export class DigestRefused extends Error {}
