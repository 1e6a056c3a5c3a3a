/** Whether processor, books and workflows say the same; and what a person does where they do not. */
import { z } from 'zod';
import { RECONCILE_WORKFLOW, type Reconciliation, reconcileWorkflowIdOf } from '../../../workflows/messages.ts';
import { audit } from '../../db/audit.ts';
import { closeDiscrepancy, type DiscrepancyRow, listDiscrepancies, readDiscrepancy } from '../../db/discrepancies.ts';
import {
  beginReconciliation,
  endReconciliation,
  listReconciliations,
  type ReconciliationRow,
  readReconciliation,
} from '../../db/reconciliations.ts';
import { inTenant } from '../../db/tenant.ts';
import { DISCREPANCIES } from '../../domain/discrepancy.ts';
import { DAY } from '../../domain/time.ts';
import { newId } from '../../ids.ts';
import { trying } from '../../temporal/ask-subscription.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { FINANCE, ok, READERS, route } from '../route.ts';
import {
  discrepancy,
  discrepancyClose,
  discrepancyFilter,
  discrepancyId,
  reconciliation,
  reconciliationCreate,
  reconciliationId,
} from '../schemas/reconciliation.ts';
import { listOf, page } from '../schemas.ts';

const BASE = '/api/admin/reconciliation';
const FAR_ENOUGH_MS = 30 * DAY;
const reading = { tag: 'Reconciliation', who: READERS, grant: 'reconciliation:read', method: 'get' } as const;
const writing = { tag: 'Reconciliation', who: FINANCE, grant: 'reconciliation:write', method: 'post' } as const;

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const show = ({ id, state, since, asked_by, started_at, ended_at, report, reason }: ReconciliationRow) => ({
  ...{ id, state, since: iso(since), askedBy: asked_by, startedAt: iso(started_at), endedAt: iso(ended_at) },
  ...{ report, reason },
});

const showDiscrepancy = (row: DiscrepancyRow) => {
  const { id, kind, subject, subscription_id, theirs, ours, state, opened_at, seen_at, closed_at, closed_by, how } =
    row;
  return {
    ...{ id, kind, about: DISCREPANCIES[kind], subject, subscriptionId: subscription_id, theirs, ours, state },
    ...{ openedAt: iso(opened_at), seenAt: iso(seen_at), closedAt: iso(closed_at), closedBy: closed_by, how },
  };
};

const start = route({
  ...writing,
  path: BASE,
  summary: 'Reconcile now',
  about: 'Thoroughly: delivered events and healthy workflows are looked at as well. Read it until it is not `running`.',
  body: reconciliationCreate,
  answers: { 202: { about: 'On its way.', schema: reconciliation } },
  async handle({ parts, scope, principal, body }) {
    const at = new Date();
    const since = body.since === undefined ? at.getTime() - FAR_ENOUGH_MS : Date.parse(body.since);
    if (since > at.getTime()) throw badField('since', 'lies in the future');
    const id = newId('rec');
    const begun = { id, since: new Date(since), by: principal.ref, at };
    const asked: Reconciliation = { ...scope, id, back: at.getTime() - since, thorough: true, by: principal.ref };
    const row = await inTenant(parts.db, scope, async (trx) => {
      await beginReconciliation(trx, scope, begun);
      return readReconciliation(trx, id);
    });
    const { taskQueue } = parts.temporal;
    const started = await trying(parts.temporal, scope.mode, parts.patienceMs.command, async (client) => {
      const workflowId = reconcileWorkflowIdOf(scope.tenant, id);
      await client.workflow.start(RECONCILE_WORKFLOW, { workflowId, taskQueue, args: [asked] });
      return { outcome: 'applied', version: 0 };
    });
    if (started.outcome !== 'applied' && started.outcome !== 'pending') {
      await inTenant(parts.db, scope, (trx) => endReconciliation(trx, id, { reason: started.outcome }));
      throw started.outcome === 'no_namespace'
        ? new Problem(409, 'mode_not_configured', 'this deployment has no such mode')
        : new Problem(503, 'temporal_unavailable', 'Temporal does not answer', { retryAfterSeconds: 5 });
    }
    return { status: 202, body: show(row!), headers: { location: `${BASE}/${id}`, 'retry-after': '1' } };
  },
});

