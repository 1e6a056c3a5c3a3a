/** The audit log as somebody reads it who may. */
import type { Selectable } from 'kysely';
import { isSealed } from './open-sealed.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { AuditLogTable } from './schema.ts';
import type { Trx } from './tenant.ts';

export type AuditRow = Selectable<AuditLogTable>;
export type AuditFilter = { subject?: string; action?: string; actor?: string; since?: Date; until?: Date };

export async function listAudit(
  trx: Trx,
  { subject, action, actor, since, until }: AuditFilter,
  page: Page,
): Promise<Slice<AuditRow>> {
  let query = trx.selectFrom('audit_log').selectAll();
  if (subject) query = query.where('subject', '=', subject);
  if (action) query = query.where('action', '=', action);
  if (actor) query = query.where('actor_ref', '=', actor);
  if (since) query = query.where('recorded_at', '>=', since);
  if (until) query = query.where('recorded_at', '<', until);
  if (page.after) query = query.where('id', '<', Number(page.after));
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => String(id));
}

/** Somebody's own words are sealed there, and are read where their customer is. */
export const legible = (why: AuditRow['why']): AuditRow['why'] =>
  Object.fromEntries(
    Object.entries(why).map(([name, value]) => [name, typeof value === 'string' && isSealed(value) ? null : value]),
  );
