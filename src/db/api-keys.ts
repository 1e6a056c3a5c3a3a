import { type Selectable, sql } from 'kysely';
import type { Mode, TenantId } from '../domain/ids.ts';
import type { Db } from './client.ts';
import type { ApiKeysTable } from './schema.ts';
import { inRole, type Scope, type Trx } from './tenant.ts';

export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
};
export type KnownKey = {
  id: string;
  tenant: TenantId;
  mode: Mode;
  hash: Buffer;
  scopes: string[];
  expiresAt: Date | null;
  revokedAt: Date | null;
};

/** Before anyone knows whose it is, so in the door's role. */
export const findKeyByPrefix = (db: Db, prefix: string): Promise<KnownKey | null> =>
  inRole(db, 'hydra_door', async (trx) => {
    const row = await trx
      .selectFrom('api_keys')
      .select(['id', 'tenant_id', 'mode', 'hash', 'scopes', 'expires_at', 'revoked_at'])
      .where('prefix', '=', prefix)
      .executeTakeFirst();
    if (!row) return null;
    const { id, tenant_id: tenant, mode, hash, scopes, expires_at: expiresAt, revoked_at: revokedAt } = row;
    return { id, tenant, mode, hash, scopes, expiresAt, revokedAt };
  });

/** To the minute: a write for every request would make the key's row the hottest of all. */
export const touchKey = (db: Db, prefix: string): Promise<void> =>
  inRole(db, 'hydra_door', async (trx) => {
    await trx
      .updateTable('api_keys')
      .set({ last_used_at: sql<Date>`clock_timestamp()` })
      .where('prefix', '=', prefix)
      .where((where) =>
        where.or([
          where('last_used_at', 'is', null),
          where('last_used_at', '<', sql<Date>`clock_timestamp() - interval '1 minute'`),
        ]),
      )
      .execute();
  });

export async function createKey(
  trx: Trx,
  { tenant, mode }: Scope,
  key: { id: string; name: string; prefix: string; hash: Buffer; scopes: string[]; expiresAt: Date | null; at: Date },
): Promise<ApiKey> {
  const row = await trx
    .insertInto('api_keys')
    .values({
      tenant_id: tenant,
      mode,
      id: key.id,
      name: key.name,
      prefix: key.prefix,
      hash: key.hash,
      scopes: key.scopes,
      expires_at: key.expiresAt,
      created_at: key.at,
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return keyOf(row);
}

export const listKeys = async (trx: Trx): Promise<ApiKey[]> =>
  (await trx.selectFrom('api_keys').select(COLUMNS).orderBy('created_at', 'desc').orderBy('id').execute()).map(keyOf);

/** A revoked key stays in the list, so that one can see that it was there. */
export async function revokeKey(trx: Trx, id: string, at: Date): Promise<ApiKey | null> {
  const row = await trx
    .updateTable('api_keys')
    .set((set) => ({ revoked_at: set.fn.coalesce('revoked_at', set.val(at)) }))
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row ? keyOf(row) : null;
}

const COLUMNS = ['id', 'name', 'prefix', 'scopes', 'expires_at', 'last_used_at', 'revoked_at', 'created_at'] as const;

const keyOf = (row: Pick<Selectable<ApiKeysTable>, (typeof COLUMNS)[number]>): ApiKey => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: row.scopes,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
  createdAt: row.created_at,
});
