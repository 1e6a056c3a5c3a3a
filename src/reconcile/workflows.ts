/**
 * Every subscription that is not over has a workflow, and what is stored of it is what the workflow says. One that is
 * missing is started from what is stored; where what is stored is behind, an older backup was restored, and the workflow
 * is asked to project its state. A workflow that is behind is for a person: which of the two is right nobody else knows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { type Look, PROJECT_SIGNAL, STATE_QUERY, workflowIdOf } from '../../workflows/messages.ts';
import { bringTo } from '../clock/fast-forward.ts';
import { keepFindings, keepRepaired } from '../db/discrepancies.ts';
import { type ShouldRun, shouldRun, takeable, versionOf } from '../db/running.ts';
import { inTenant, type Scope } from '../db/tenant.ts';
import type { Finding } from '../domain/discrepancy.ts';
import type { SubscriptionId } from '../domain/ids.ts';
import { MINUTE } from '../domain/time.ts';
import { restartSubscription } from '../temporal/restart-subscription.ts';
import type { Query, ReconcileDeps } from './looking.ts';

const PAGE = 500;
const ASKED_AT_ONCE = 8;
const LATE_MS = 15 * MINUTE;
/** A commit is seen in the database a moment before its workflow knows of it. */
const A_MOMENT_MS = 2_000;
const ANSWERED_WITHIN_MS = 10_000;
const PROJECTED_WITHIN_MS = 10_000;

export type WorkflowsLooked = { workflows: number; repaired: number };

export async function compareWorkflows(deps: ReconcileDeps, scope: Scope, query: Query): Promise<WorkflowsLooked> {
  const client = deps.temporal.clientOf(scope.mode);
  if (!client) return { workflows: 0, repaired: 0 };
  const running = await runningOf(client, scope);
  let [workflows, repaired] = [0, 0];
  for (let after: SubscriptionId | null = null; ; ) {
    const page: ShouldRun[] = await inTenant(deps.db, scope, (trx) =>
      shouldRun(trx, { after, limit: PAGE, now: query.now, lateMs: LATE_MS }),
    );
    const suspects = page.filter(({ id, isLate }) => query.thorough || isLate || !running.has(id));
    for (let first = 0; first < suspects.length; first += ASKED_AT_ONCE) {
      const asked = suspects.slice(first, first + ASKED_AT_ONCE);
      const done = await Promise.all(asked.map((each) => compareOne({ deps, scope, client }, each)));
      repaired += done.filter((answer) => answer === 'repaired').length;
    }
    workflows += page.length;
    if (page.length < PAGE) return { workflows, repaired };
    after = page.at(-1)!.id;
  }
}

/** As the server lists them, which may be some seconds old: whoever isn't there is asked for by name. */
async function runningOf(client: Client, { tenant }: Scope): Promise<Set<SubscriptionId>> {
  const prefix = workflowIdOf(tenant, 'sub_');
  const listed = client.workflow.list({
    query: `WorkflowId STARTS_WITH '${prefix}' AND ExecutionStatus = 'Running'`,
    pageSize: 1_000,
  });
  const ids = new Set<SubscriptionId>();
  for await (const { workflowId } of listed) ids.add(workflowId.slice(prefix.length - 'sub_'.length) as SubscriptionId);
  return ids;
}

type Asking = { deps: ReconcileDeps; scope: Scope; client: Client };

async function compareOne(asking: Asking, { id, version, state }: ShouldRun): Promise<'agree' | 'open' | 'repaired'> {
  const { deps, scope, client } = asking;
  const status = await statusOf(asking, id);
  const ours = { state, version };
  const about = { subject: id, subscription: id, ours };
  if (status !== 'RUNNING') {
    const finding: Finding = { ...about, kind: 'workflow_missing', theirs: { status: status.toLowerCase() } };
    // It has gone its way to the end: what is stored is older than that end, and must not live again.
    if (status === 'COMPLETED') return open(asking, finding);
    return restart(asking, finding, id);
  }
  const handle = client.workflow.getHandle(workflowIdOf(scope.tenant, id));
  const look = () =>
    client
      .withDeadline(Date.now() + ANSWERED_WITHIN_MS, () => handle.query<Look>(STATE_QUERY))
      .then(
        ({ subscription }) => subscription,
        (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
      );
  let theirs = await look();
  if (typeof theirs !== 'string' && theirs.version < version) {
    await sleep(A_MOMENT_MS);
    theirs = await look();
  }
  // One that hangs must not keep the others from being looked at.
  if (typeof theirs === 'string') {
    return open(asking, { ...about, kind: 'workflow_silent', theirs: { error: theirs } });
  }
  const stored = await inTenant(deps.db, scope, (trx) => versionOf(trx, id));
  const finding = { ...about, theirs: { state: theirs.state, version: theirs.version } };
  if (theirs.version < version) return open(asking, { ...finding, kind: 'workflow_behind' });
  if (theirs.version > stored) {
    await handle.signal(PROJECT_SIGNAL, stored);
    return projected(asking, { ...finding, kind: 'projection_behind' }, theirs.version);
  }
  await inTenant(deps.db, scope, (trx) => keepFindings(trx, { looked: [id], findings: [], at: new Date() }));
  return 'agree';
}

async function statusOf({ scope, client }: Asking, id: SubscriptionId): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflowIdOf(scope.tenant, id)).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
    throw error;
  }
}

async function open({ deps: { db, log }, scope }: Asking, finding: Finding): Promise<'open'> {
  const { kind, subject } = finding;
  await inTenant(db, scope, (trx) => keepFindings(trx, { looked: [subject], findings: [finding], at: new Date() }));
  log.error({ ...scope, kind, subject, theirs: finding.theirs, ours: finding.ours }, 'a subscription needs a person');
  return 'open';
}

async function restart(asking: Asking, finding: Finding, id: SubscriptionId): Promise<'repaired' | 'open'> {
  const { deps, scope, client } = asking;
  const stored = await inTenant(deps.db, scope, (trx) => takeable(trx, id));
  if (!stored) return open(asking, finding);
  const { subscription, outside, clockNow } = stored;
  await restartSubscription(client, deps.temporal.taskQueue, { tenant: scope.tenant, subscription, outside });
  if (clockNow !== null) await bringTo(client, workflowIdOf(scope.tenant, id), clockNow);
  return repaired(asking, finding, 'its workflow was started from what is stored');
}

async function projected(asking: Asking, finding: Finding, version: number): Promise<'repaired' | 'open'> {
  const { deps, scope } = asking;
  for (const deadline = Date.now() + PROJECTED_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
    const stored = await inTenant(deps.db, scope, (trx) => versionOf(trx, finding.subject as SubscriptionId));
    if (stored > version) return repaired(asking, finding, 'its workflow has projected its state');
  }
  return open(asking, finding);
}

async function repaired({ deps: { db, log }, scope }: Asking, finding: Finding, how: string): Promise<'repaired'> {
  const { kind, subject } = finding;
  await inTenant(db, scope, (trx) => keepRepaired(trx, finding, { how, at: new Date() }));
  log.warn({ ...scope, kind, subject, theirs: finding.theirs, ours: finding.ours }, how);
  return 'repaired';
}
