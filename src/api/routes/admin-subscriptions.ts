/** What an operator asks: which are there, why is it so, how did it come about. */
import { z } from 'zod';
import { decisionsOf, historyOf, latestMove, listSubscriptions, postingsOf } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import { subscriptionOf } from '../command.ts';
import { listBody, pageOf } from '../paging.ts';
import { ok, READERS, route } from '../route.ts';
import { cause, clockId, customerId, listOf, page, subscription, subscriptionId, why } from '../schemas.ts';
import { showCause, showSubscription } from '../show.ts';

const reading = { tag: 'Operations', who: READERS, grant: 'subscriptions:read' } as const;
const params = z.strictObject({ id: subscriptionId });
const CAUSES = 12;

const list = route({
  ...reading,
  method: 'get',
  path: '/api/admin/subscriptions',
  summary: 'List all subscriptions',
  query: page.extend({
    customerId: customerId.optional(),
    clockId: clockId.optional(),
    state: z.enum(['draft', 'incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled']).optional(),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(subscription, 'Subscription') } },
  async handle({ parts, scope, query: { customerId: customer = null, state, clockId: clock, ...paging } }) {
    const filter = { customer, ...(state && { state }), ...(clock && { clock }) };
    const slice = await inTenant(parts.db, scope, (trx) => listSubscriptions(trx, filter, pageOf(paging, 'id')));
    return ok(listBody(slice, showSubscription));
  },
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/admin/subscriptions/:id',
  summary: 'Read a subscription with its whole state',
  params,
  answers: {
    200: { about: 'The state is the workflow’s own.', schema: subscription.extend({ document: z.looseObject({}) }) },
  },
  async handle(call) {
    const row = await subscriptionOf(call, call.params.id);
    return ok({ ...showSubscription(row), document: row.document });
  },
});

const reason = route({
  ...reading,
  method: 'get',
  path: '/api/admin/subscriptions/:id/why',
  summary: 'Why it is as it is',
  about: 'The chain of causes, back to when it came into its present state: input, rule, facts, effects, ledger.',
  params,
  answers: { 200: { about: 'The chain.', schema: why } },
  async handle(call) {
    const row = await subscriptionOf(call, call.params.id);
    const { decisions, move, postings } = await inTenant(call.parts.db, call.scope, async (trx) => ({
      decisions: await decisionsOf(trx, row.id, CAUSES),
      move: await latestMove(trx, row.id),
      postings: await postingsOf(trx, row.id),
    }));
    const oldest = decisions.at(-1)?.version ?? 0;
    const chain = move && move.version < oldest ? [...decisions, move] : decisions;
    const causes = chain.map((decision) => showCause(decision, postings));
    const moved = causes.find(({ from, to }) => from !== to && to === row.state);
    const sentence = moved
      ? `${row.state} since ${moved.at}: rule ${moved.rule}, on ${moved.input} from the ${moved.origin.by} (${moved.origin.ref})`
      : `${row.state} from the beginning`;
    return ok({ subscriptionId: row.id, state: row.state, sentence, causes });
  },
});

const history = route({
  ...reading,
  method: 'get',
  path: '/api/admin/subscriptions/:id/history',
  summary: 'Every decision of its life',
  params,
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(cause, 'Cause') } },
  async handle(call) {
    const row = await subscriptionOf(call, call.params.id);
    const { slice, postings } = await inTenant(call.parts.db, call.scope, async (trx) => ({
      slice: await historyOf(trx, row.id, pageOf(call.query, 'number')),
      postings: await postingsOf(trx, row.id),
    }));
    return ok(listBody(slice, (decision) => showCause(decision, postings)));
  },
});

export const adminSubscriptionRoutes = [list, get, reason, history];
