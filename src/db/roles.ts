/**
 * Nobody works as the owner of the tables: each transaction takes the role that it needs and no more. Roles belong to
 * the whole cluster, so they are made apart from the migrations, which belong to one database.
 *
 * - hydra_app sees one tenant in one mode; it cannot change what is append-only.
 * - hydra_door takes webhooks in and looks up keys, before anyone knows whose they are.
 * - hydra_relay carries the inbox on, for all tenants.
 * - hydra_outbox empties the outbox, and reads what is announced, for all tenants.
 * - hydra_sealer seals the rows of the audit log, and changes nothing else of them.
 * - hydra_auditor reads everything and writes nothing but how far it has verified the books.
 * - hydra_ledger writes the ledger. Nobody takes it: its functions are called, which post as it.
 */
import { type Kysely, sql } from 'kysely';

const ROLES = [
  'hydra_app',
  'hydra_door',
  'hydra_relay',
  'hydra_outbox',
  'hydra_sealer',
  'hydra_auditor',
  'hydra_ledger',
] as const;
export type Role = Exclude<(typeof ROLES)[number], 'hydra_ledger'>;

/** May be called again, and by several databases of one cluster at once. */
export async function ensureRoles(db: Kysely<unknown>): Promise<void> {
  for (const role of ROLES) {
    await sql
      .raw(`
        do $$ begin
          if not exists (select from pg_roles where rolname = '${role}') then
            create role ${role} nologin;
          end if;
        exception when duplicate_object or unique_violation then null; -- another database was first
        end $$`)
      .execute(db);
    await sql.raw(grantToOwner(role)).execute(db);
  }
}

/**
 * The owner may become the role, and has nothing from it unless it does: inherited, the policies of all roles together
 * would be the owner's. A superuser needs no grant.
 */
const grantToOwner = (role: (typeof ROLES)[number]): string => `
  do $$ begin
    if (select rolsuper from pg_roles where rolname = current_user) then return; end if;
    if current_setting('server_version_num')::int < 160000 then
      raise exception 'PostgreSQL 16 or later is needed where the owner of the tables is no superuser';
    end if;
    if pg_has_role(current_user, '${role}', 'SET') then return; end if;
    execute format('grant ${role} to %I with inherit false, set true', current_user);
  exception when unique_violation then null; -- granted meanwhile
  end $$`;
