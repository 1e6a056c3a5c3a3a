import { createHash } from 'node:crypto';
import { canonical } from '../../domain/canonical.ts';
import type { Commit } from '../../domain/commit.ts';

/** Names what was decided: the same state by the same decisions has the same hash, whoever brings it again. */
export const hashOf = ({ subscription, decisions }: Commit): string =>
  createHash('sha256').update(canonical({ subscription, decisions })).digest('hex');
