/** The product's own Postgres with its own schema, for one benchmark: it waits for the disk, as in production. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuard } from '../bootstrap/guard.mjs';
import { startPostgres } from '../bootstrap/postgres.mjs';
import { createDatabase, type Db } from '../src/db/client.ts';
import { migrateDatabase } from '../src/db/migrate.ts';
import { inTenant, type Scope } from '../src/db/tenant.ts';
import { createTenant } from '../src/db/tenants.ts';
import { onServer } from '../test/support/on-server.ts';

export const SCOPE: Scope = { tenant: 'ten_bench', mode: 'test' };
export const START = Date.UTC(2027, 0, 1, 12);

export type Server = { url: (database: string) => string };
export type Books = { db: Db; url: string; close: () => Promise<void> };

/** Whatever happens, nothing is left of it. */
export async function withPostgres<T>(work: (server: Server) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hydra-bench-'));
  const guard = startGuard();
  guard.removeAtEnd(folder);
  const postgres = await startPostgres({ dataDir: join(folder, 'pg'), durable: true, guard });
  try {
    return await work({ url: postgres.superuserUrl });
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
    guard.release();
  }
}

/** A migrated database with one tenant and its customers. */
export async function openBooks(server: Server, name: string, customers: number): Promise<Books> {
  await onServer(server.url('postgres'), `create database ${name}`);
  const url = server.url(name);
  await migrateDatabase(url);
  const db = createDatabase(url, { applicationName: 'bench', max: 8 });
  await createTenant(db, { id: SCOPE.tenant, name: 'Bench', timeZone: 'UTC', createdAt: new Date(START) });
  const ids = Array.from({ length: customers }, (_, i) => customerOf(i));
  await inTenant(db, SCOPE, (trx) =>
    trx
      .insertInto('customers')
      .values(
        ids.map((id) => ({
          ...{ tenant_id: SCOPE.tenant, mode: SCOPE.mode, id, data_key: 'v1.bench.AA', locale: 'en' },
          ...{ time_zone: 'UTC', currency: 'usd', created_at: new Date(START), updated_at: new Date(START) },
        })),
      )
      .execute(),
  );
  return { db, url, close: () => db.destroy() };
}

export const customerOf = (n: number): `cus_${string}` => `cus_${n}`;
