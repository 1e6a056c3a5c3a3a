import { z } from 'zod';
import { newServiceKey } from '../../auth/service-keys.ts';
import { createKey, listKeys, revokeKey } from '../../db/api-keys.ts';
import { auditDeed } from '../../db/audit.ts';
import { inTenant } from '../../db/tenant.ts';
import { newId } from '../../ids.ts';
import { badField, notFound } from '../problem.ts';
import { created, ok, route } from '../route.ts';
import { apiKey, apiKeyCreate, apiKeyCreated, keyId, listOf } from '../schemas.ts';
import { showKey } from '../show.ts';

const tag = 'Service keys';
const who = ['admin', 'owner'] as const;

const list = route({
  method: 'get',
  path: '/api/admin/keys',
  tag,
  summary: 'List service keys',
  who,
  grant: 'keys:read',
  answers: { 200: { about: 'Without their secrets.', schema: listOf(apiKey, 'ApiKey') } },
  async handle({ parts, scope }) {
    const keys = await inTenant(parts.db, scope, listKeys);
    return ok({ data: keys.map(showKey), nextCursor: null });
  },
});

const create = route({
  method: 'post',
  path: '/api/admin/keys',
  tag,
  summary: 'Create a service key',
  about: 'For the mode of your token. Its secret is shown in this answer and never again, a repeat included.',
  who,
  grant: 'keys:write',
  body: apiKeyCreate,
  answers: { 201: { about: 'With its secret.', schema: apiKeyCreated } },
  async handle({ parts, scope, principal, body }) {
    const at = new Date();
    const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt);
    if (expiresAt && expiresAt <= at) throw badField('expiresAt', 'is past');
    const { secret, prefix, hash } = newServiceKey(scope.mode);
    const { name, scopes } = body;
    const key = await inTenant(parts.db, scope, async (trx) => {
      const made = await createKey(trx, scope, { id: newId('key'), name, prefix, hash, scopes, expiresAt, at });
      await auditDeed(trx, { scope, principal }, 'key.created', made.id, { prefix, scopes: scopes.join(' ') });
      return made;
    });
    return created({ key: showKey(key) }, { secret });
  },
});

const revoke = route({
  method: 'delete',
  path: '/api/admin/keys/:id',
  tag,
  summary: 'Revoke a service key',
  who,
  grant: 'keys:write',
  params: z.strictObject({ id: keyId }),
  answers: { 200: { about: 'It opens nothing any more.', schema: apiKey } },
  async handle({ parts, scope, principal, params: { id } }) {
    const key = await inTenant(parts.db, scope, async (trx) => {
      const revoked = await revokeKey(trx, id, new Date());
      if (!revoked) throw notFound('key');
      await auditDeed(trx, { scope, principal }, 'key.revoked', id, { prefix: revoked.prefix });
      return revoked;
    });
    return ok(showKey(key));
  },
});

export const keyRoutes = [list, create, revoke];
