import { createHash } from 'node:crypto';
import { canonical } from '../../domain/canonical.ts';
import type { Commit } from '../../domain/commit.ts';

/** Names a step: the same state by the same decisions, over the same messages, has the same hash, whoever brings it again. */
export const hashOf = ({ subscription, decisions, taken }: Commit): string =>
  createHash('sha256').update(canonical({ subscription, decisions, taken })).digest('hex');
