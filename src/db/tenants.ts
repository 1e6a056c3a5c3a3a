import type { Selectable } from 'kysely';
import type { TenantId } from '../domain/ids.ts';
import type { TimeZone } from '../domain/time.ts';
import type { Db } from './client.ts';
import type { TenantsTable } from './schema.ts';
import { inTenant, type Scope, type Trx } from './tenant.ts';

export type Tenant = { id: TenantId; name: string; timeZone: TimeZone; createdAt: Date };

/** Above all tenants, so as the owner of the table. Told twice, the first stands. */
export async function createTenant(db: Db, { id, name, timeZone, createdAt }: Tenant): Promise<Tenant> {
  await db
    .insertInto('tenants')
    .values({ id, name, time_zone: timeZone, created_at: createdAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  return tenantOf(row);
}

const tenantOf = ({ id, name, time_zone, created_at }: Selectable<TenantsTable>): Tenant => ({
  ...{ id, name, timeZone: time_zone, createdAt: created_at },
});

export const readTenant = (db: Db, scope: Scope): Promise<Tenant | null> =>
  inTenant(db, scope, async (trx) => {
    const row = await trx.selectFrom('tenants').selectAll().where('id', '=', scope.tenant).executeTakeFirst();
    return row ? tenantOf(row) : null;
  });

export const tenantExists = async (trx: Trx, id: TenantId): Promise<boolean> =>
  (await trx.selectFrom('tenants').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
