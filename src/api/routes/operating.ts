/** What an operator looks through: anything by any of its names, a life in one order, a workflow beside what is stored of it. */
import { z } from 'zod';
import { type Look, STATE_QUERY, workflowIdOf } from '../../../workflows/messages.ts';
import { search } from '../../db/search.ts';
import { inTenant } from '../../db/tenant.ts';
import { type Happening, timelineOf, type WhoseTimeline } from '../../db/timeline.ts';
import { differences } from '../../domain/differences.ts';
import { keyOf } from '../../domain/effect.ts';
import { candidates } from '../../domain/next-due.ts';
import { trying } from '../../temporal/ask-subscription.ts';
import { nowOf } from '../catalog.ts';
import { subscriptionOf } from '../command.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField } from '../problem.ts';
import { type Call, ok, READERS, route } from '../route.ts';
import { foundList, timeline, workflowLook } from '../schemas/operating.ts';
import { customerId, page, subscriptionId, text } from '../schemas.ts';

const reading = { tag: 'Operations', who: READERS, grant: 'subscriptions:read', method: 'get' } as const;

const find = route({
  ...reading,
  path: '/api/admin/search',
  summary: 'Find anything by any of its names',
  about:
    'An id of ours or of a processor’s, an invoice’s number, your own name of a customer, a promotion code, or an e-mail, ' +
    'which is looked up by its blind index.',
  query: z.strictObject({ q: text(254) }),
  answers: { 200: { about: 'Whatever bears it exactly.', schema: foundList } },
  async handle({ parts, scope, query: { q } }) {
    const rows = await inTenant(parts.db, scope, (trx) => search(trx, parts.keys, scope, q.trim()));
    const data = rows.map(({ customer_id: customerId, subscription_id: subscriptionId, ...rest }) => ({
      ...{ ...rest, customerId, subscriptionId },
    }));
    return ok({ data, nextCursor: null });
  },
});

const lived = route({
  ...reading,
  path: '/api/admin/timeline',
  summary: 'What happened, in one order',
  about: 'Events heard, decisions, charges, postings, messages sent and what people did; each names what brought it.',
  query: page.extend({ customerId: customerId.optional(), subscriptionId: subscriptionId.optional() }),
  answers: { 200: { about: 'The newest first.', schema: timeline } },
  async handle({ parts, scope, query: { customerId: customer, subscriptionId: subscription, ...paging } }) {
    const of = whose({ customer, subscription });
    const slice = await inTenant(parts.db, scope, (trx) => timelineOf(trx, of, pageOf(paging, 'timeAndNumbers')));
    return ok(listBody(slice, showHappening));
  },
});

function whose({ customer, subscription }: Partial<{ customer: unknown; subscription: unknown }>): WhoseTimeline {
  if (subscription) return { subscription } as WhoseTimeline;
  if (customer) return { customer } as WhoseTimeline;
  throw badField('customerId', 'or subscriptionId: one of them');
}

const showHappening = (row: Happening) => ({
  kind: row.kind,
  id: row.id,
  at: row.at.toISOString(),
  subscriptionId: row.subscription_id,
  name: row.name,
  state: row.state,
  amount: row.amount === null || row.currency === null ? null : { amount: row.amount, currency: row.currency },
  by: row.who,
  facts: row.facts,
  brings: [...row.brings, ...row.effects.map((effect) => `${row.subscription_id}/${keyOf(effect)}`)],
  broughtBy: row.brought_by,
});

const look = route({
  ...reading,
  path: '/api/admin/subscriptions/:id/workflow',
  summary: 'Its workflow’s own state, beside what is stored',
  params: z.strictObject({ id: subscriptionId }),
  answers: { 200: { about: 'Where they differ, and what time will bring.', schema: workflowLook } },
  async handle(call) {
    const row = await subscriptionOf(call, call.params.id);
    const { looked, outcome } = await lookAt(call, row.id);
    const now = await inTenant(call.parts.db, call.scope, (trx) => nowOf(trx, row.customer_id));
    const workflowId = workflowIdOf(call.scope.tenant, row.id);
    const differing = looked ? differences(looked.subscription, row.document) : [];
    return ok({
      outcome,
      workflowId,
      url: runUrl(call, workflowId),
      version: looked?.subscription.version ?? null,
      state: looked?.subscription.state ?? null,
      pendingInputs: looked?.pendingInputs ?? null,
      outsideCalls: looked?.outsideCalls ?? null,
      differences: differing.map(({ path, one, other }) => ({ path, workflow: one, stored: other })),
      timers: candidates(looked?.subscription ?? row.document)
        .sort((a, b) => a.at - b.at)
        .map(({ type, at }) => ({ type, at: new Date(at).toISOString() })),
      now: new Date(now).toISOString(),
    });
  },
});

async function lookAt({ parts, scope }: Call, id: z.output<typeof subscriptionId>) {
  let looked: Look | null = null;
  const { outcome } = await trying(parts.temporal, scope.mode, parts.patienceMs.command, async (client) => {
    looked = await client.workflow.getHandle(workflowIdOf(scope.tenant, id)).query<Look>(STATE_QUERY);
    return { outcome: 'applied', version: 0 };
  });
  if (looked) return { looked: looked as Look, outcome: 'answered' };
  return { looked: null, outcome: outcome === 'no_workflow' ? 'no_workflow' : 'unreachable' };
}

function runUrl({ parts, scope }: Call, workflowId: string): string | null {
  const namespace = parts.temporal.clientOf(scope.mode)?.options.namespace;
  if (!parts.temporalUi || !namespace) return null;
  return new URL(`/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`, parts.temporalUi).href;
}

export const operatingRoutes = [find, lived, look];
