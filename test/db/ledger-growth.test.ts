/**
 * Posting reads as many rows as it writes, however large the books are and whatever the planner believes of them: plans
 * were made when the tables were new and small, and no statistics have been taken since.
 */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type Db } from '../../src/db/client.ts';
import { post } from '../../src/db/ledger.ts';
import { inTenant, type Trx } from '../../src/db/tenant.ts';
import type { KeyedPosting } from '../../src/domain/ledger.ts';
import { START } from '../domain/builders.ts';
import { SCOPE, useDatabase } from './support.ts';

const LEDGER = ['ledger_accounts', 'ledger_transactions', 'ledger_entries', 'ledger_balances'];
const BATCH = 500;
let made = 0;

/** Two accounts each, mostly of customers seen before. */
const postings = (count: number): KeyedPosting[] =>
  Array.from({ length: count }, () => {
    const n = made++;
    return {
      ...{ key: `p/${n}`, kind: 'payment_received', at: START, currency: 'usd', subscription: null },
      transfers: [
        {
          from: { code: 'receivable', owner: `cus_${n % 4_000}` },
          to: { code: 'unapplied_cash', owner: `cus_${(n * 7) % 4_000}` },
          amount: 1 + (n % 97),
        },
      ],
    };
  });

type Reads = { table: string; scanned: number; fetched: number };

/** What this connection has read, and not yet told the others. */
const counted = async (trx: Trx): Promise<Reads[]> => {
  const { rows } = await sql<Reads>`
    select relname as table, seq_tup_read as scanned, coalesce(idx_tup_fetch, 0) as fetched
    from pg_stat_xact_user_tables where relname = any(${LEDGER}::text[]) order by relname`.execute(trx);
  return rows;
};

/** What one batch makes the database read, by table. */
const readsOf = (db: Db, count: number): Promise<Reads[]> =>
  inTenant(db, SCOPE, async (trx) => {
    const before = await counted(trx);
    expect(await post(trx, postings(count))).toEqual(Array(count).fill('posted'));
    return (await counted(trx)).map(({ table, scanned, fetched }, i) => ({
      table,
      scanned: scanned - before[i]!.scanned,
      fetched: fetched - before[i]!.fetched,
    }));
  });

const connect = async (url: string, mode: string): Promise<Db> => {
  const db = createDatabase(`${url}?options=-c%20plan_cache_mode%3D${mode}`, {
    applicationName: 'test',
    max: 1,
  });
  const { rows } = await sql<{ plan_cache_mode: string }>`show plan_cache_mode`.execute(db);
  expect(rows[0]?.plan_cache_mode).toBe(mode);
  return db;
};

const MODES = ['force_custom_plan', 'force_generic_plan'];

describe.each(
  MODES.flatMap((mode) => [
    { mode, known: 'nothing' },
    { mode, known: 'small tables' },
  ]),
)('with $mode, where statistics know of $known', ({ mode, known }) => {
  const database = useDatabase();
  /** Its plans are as old as the books. */
  let early: Db;
  /** Its plans are made now, by the statistics of then. */
  let late: Db;

  beforeAll(async () => {
    early = await connect(database.url, mode);
    for (let i = 0; i < 7; i++) await readsOf(early, 1);
    if (known === 'small tables') {
      for (const table of LEDGER) await sql`analyze ${sql.table(table)}`.execute(database.db);
    }
    for (let i = 0; i < 7; i++) await readsOf(early, 1);
    for (let i = 0; i < 4; i++) await readsOf(early, BATCH);
    late = await connect(database.url, mode);
  });
  afterAll(async () => {
    await early.destroy();
    await late.destroy();
  });

  it.each([1, 10, BATCH])('a batch of %i reads by index, and no more than its own', async (count) => {
    for (const db of [early, late]) {
      await readsOf(db, count);
      for (const { table, scanned, fetched } of await readsOf(db, count)) {
        expect(scanned, `${table}: rows read by scanning`).toBe(0);
        // Each account is looked up to post and to check, perhaps again as a new one, and its balance is written.
        expect(fetched, `${table}: rows read by index`).toBeLessThanOrEqual(8 * count);
      }
    }
  });
});
