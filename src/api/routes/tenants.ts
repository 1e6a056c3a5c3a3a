import { auditDeed } from '../../db/audit.ts';
import { inTenant } from '../../db/tenant.ts';
import { createTenant, readTenant, type Tenant } from '../../db/tenants.ts';
import { newId } from '../../ids.ts';
import { trying } from '../../temporal/ask-subscription.ts';
import { ensureRevenueSchedule } from '../../temporal/revenue-schedules.ts';
import { type Call, created, ok, route } from '../route.ts';
import { listOf, tenant, tenantCreate } from '../schemas.ts';
import { showTenant } from '../show.ts';

const tag = 'Tenants';

const create = route({
  method: 'post',
  path: '/api/admin/tenants',
  tag,
  summary: 'Create a tenant',
  about: 'The token’s own tenant need not exist yet: an owner’s first act is to create it.',
  who: ['owner'],
  grant: 'tenants:write',
  anyTenant: true,
  pure: true, // an id of one's own makes it the same tenant, however often it is asked for
  body: tenantCreate,
  answers: { 201: { about: 'It exists.', schema: tenant } },
  async handle(call) {
    const { id = newId('ten'), name, timeZone } = call.body;
    const tenant = await createTenant(call.parts.db, { id, name, timeZone, createdAt: new Date() });
    // In the log of the new one, by whoever is its owner from now on.
    await inTenant(call.parts.db, { tenant: id, mode: call.scope.mode }, (trx) =>
      auditDeed(trx, { scope: { tenant: id, mode: call.scope.mode }, principal: call.principal }, 'tenant.created', id),
    );
    await recogniseItsRevenue(call, tenant);
    return created(showTenant(tenant));
  },
});

/** Where Temporal is away, or the mode has no namespace: workers look for tenants without a schedule. */
async function recogniseItsRevenue({ parts: { temporal, patienceMs }, log }: Call, { id, timeZone }: Tenant) {
  for (const mode of ['test', 'live'] as const) {
    const answer = await trying(temporal, mode, patienceMs.command, async (client) => {
      await ensureRevenueSchedule(client, temporal.taskQueue, { tenant: id, mode, timeZone });
      return { outcome: 'applied', version: 0 };
    });
    if (answer.outcome !== 'applied')
      log.info({ tenant: id, mode, answer: answer.outcome }, 'no schedule of revenue yet');
  }
}

const list = route({
  method: 'get',
  path: '/api/admin/tenants',
  tag,
  summary: 'The tenant of this token',
  who: ['admin', 'owner', 'service'],
  grant: 'tenants:read',
  answers: { 200: { about: 'One sees one’s own.', schema: listOf(tenant, 'Tenant') } },
  async handle({ parts, scope }) {
    const own = await readTenant(parts.db, scope);
    return ok({ data: own ? [showTenant(own)] : [], nextCursor: null });
  },
});

export const tenantRoutes = [create, list];
