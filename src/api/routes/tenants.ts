import { createTenant, readTenant } from '../../db/tenants.ts';
import { newId } from '../../ids.ts';
import { created, ok, route } from '../route.ts';
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
  async handle({ parts, body: { id, name } }) {
    return created(showTenant(await createTenant(parts.db, { id: id ?? newId('ten'), name, createdAt: new Date() })));
  },
});

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
