/** What the migrations share. Like them it is never edited: a later need gets a function of its own. */
import { type Kysely, sql } from 'kysely';

export type AnyDatabase = Kysely<unknown>;

export const run = async (db: AnyDatabase, statements: string): Promise<void> => {
  await sql.raw(statements).execute(db);
};

type Grants = { app: string; door?: string; relay?: string };

/**
 * Row-level security from a table's first moment, for its owner too. The tenant and the mode are settings of the
 * transaction; where they are missing nothing is visible. The settings are read in a subselect: once per statement.
 */
export async function isolate(db: AnyDatabase, table: string, grants: Grants): Promise<void> {
  const own = `tenant_id = (select current_setting('hydra.tenant', true)) and mode = (select current_setting('hydra.mode', true))`;
  await run(
    db,
    `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy own on ${table} to hydra_app using (${own}) with check (${own});
    grant ${grants.app} on ${table} to hydra_app;
    create policy audit on ${table} for select to hydra_auditor using (true);
    grant select on ${table} to hydra_auditor;
    ${across(table, 'hydra_door', grants.door)}
    ${across(table, 'hydra_relay', grants.relay)}
    `,
  );
}

/** For the roles that work before or across tenants: every row, but only with the grants that they have. */
const across = (table: string, role: string, grants: string | undefined): string =>
  grants === undefined
    ? ''
    : `create policy ${role} on ${table} to ${role} using (true) with check (true); grant ${grants} on ${table} to ${role};`;

/** Rows that are never changed: not granted to anyone, and refused to the owner as well. */
export const appendOnly = (db: AnyDatabase, table: string): Promise<void> =>
  run(
    db,
    `
    create trigger refuse_change before update or delete on ${table} for each row execute function refuse_change();
    create trigger refuse_truncate before truncate on ${table} for each statement execute function refuse_change();
    `,
  );
