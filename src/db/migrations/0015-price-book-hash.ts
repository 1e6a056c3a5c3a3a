import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { canonical } from '../../domain/canonical.ts';
import { type AnyDatabase, run } from './isolation.ts';

/**
 * A price book's hash is of its content, whatever the order of its fields. It was of the text as it came, which the
 * database doesn't keep: so it could not be verified, and the same catalog written otherwise was another one.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    'alter table price_books no force row level security; alter table price_books disable trigger refuse_published',
  );
  const { rows } = await sql<{ tenant_id: string; mode: string; id: string; document: unknown }>`
    select tenant_id, mode, id, document from price_books`.execute(db);
  for (const { tenant_id, mode, id, document } of rows) {
    const hash = createHash('sha256').update(canonical(document)).digest('hex');
    await sql`update price_books set content_hash = ${hash}
      where tenant_id = ${tenant_id} and mode = ${mode} and id = ${id}`.execute(db);
  }
  await run(
    db,
    'alter table price_books enable trigger refuse_published; alter table price_books force row level security',
  );
}
