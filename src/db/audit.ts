/** Who did what, where no subscription's decision stands for it: a row of the audit log in the deed's own transaction. */
import type { Scope, Trx } from './tenant.ts';

export type AuditEntry = {
  at: Date;
  /** The principal: opaque, as no name or e-mail may be here. */
  by: string;
  action: string;
  subject: string;
  version?: number;
  from?: string | null;
  to?: string | null;
  why: Record<string, string | number | null>;
};

export async function audit(trx: Trx, { tenant, mode }: Scope, entry: AuditEntry): Promise<void> {
  const { at, by, action, subject, version = null, from = null, to = null, why } = entry;
  await trx
    .insertInto('audit_log')
    .values({
      ...{ tenant_id: tenant, mode, at, actor_by: 'principal', actor_ref: by, action, subject, version },
      ...{ from_state: from, to_state: to, why: JSON.stringify(why) },
    })
    .execute();
}

/** What a caller has done at this moment, in the deed's own transaction. */
export const auditDeed = (
  trx: Trx,
  { scope, principal }: { scope: Scope; principal: { ref: string } },
  action: string,
  subject: string,
  why: AuditEntry['why'] = {},
): Promise<void> => audit(trx, scope, { at: new Date(), by: principal.ref, action, subject, why });
