import { type Kysely, Migrator } from 'kysely';
import { createDatabase } from './client.ts';
import { migrations } from './migrations/index.ts';
import { ensureRoles } from './roles.ts';

/** Brings the database to the newest schema. Safe twice and at once: the migrator waits on an advisory lock. */
export async function migrateDatabase(url: string): Promise<void> {
  const db = createDatabase(url, { applicationName: 'hydra-migrate', max: 2 });
  try {
    await ensureRoles(db as Kysely<unknown>);
    const provider = { getMigrations: async () => migrations };
    // Two that were written side by side may arrive in either order: neither looks at the other.
    const migrator = new Migrator({ db, provider, allowUnorderedMigrations: true });
    const { error } = await migrator.migrateToLatest();
    if (error) throw error;
  } finally {
    await db.destroy();
  }
}
