import { z } from 'zod';
import { type AuditRow, legible, listAudit } from '../../db/audit-list.ts';
import { inTenant } from '../../db/tenant.ts';
import { listBody, pageOf } from '../paging.ts';
import { ok, READERS, route } from '../route.ts';
import { instant, listOf, page, time } from '../schemas.ts';

const auditEntry = z
  .object({
    id: z.int(),
    at: time.openapi({ description: 'On the clock of what it is about.' }),
    recordedAt: time,
    actor: z.object({ by: z.enum(['principal', 'processor', 'clock', 'engine']), ref: z.string() }),
    action: z.string(),
    subject: z.string(),
    version: z.int().nullable(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    why: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    requestId: z.string().nullable(),
    sealed: z
      .object({ place: z.int(), hash: z.string(), at: time })
      .nullable()
      .openapi({ description: 'Its place in the chain; null for the moment until it is sealed.' }),
  })
  .openapi('AuditEntry');

const word = z.string().min(1).max(200);

const list = route({
  method: 'get',
  path: '/api/admin/audit',
  tag: 'Operations',
  summary: 'Who did what',
  about: 'One row for each change of money, state, access or configuration.',
  who: READERS,
  grant: 'audit:read',
  query: page.extend({
    subject: word
      .optional()
      .openapi({ description: 'What it was done to.', example: 'sub_01m7z3qyse0000000000000000' }),
    action: word.optional(),
    actor: word.optional().openapi({ description: 'The `ref` of who did it.' }),
    since: instant.optional(),
    until: instant.optional(),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(auditEntry, 'AuditEntry') } },
  async handle({ parts, scope, query: { subject, action, actor, since, until, ...paging } }) {
    const filter = {
      ...(subject && { subject }),
      ...(action && { action }),
      ...(actor && { actor }),
      ...(since && { since: new Date(since) }),
      ...(until && { until: new Date(until) }),
    };
    const slice = await inTenant(parts.db, scope, (trx) => listAudit(trx, filter, pageOf(paging, 'number')));
    return ok(listBody(slice, show));
  },
});

const show = (row: AuditRow) => ({
  id: row.id,
  at: row.at.toISOString(),
  recordedAt: row.recorded_at.toISOString(),
  actor: { by: row.actor_by, ref: row.actor_ref },
  action: row.action,
  subject: row.subject,
  version: row.version,
  from: row.from_state,
  to: row.to_state,
  why: legible(row.why),
  requestId: row.request_id,
  sealed: row.sealed_at && { place: row.place, hash: row.hash!.toString('hex'), at: row.sealed_at.toISOString() },
});

export const auditRoutes = [list];
