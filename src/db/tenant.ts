import { sql, type Transaction } from 'kysely';
import type { Mode, TenantId } from '../domain/ids.ts';
import { requestAtHand } from '../request-at-hand.ts';
import type { Db } from './client.ts';
import type { Role } from './roles.ts';
import type { Database } from './schema.ts';

export type Scope = { tenant: TenantId; mode: Mode };
export type Trx = Transaction<Database>;

/** The only way to a tenant's rows: in this transaction no others exist. */
export const inTenant = <T>(db: Db, scope: Scope, work: (trx: Trx) => Promise<T>): Promise<T> =>
  begun(db, async (trx) => {
    await enter(trx, scope);
    return work(trx);
  });

/** One step of who works across tenants, inside of one: by its rules, and with no row of another. */
export async function within<T>(trx: Trx, role: CrossTenantRole, scope: Scope, work: () => Promise<T>): Promise<T> {
  await enter(trx, scope);
  const done = await work();
  await takeRole(trx, role);
  return done;
}

async function enter(trx: Trx, { tenant, mode }: Scope): Promise<void> {
  await sql`/* in_tenant */ select set_config('role', 'hydra_app', true),
    set_config('hydra.tenant', ${tenant}, true), set_config('hydra.mode', ${mode}, true),
    set_config('hydra.request', ${requestAtHand() ?? ''}, true)`.execute(trx);
}

/** For the door, the relay and the auditor, who work before or across tenants, each with its own few grants. */
export const inRole = <T>(db: Db, role: CrossTenantRole, work: (trx: Trx) => Promise<T>): Promise<T> =>
  begun(db, async (trx) => {
    await takeRole(trx, role);
    return work(trx);
  });

const TRIES = 4;
/** Of two that wait for each other Postgres ends one; and a month was closed between a look at it and a posting to it. */
const GO_AGAIN = ['40P01', 'LC001'];

/** Whoever was ended so has done nothing: it simply goes again. */
async function begun<T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      const again = error instanceof Error && 'code' in error && GO_AGAIN.includes(String(error.code));
      if (!again || tries === TRIES) throw error;
    }
  }
}

export type CrossTenantRole = Exclude<Role, 'hydra_app'>;

export async function takeRole(trx: Trx, role: CrossTenantRole): Promise<void> {
  await sql`/* take_role */ select set_config('role', ${role}, true)`.execute(trx);
}
