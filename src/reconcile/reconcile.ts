/**
 * Whether the processor, the books and the workflows say the same. What has not arrived is fetched, what was settled is
 * booked, what is behind is brought up to date; money that differs is opened for a person with both sides, and closed
 * when they agree again. Safe to run twice, and at once.
 */
import { countOpen, keepFindings } from '../db/discrepancies.ts';
import { beginReconciliation, endReconciliation } from '../db/reconciliations.ts';
import { inTenant, type Scope } from '../db/tenant.ts';
import { DISCREPANCIES, type Finding, type ReconciliationReport } from '../domain/discrepancy.ts';
import type { ReconciliationId } from '../domain/ids.ts';
import { type Instant, MINUTE } from '../domain/time.ts';
import { fetchEvents } from './events.ts';
import type { Looking, Query, ReconcileDeps } from './looking.ts';
import { compareMoney } from './money.ts';
import { followPayouts } from './settle.ts';
import { compareWorkflows } from './workflows.ts';

const GRACE_MS = 5 * MINUTE;

export type ReconcileRequest = Scope & {
  id: ReconciliationId;
  since: Instant;
  thorough: boolean;
  by: string;
};

export async function reconcile(deps: ReconcileDeps, request: ReconcileRequest): Promise<ReconciliationReport> {
  const { tenant, mode, id, since, by, thorough } = request;
  const scope = { tenant, mode };
  const { db, graceMs = GRACE_MS, log } = deps;
  const now = Date.now();
  const query: Query = { since, now, graceMs, thorough, isFresh: (at) => Math.abs(now - at) < graceMs };
  await inTenant(db, scope, (trx) =>
    beginReconciliation(trx, scope, { id, since: new Date(since), by, at: new Date(now) }),
  );
  const total = { fetched: 0, movements: 0, workflows: 0, fees: 0, payouts: 0, repaired: 0 };
  try {
    for (const { id: account, processor } of await deps.processors.all(scope)) {
      const { events, records, name } = processor;
      const looking: Looking = { deps, scope, whose: { processor: name, account } };
      if (events) total.fetched += await fetchEvents(looking, events, query);
      if (!records) continue;
      const money = await compareMoney(looking, records, query);
      total.repaired += await keep(deps, scope, money);
      const paid = await followPayouts(looking, records, query);
      total.repaired += await keep(deps, scope, paid);
      total.movements += money.movements;
      total.fees += money.fees + paid.fees;
      total.payouts += paid.payouts;
    }
    const running = await compareWorkflows(deps, scope, query);
    total.workflows = running.workflows;
    total.repaired += running.repaired;
    const report = { ...total, open: await inTenant(db, scope, countOpen) };
    await inTenant(db, scope, (trx) => endReconciliation(trx, id, { report }));
    log.info({ ...scope, ...report }, 'reconciled');
    return report;
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'unknown';
    await inTenant(db, scope, (trx) => endReconciliation(trx, id, { reason }));
    throw error;
  }
}

/** How many agree again. */
async function keep(
  { db, log }: ReconcileDeps,
  scope: Scope,
  { looked, findings }: { looked: readonly string[]; findings: readonly Finding[] },
): Promise<number> {
  const at = new Date();
  const { opened, closed } = await inTenant(db, scope, (trx) => keepFindings(trx, { looked, findings, at }));
  for (const { id, kind, subject } of opened) {
    log.error({ ...scope, discrepancy: id, kind, subject }, `a discrepancy: ${DISCREPANCIES[kind]}`);
  }
  return closed;
}
