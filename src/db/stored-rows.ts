/** Every row of every table that there is, as text, for who has to look at all of it. Discovered, so that none is forgotten. */
import { sql } from 'kysely';
import type { Db } from './client.ts';
import type { Trx } from './tenant.ts';

export type Column = { name: string; type: string };
export type Table = { name: string; columns: readonly Column[]; key: readonly string[] };
export type StoredRow = { [column: string]: string | null };

const ROWS_AT_ONCE = 200;

/** Who sees all tenants, then who sees one. */
const ACROSS = ['hydra_auditor', 'hydra_relay', 'hydra_door'] as const;

/** In the name of whom the rows of a table are read; null where nobody may read them. */
type Reader = { role: string | null; tenant?: string; mode?: string };

export async function tablesOf(db: Db): Promise<Table[]> {
  const { rows } = await sql<{ name: string; columns: Column[]; key: string[] | null }>`
    select t.table_name as name,
      (select json_agg(json_build_object('name', c.column_name, 'type', c.data_type) order by c.ordinal_position)
        from information_schema.columns as c where c.table_schema = t.table_schema and c.table_name = t.table_name) as columns,
      (select json_agg(a.attname order by a.attnum) from pg_index as i
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        where i.indisprimary and i.indrelid = format('%I.%I', t.table_schema, t.table_name)::regclass) as key
    from information_schema.tables as t
    where t.table_schema = current_schema() and t.table_type = 'BASE TABLE' order by 1`.execute(db);
  return rows.map(({ key, ...table }) => ({ ...table, key: key ?? [] }));
}

/** Streamed by a cursor: however many rows there are, no more than some are in memory. */
export async function forEachRow(
  db: Db,
  table: Table,
  take: (row: StoredRow, trx: Trx) => Promise<void>,
): Promise<{ read: boolean }> {
  const readers = await readersOf(db, table);
  for (const reader of readers) await readAs(db, reader, table, take);
  return { read: readers.length > 0 };
}

async function readersOf(db: Db, { name, columns }: Table): Promise<Reader[]> {
  const { rows: who } = await sql<{ free: boolean }>`
    select rolsuper or rolbypassrls or (not c.relrowsecurity and has_table_privilege(c.oid, 'select')) as free
    from pg_roles, pg_class as c where rolname = current_user and c.oid = ${name}::regclass`.execute(db);
  if (who[0]?.free) return [{ role: null }];
  const { rows } = await sql<{ role: string; across: boolean; within: boolean }>`
    select role, has_table_privilege(role, ${name}, 'select') and (not c.relrowsecurity or exists (
        select from pg_policies as p where p.tablename = ${name} and p.cmd in ('ALL', 'SELECT') and role = any(p.roles)
      )) as across, has_table_privilege('hydra_app', ${name}, 'select') as within
    from unnest(${[...ACROSS]}::text[]) as role, pg_class as c where c.oid = ${name}::regclass`.execute(db);
  const across = rows.find((row) => row.across);
  if (across) return [{ role: across.role }];
  if (!rows.some((row) => row.within) || !columns.some((column) => column.name === 'tenant_id')) return [];
  const { rows: tenants } = await db.transaction().execute(async (trx) => {
    await sql`select set_config('role', 'hydra_auditor', true)`.execute(trx);
    return sql<{ id: string }>`select id from tenants`.execute(trx);
  });
  return tenants.flatMap(({ id }) => ['test', 'live'].map((mode) => ({ role: 'hydra_app', tenant: id, mode })));
}

const readAs = (
  db: Db,
  { role, tenant, mode }: Reader,
  table: Table,
  take: (row: StoredRow, trx: Trx) => Promise<void>,
) =>
  db.transaction().execute(async (trx) => {
    await sql`select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`.execute(
      trx,
    );
    if (role) await sql`select set_config('role', ${role}, true)`.execute(trx);
    if (tenant && mode) {
      await sql`select set_config('hydra.tenant', ${tenant}, true), set_config('hydra.mode', ${mode}, true)`.execute(
        trx,
      );
    }
    const columns = table.columns.map(({ name }) => sql`${sql.ref(name)}::text as ${sql.id(name)}`);
    await sql`declare stored_rows no scroll cursor for select ${sql.join(columns)} from ${sql.table(table.name)}`.execute(
      trx,
    );
    for (;;) {
      const { rows } = await sql<StoredRow>`${sql.raw(`fetch ${ROWS_AT_ONCE} from stored_rows`)}`.execute(trx);
      for (const row of rows) await take(row, trx);
      if (rows.length < ROWS_AT_ONCE) return;
    }
  });
