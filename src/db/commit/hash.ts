import { createHash } from 'node:crypto';
import type { Commit } from '../../domain/commit.ts';

/** Names what was decided: the same state by the same decisions has the same hash, whoever brings it again. */
export const hashOf = ({ subscription, decisions }: Commit): string =>
  createHash('sha256').update(canonical({ subscription, decisions })).digest('hex');

/** JSON with its keys in order, since a way through jsonb or another encoder may change theirs. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
