/**
 * What senders bring queues in the process, and goes to the database together. What is accepted is durable when it is
 * answered; what there is no room for is not begun, and its sender told to come again.
 */

import type { Db } from '../db/client.ts';
import { groupCommit, isBadData } from '../db/group-commit.ts';
import type { Scope } from '../db/tenant.ts';
import { takeEvents } from '../db/usage-take.ts';
import { MOST_DATA, readEvent, rejected, type UsageEvent, type UsageOutcome } from '../domain/usage-event.ts';
import { isSensitiveWithin } from '../security/sensitive.ts';
import type { Alerts } from './alerts.ts';

export type UsageResult = { id: string | null } & UsageOutcome;
/** An answer for each event, in their order; null where there is no room for them. */
export type Intake = (scope: Scope, said: readonly unknown[]) => Promise<UsageResult[]> | null;

type Options = { db: Db; now?: () => number; mostWaiting?: number; alerts?: Pick<Alerts, 'touch'> };
type Row = { scope: Scope; event: UsageEvent };

/** In one transaction: enough that its round trips cost each event next to nothing. */
const AT_ONCE = 2_000;
const MOST_WAITING = 20_000;

export function createIntake({ db, now = Date.now, mostWaiting = MOST_WAITING, alerts }: Options): Intake {
  let waiting = 0;
  const keep = groupCommit<Row, UsageOutcome>({
    async write(rows) {
      const { scope } = rows[0]!;
      const events = rows.map(({ event }) => event);
      const outcomes = await takeEvents(db, scope, events, now());
      const counted = events.filter((_, i) => outcomes[i]!.outcome === 'accepted');
      if (counted.length > 0) alerts?.touch(scope, new Set(counted.map(({ subject }) => subject)));
      return outcomes;
    },
    isBadData,
    groupOf: ({ scope: { tenant, mode } }) => `${tenant}/${mode}`,
    maxRows: AT_ONCE,
    // A request goes in as a whole or not at all: it is counted here.
    maxWaiting: Number.POSITIVE_INFINITY,
  });

  async function take(scope: Scope, said: unknown): Promise<UsageResult> {
    const event = readEvent(said);
    if ('outcome' in event) return { id: idIn(said), ...event };
    const { id } = event;
    if (isSensitiveWithin([id, event.source, event.type, event.subject, event.data])) {
      return { id: null, ...rejected('sensitive_data', 'it holds what looks like a card, a bank account or a secret') };
    }
    const length = JSON.stringify(event.data).length;
    if (length > MOST_DATA) {
      return { id, ...rejected('data_too_large', `data has ${length} letters, and ${MOST_DATA} is the most`) };
    }
    try {
      return { id, ...(await keep({ scope, event })) };
    } catch (error) {
      if (isBadData(error)) return { id, ...rejected('malformed', 'it holds a character that can’t be stored') };
      throw error;
    }
  }

  return (scope, said) => {
    if (waiting + said.length > mostWaiting) return null;
    waiting += said.length;
    return Promise.allSettled(said.map((each) => take(scope, each))).then((settled) => {
      waiting -= said.length;
      return settled.map((each) => {
        if (each.status === 'rejected') throw each.reason;
        return each.value;
      });
    });
  };
}

/** Said back only where it is a name, and nothing that may not be kept. */
function idIn(said: unknown): string | null {
  const id = (said as { id?: unknown } | null)?.id;
  return typeof id === 'string' && id.length <= 255 && !isSensitiveWithin(id) ? id : null;
}
