/** The address that a 202 names: how a command that took longer has ended. */
import { z } from 'zod';
import type { Answer } from '../../../workflows/messages.ts';
import { workflowIdOf } from '../../../workflows/messages.ts';
import { requestsAbout } from '../../db/requests.ts';
import { inTenant } from '../../db/tenant.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { trying } from '../../temporal/ask-subscription.ts';
import { requestIdOf } from '../once.ts';
import { notFound } from '../problem.ts';
import { AGENTS, ok, route } from '../route.ts';
import { requestState, subscriptionId } from '../schemas.ts';

const A_MOMENT_MS = 1_000;

const get = route({
  method: 'get',
  path: '/api/billing/requests/:id',
  tag: 'Subscriptions',
  summary: 'How a command that was accepted has ended',
  who: ['customer', ...AGENTS],
  grant: 'subscriptions:read',
  actsOnCustomer: true,
  params: z.strictObject({ id: z.string().regex(/^req_[a-f0-9]{32}$/, 'the id of a request') }),
  query: z.strictObject({ subscriptionId }),
  answers: { 200: { about: 'Its state.', schema: requestState } },
  async handle({ parts, scope, principal, params: { id }, query: { subscriptionId: subscription } }) {
    const rows = await inTenant(parts.db, scope, (trx) => requestsAbout(trx, principal.ref, subscription));
    const row = rows.find((each) => requestIdOf(scope, each.principal, each.route, each.key) === id);
    if (!row) throw notFound('request');
    const shown = { id, subscriptionId: subscription };
    if (row.state === 'done') {
      const refused = row.response && 'refused' in row.response ? (row.response.refused as Refusal) : null;
      return ok({ ...shown, ...(refused && shownRefusal(refused)), state: refused ? 'refused' : 'applied' });
    }
    const answer = await trying(parts.temporal, scope.mode, A_MOMENT_MS, (client) =>
      client.workflow.getHandle(workflowIdOf(scope.tenant, subscription)).getUpdateHandle<Answer>(id).result(),
    );
    switch (answer.outcome) {
      case 'applied':
        return ok({ ...shown, state: 'applied' });
      case 'refused':
        return ok({ ...shown, ...shownRefusal(answer), state: 'refused' });
      case 'pending':
      case 'unreachable':
      case 'no_workflow':
      case 'no_namespace':
        return { status: 200, body: { ...shown, state: 'running' }, headers: { 'retry-after': '2' } };
    }
  },
});

/** As the command itself would have answered. */
const shownRefusal = ({ code, detail, path }: Refusal) => ({
  code,
  detail,
  errors: path === undefined ? undefined : [{ path, message: detail }],
});

export const requestRoutes = [get];
