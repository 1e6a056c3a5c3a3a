import { sql } from 'kysely';
import { afterAll, beforeAll } from 'vitest';
import { createDatabase, type Db } from '../../src/db/client.ts';
import type { Scope, Trx } from '../../src/db/tenant.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { accessOf } from '../../src/domain/access.ts';
import type { Commit } from '../../src/domain/commit.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Command, Due, Fact } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import type { Instant } from '../../src/domain/time.ts';
import { input, must, START } from '../domain/builders.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

export const SCOPE: Scope = { tenant: 'ten_1', mode: 'test' };
export const OTHER: Scope = { tenant: 'ten_2', mode: 'test' };

/** A database of this file's own, with two tenants and one customer each. */
export function useDatabase(): { readonly db: Db; readonly url: string } {
  let database: TestDatabase;
  let db: Db;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = createDatabase(database.url, { applicationName: 'test', max: 8 });
    await seed(db);
  });
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });
  return {
    get db() {
      return db;
    },
    get url() {
      return database.url;
    },
  };
}

async function seed(db: Db): Promise<void> {
  const created_at = new Date(START);
  for (const scope of [SCOPE, OTHER]) {
    await db.insertInto('tenants').values({ id: scope.tenant, name: scope.tenant, created_at }).execute();
    await inTenant(db, scope, (trx) => addCustomer(trx, scope, 'cus_1'));
  }
}

/** As nobody but the ledger's own functions may: what only its triggers then refuse. */
export const asLedger = <T>(db: Db, scope: Scope, work: (trx: Trx) => Promise<T>): Promise<T> =>
  inTenant(db, scope, async (trx) => {
    await sql`set local role hydra_ledger`.execute(trx);
    return work(trx);
  });

export async function addCustomer(trx: Trx, { tenant: tenant_id, mode }: Scope, id: `cus_${string}`): Promise<void> {
  await trx
    .insertInto('customers')
    .values({
      tenant_id,
      mode,
      id,
      data_key: 'v1.test.AA',
      locale: 'en',
      time_zone: 'UTC',
      currency: 'usd',
      created_at: new Date(START),
      updated_at: new Date(START),
    })
    .execute();
}

export type Told = [Command | Fact | Due, Instant];

/** What the workflow would bring to be stored after these inputs. */
export function step(before: Subscription, ...told: Told[]): Commit {
  let after = before;
  const decisions: Commit['decisions'] = [];
  for (const [what, when] of told) {
    const given = input(what, when);
    const decision = must(decide(after, given));
    const { rule, state, effects } = decision;
    decisions.push({ input: given, rule, from: after.state, to: state.state, because: { told: what.type }, effects });
    after = state;
  }
  const at = told.at(-1)?.[1] ?? START;
  return follow({ ...after, version: before.version + 1 }, decisions, at);
}

export const follow = (subscription: Subscription, decisions: Commit['decisions'], at: Instant): Commit => ({
  subscription,
  decisions,
  taken: [],
  applied: [],
  ignored: [],
  shared: null,
  wanted: null,
  nextDueAt: nextDue(subscription)?.at ?? null,
  access: accessOf(subscription, at),
  at,
});

/** How many rows each table has, whoever's they are: two counts are equal where nothing was written. */
export async function rowCounts(db: Db): Promise<Record<string, number>> {
  const tables = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db);
  const counts: Record<string, number> = {};
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(name)}`.execute(db);
    counts[name] = rows[0]!.count;
  }
  return counts;
}

/** The same database, and how many transactions were begun on it. */
export function counting(db: Db): { db: Db; transactions: () => number } {
  let count = 0;
  const counted = new Proxy(db, {
    get: (target, name) => {
      if (name === 'transaction') count++;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { db: counted, transactions: () => count };
}
