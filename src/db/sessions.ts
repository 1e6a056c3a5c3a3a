import { sql } from 'kysely';
import type { Role } from '../auth/principal.ts';
import type { CustomerId, Mode, TenantId } from '../domain/ids.ts';
import type { Db } from './client.ts';
import { inRole, type Scope, type Trx } from './tenant.ts';

export async function createPortalLink(
  trx: Trx,
  { tenant, mode }: Scope,
  { id, customer, by, at, expiresAt }: { id: string; customer: CustomerId; by: string; at: Date; expiresAt: Date },
): Promise<void> {
  const made = { made_by: by, made_at: at, expires_at: expiresAt };
  await trx
    .insertInto('portal_links')
    .values({ tenant_id: tenant, mode, id, customer_id: customer, ...made })
    .execute();
}

/** Once: of two that come with the same link one gets in. */
export async function usePortalLink(
  trx: Trx,
  id: string,
  at: Date,
): Promise<{ outcome: 'used'; customer: CustomerId } | { outcome: 'spent' | 'expired' }> {
  const used = await trx
    .updateTable('portal_links')
    .set({ used_at: at })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('customer_id')
    .executeTakeFirst();
  if (used) return { outcome: 'used', customer: used.customer_id };
  const known = await trx.selectFrom('portal_links').select('used_at').where('id', '=', id).executeTakeFirst();
  return { outcome: known?.used_at ? 'spent' : 'expired' };
}

export type Session = {
  id: string;
  tenant: TenantId;
  mode: Mode;
  principal: string;
  role: Role;
  customer: CustomerId | null;
  seenAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
};

export async function beginSession(
  trx: Trx,
  { id, tenant, mode, principal, role, customer, seenAt, expiresAt, hash }: Session & { hash: Buffer },
): Promise<void> {
  await trx
    .insertInto('sessions')
    .values({
      ...{ tenant_id: tenant, mode, id, hash, principal, role, customer_id: customer },
      ...{ began_at: seenAt, seen_at: seenAt, expires_at: expiresAt },
    })
    .execute();
}

/** Before anyone knows whose it is, so in the door's role. */
export const findSession = (db: Db, hash: Buffer): Promise<Session | null> =>
  inRole(db, 'hydra_door', async (trx) => {
    const row = await trx.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst();
    if (!row) return null;
    const { id, tenant_id: tenant, mode, principal, role, customer_id: customer } = row;
    return {
      ...{ id, tenant, mode, principal, role, customer },
      ...{ seenAt: row.seen_at, expiresAt: row.expires_at, endedAt: row.ended_at },
    };
  });

/** To the minute, as keys are. */
export const touchSession = (db: Db, hash: Buffer): Promise<void> =>
  inRole(db, 'hydra_door', async (trx) => {
    await trx
      .updateTable('sessions')
      .set({ seen_at: sql<Date>`clock_timestamp()` })
      .where('hash', '=', hash)
      .where('seen_at', '<', sql<Date>`clock_timestamp() - interval '1 minute'`)
      .execute();
  });

export async function endSession(trx: Trx, id: string, at: Date): Promise<void> {
  await trx.updateTable('sessions').set({ ended_at: at }).where('id', '=', id).where('ended_at', 'is', null).execute();
}
