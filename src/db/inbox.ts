/** What processors have told us, at the door: kept once. How it is carried on: inbox-relay.ts. */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Claim } from '../domain/claim.ts';
import type { Mode, PaymentMethodId, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { Fact, Followable } from '../domain/input.ts';
import type { Processor } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { redact } from '../security/redact.ts';
import { texts } from './arrays.ts';
import type { Db } from './client.ts';
import { macOfKept, type RawMac } from './inbox-mac.ts';

export const INBOX_CHANNEL = 'hydra_inbox';

/** News of objects that are the processor's own. They are projected; no workflow is woken for them. */
export type MethodNews = {
  type: 'method_attached' | 'method_updated' | 'method_detached';
  method: PaymentMethodId;
  /** The processor's own name of the customer; null where the method alone tells whose it is. */
  customer: string | null;
  brand: string | null;
  last4: string | null;
};
export type Told = Fact | Followable | MethodNews;

export const isMethodNews = (told: Told): told is MethodNews =>
  told.type === 'method_attached' || told.type === 'method_updated' || told.type === 'method_detached';

/** One event, stripped. */
export type Heard = {
  provider: Processor;
  account: string;
  mode: Mode;
  eventId: string;
  tenant: TenantId | null;
  subscription: SubscriptionId | null;
  type: string;
  told: Told | null;
  occurredAt: Instant;
  /** Why nothing follows from it. */
  ignored: string | null;
  /** What has to be read back before it counts, where the signature proves too little. */
  claim?: Claim | null;
};

/** As the door has left it: with who has vouched for it, and a keyed hash of the body, where there was one. */
export type Kept = Heard & {
  verifiedBy: string;
  rawMac: RawMac | null;
  /** The processor's id of the delivery, where that is unique, too. */
  transmission?: string | null;
};

/** `different`: the same id was told before with other facts. The first stands; this one is in quarantine, for a person. */
export type KeepOutcome = 'new' | 'repeat' | 'different';

type Row = Kept & {
  state: 'received' | 'ignored' | 'quarantined';
  reason: string | null;
  facts: string;
  claimed: string | null;
};
type Sealed = Row & { macKey: string; keptMac: Buffer };

/** Keeps each event once. An outcome for each, in order. */
export async function keepEvents(db: Db, keys: KeyRing, events: readonly Kept[]): Promise<KeepOutcome[]> {
  const leads = new Map<string, number>();
  const rows = events.map((event) => rowOf(event));
  const leadOf = rows.map((row, i) => {
    const { provider, account, mode, eventId, type, facts, claimed, transmission } = row;
    const content = `${provider} ${account} ${mode} ${eventId} ${type} ${facts} ${claimed} ${transmission}`;
    const lead = leads.get(content) ?? i;
    leads.set(content, lead);
    return lead;
  });
  const outcomes = new Map<number, KeepOutcome>();
  // What a row has met may be gone again, with a flight that failed. The next look says what there is.
  for (let open = [...leads.values()]; open.length > 0; open = open.filter((i) => !outcomes.has(i))) {
    const told = await keepOnce(
      db,
      open.map((i) => sealed(keys, rows[i]!)),
    );
    open.forEach((i, n) => {
      const outcome = told[n];
      if (outcome) outcomes.set(i, outcome);
    });
  }
  const different = [...outcomes].filter(([, outcome]) => outcome === 'different').map(([i]) => rows[i]!);
  if (different.length > 0) {
    await keepOnce(
      db,
      different.map((row) => sealed(keys, quarantined(row))),
    );
  }
  return rows.map((_, i) => {
    const outcome = outcomes.get(leadOf[i]!)!;
    return outcome === 'new' && leadOf[i] !== i ? 'repeat' : outcome;
  });
}

function rowOf(event: Kept): Row {
  const { told, claim, ignored } = event;
  const reason = ignored && redact(ignored, 'inbox_reason');
  return {
    ...event,
    facts: told ? `[${JSON.stringify(told)}]` : '[]',
    claimed: claim ? JSON.stringify(claim) : null,
    ...{ state: reason === null ? 'received' : 'ignored', reason },
  };
}

/** Only what is written is sealed: of the same telling many times over, one. */
function sealed(keys: KeyRing, row: Row): Sealed {
  const macKey = row.rawMac?.key ?? keys.current;
  const facts = row.told ? [row.told] : [];
  return { ...row, macKey, keptMac: macOfKept(keys, macKey, { ...row, facts, rawMac: row.rawMac?.mac ?? null }) };
}

/** Under an id of its own, made of what it says: told again, it is the same row. */
function quarantined(row: Row): Row {
  const digest = createHash('sha256')
    .update(`${row.type}/${row.facts}${row.claimed ?? ''}`)
    .digest('hex')
    .slice(0, 16);
  const reason = 'told before under the same id with other facts';
  return { ...row, eventId: `${row.eventId}#${digest}`, transmission: null, state: 'quarantined', reason };
}

const COLUMNS: readonly ((row: Sealed) => string | null)[] = [
  (row) => row.provider,
  (row) => row.account,
  (row) => row.mode,
  (row) => row.eventId,
  (row) => row.tenant,
  (row) => row.subscription,
  (row) => row.type,
  (row) => row.facts,
  (row) => new Date(row.occurredAt).toISOString(),
  (row) => row.state,
  (row) => row.reason,
  (row) => row.verifiedBy,
  (row) => row.rawMac?.mac.toString('hex') ?? null,
  (row) => row.macKey,
  (row) => row.keptMac.toString('hex'),
  (row) => row.transmission ?? null,
  (row) => row.claimed,
];

/** Outcomes by position, all of one transaction; null where it has to be asked again. */
async function keepOnce(db: Db, rows: readonly Sealed[]): Promise<readonly (KeepOutcome | null)[]> {
  const columns = COLUMNS.map((of) => texts(rows.map(of)));
  return retryingDeadlocks(async () => {
    const { rows } = await sql<{ outcomes: (KeepOutcome | null)[] }>`/* inbox_keep */
      select inbox_keep(${sql.join(columns)}) as outcomes`.execute(db);
    return rows[0]!.outcomes;
  });
}

/** Two flights that meet the same ids in another order: one of them is told to try again. */
async function retryingDeadlocks<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isDeadlock = error instanceof Error && 'code' in error && error.code === '40P01';
      if (!isDeadlock || tries === 5) throw error;
    }
  }
}