const list = route({
  ...reading,
  path: BASE,
  summary: 'List reconciliations',
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(reconciliation, 'Reconciliation') } },
  async handle({ parts, scope, query }) {
    const slice = await inTenant(parts.db, scope, (trx) => listReconciliations(trx, pageOf(query, 'id')));
    return ok(listBody(slice, show));
  },
});

const get = route({
  ...reading,
  path: `${BASE}/:id`,
  summary: 'Read a reconciliation',
  params: z.strictObject({ id: reconciliationId }),
  answers: { 200: { about: 'What it came to.', schema: reconciliation } },
  async handle({ parts, scope, params: { id } }) {
    const row = await inTenant(parts.db, scope, (trx) => readReconciliation(trx, id));
    if (!row) throw notFound('reconciliation');
    return ok(show(row));
  },
});

const params = z.strictObject({ id: discrepancyId });

const discrepancies = route({
  ...reading,
  path: `${BASE}/discrepancies`,
  summary: 'List discrepancies',
  query: discrepancyFilter,
  answers: { 200: { about: 'The newest first.', schema: listOf(discrepancy, 'Discrepancy') } },
  async handle({ parts, scope, query: { state, kind, ...paging } }) {
    const slice = await inTenant(parts.db, scope, (trx) =>
      listDiscrepancies(trx, { state, kind }, pageOf(paging, 'id')),
    );
    return ok(listBody(slice, showDiscrepancy));
  },
});

const one = route({
  ...reading,
  path: `${BASE}/discrepancies/:id`,
  summary: 'Read a discrepancy',
  params,
  answers: { 200: { about: 'With both sides.', schema: discrepancy } },
  async handle({ parts, scope, params: { id } }) {
    const row = await inTenant(parts.db, scope, (trx) => readDiscrepancy(trx, id));
    if (!row) throw notFound('discrepancy');
    return ok(showDiscrepancy(row));
  },
});

const closing = (verb: 'settle' | 'dismiss', state: 'settled' | 'dismissed', summary: string, about: string) =>
  route({
    ...writing,
    path: `${BASE}/discrepancies/:id/${verb}`,
    summary,
    about,
    params,
    body: discrepancyClose,
    answers: { 200: { about: 'Closed.', schema: discrepancy }, 409: { about: 'It is not open any more.' } },
    async handle({ parts, scope, principal, params: { id }, body: { reason } }) {
      const row = await inTenant(parts.db, scope, async (trx) => {
        const before = await readDiscrepancy(trx, id);
        if (!before) throw notFound('discrepancy');
        const at = new Date();
        const closed = await closeDiscrepancy(trx, id, { state, by: principal.ref, reason, at });
        if (!closed) throw new Problem(409, 'discrepancy_closed', `cannot ${verb}: the discrepancy is ${before.state}`);
        const why = { kind: closed.kind, about: closed.subject, reason };
        const entry = { at, by: principal.ref, action: `discrepancy.${state}`, subject: id, from: 'open', to: state };
        await audit(trx, scope, { ...entry, why });
        return closed;
      });
      return ok(showDiscrepancy(row));
    },
  });

const settle = closing(
  'settle',
  'settled',
  'Settle a discrepancy',
  'It was put right elsewhere. Nothing is booked by this. Should a side say something else later, it is open again.',
);
const dismiss = closing(
  'dismiss',
  'dismissed',
  'Dismiss a discrepancy',
  'It is none of ours, or of no weight: a payout no longer waits for such a payment.',
);

export const reconciliationRoutes = [start, list, discrepancies, one, settle, dismiss, get];
