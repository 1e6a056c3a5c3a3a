import type { Db } from '../src/db/client.ts';
import { commit } from '../src/db/commit.ts';
import { failPoint } from '../src/fail-point.ts';
import type { Activities } from './contract.ts';

/** All database effects of one step. What the database refuses is thrown, and tried again. */
export const createCommit =
  ({ db }: { db: Db }): Activities['commit'] =>
  async (step) => {
    failPoint('commit.before');
    const answer = await commit(db, step);
    failPoint('commit.after');
    return answer;
  };
