import type { Db } from '../db/client.ts';
import type { Whose } from '../db/reconciliation.ts';
import type { Scope } from '../db/tenant.ts';
import type { Instant } from '../domain/time.ts';
import type { Processors } from '../processors/processors.ts';
import type { KeyRing } from '../security/key-ring.ts';
import type { Temporal } from '../temporal/temporal.ts';

type Say = (fields: object, message: string) => void;
type ReconcileLog = { info: Say; warn: Say; error: Say };

export type ReconcileDeps = {
  db: Db;
  /** Of the inbox: what is fetched gets the same seal as what was sent. */
  keys: KeyRing;
  /** Names methods whose own name at the processor is kept sealed. */
  methodKey: Buffer;
  processors: Processors;
  temporal: Temporal;
  log: ReconcileLog;
  /** What is younger is on its way. */
  graceMs?: number;
};

/** From whose point of view an account is looked at. */
export type Looking = { deps: ReconcileDeps; scope: Scope; whose: Whose };

export type Query = {
  since: Instant;
  now: Instant;
  graceMs: number;
  /** Also what should be as it is: events that were delivered, workflows that nothing is known against. */
  thorough: boolean;
  isFresh: (at: Instant) => boolean;
};
