/** How far each chain of the audit log went at a time, signed: what is kept where the database can't reach it. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

export type CheckpointHead = { tenant: string; mode: string; place: number; hash: string };
export type Checkpoint = { at: string; heads: CheckpointHead[] };

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export const signingKeyOf = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });

/** One line: the checkpoint as it was signed, and its signature. */
export function signCheckpoint(key: KeyObject, checkpoint: Checkpoint): string {
  const said = JSON.stringify(checkpoint);
  return JSON.stringify({ said, signature: sign(null, Buffer.from(said), key).toString('base64') });
}

/** Null where it isn't ours, or was changed. */
export function readCheckpoint(key: KeyObject, line: string): Checkpoint | null {
  try {
    const { said, signature } = JSON.parse(line) as { said: string; signature: string };
    const isOurs = verify(null, Buffer.from(said), createPublicKey(key), Buffer.from(signature, 'base64'));
    return isOurs ? (JSON.parse(said) as Checkpoint) : null;
  } catch {
    return null; // no checkpoint at all
  }
}
