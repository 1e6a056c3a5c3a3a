/** The seller's profile. A change is a new version; the older ones stay for the invoices that name them. */
import { sql } from 'kysely';
import type { Seller } from '../domain/parties.ts';
import type { Instant } from '../domain/time.ts';
import type { Scope, Trx } from './tenant.ts';

export type SellerVersion = { version: number; seller: Seller; createdAt: Instant };

/** The one that holds, or the one that an invoice names. */
export async function readSeller(trx: Trx, version?: number): Promise<SellerVersion | null> {
  let query = trx.selectFrom('seller_profiles').select(['version', 'document', 'created_at']);
  if (version !== undefined) query = query.where('version', '=', version);
  const row = await query.orderBy('version', 'desc').limit(1).executeTakeFirst();
  return row ? { version: row.version, seller: row.document, createdAt: row.created_at.getTime() } : null;
}

/** Those who write at once wait for each other, so that each gets a version of its own. */
export async function writeSeller(
  trx: Trx,
  { tenant, mode }: Scope,
  seller: Seller,
  at: Instant,
): Promise<SellerVersion> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`seller/${tenant}/${mode}`}, 0))`.execute(trx);
  const version = ((await readSeller(trx))?.version ?? 0) + 1;
  await trx
    .insertInto('seller_profiles')
    .values({ tenant_id: tenant, mode, version, document: JSON.stringify(seller), created_at: new Date(at) })
    .execute();
  return { version, seller, createdAt: at };
}
