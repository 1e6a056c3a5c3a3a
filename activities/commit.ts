import { sharedFacts } from '../src/customers/shared-facts.ts';
import { isStored } from '../src/db/commit.ts';
import { groupedCommit } from '../src/db/grouped-commit.ts';
import { isSame } from '../src/domain/canonical.ts';
import type { Commit } from '../src/domain/commit.ts';
import { NOBODY } from '../src/domain/parties.ts';
import type { Wanted } from '../src/domain/shared.ts';
import { failPoint } from '../src/fail-point.ts';
import { redactWithin } from '../src/security/redact.ts';
import type { OutsideDeps } from './charge.ts';
import type { Activities } from './contract.ts';

/** All database effects of one step. What the database refuses is thrown, and tried again. One for each process. */
export function createCommit(deps: OutsideDeps): Activities['commit'] {
  const commit = groupedCommit(deps.db);
  return async (said) => {
    // Words never make a step fail; the same words are always struck out alike, so a repeat is the same step.
    const step = redactWithin(said, 'commit');
    failPoint('commit.before');
    let parties = NOBODY;
    if (step.wanted) {
      const { parties: own, ...facts } = await sharedFacts(deps, step.subscription, stillWanted(step), step.at);
      const shared = { ...facts, ...(step.shared?.usage && !facts.usage && { usage: step.shared.usage }) };
      // What is stored holds, whatever has become of what it believed: it may itself have used that up.
      const isNews = !isSame(shared, step.shared) && !(await isStored(deps.db, step.subscription));
      if (isNews) return { outcome: 'stale', shared };
      parties = own;
    }
    const answer = await commit(step, parties);
    failPoint('commit.after');
    return answer;
  };
}

/** Usage goes on coming in. What it was counted at is sealed with the invoice, and whatever comes later is a difference to it. */
function stillWanted({ wanted, shared }: Commit): Wanted {
  const { usage, ...others } = wanted ?? {};
  return usage && !isSame(usage, shared?.usage?.of ?? null) ? { ...others, usage } : others;
}
