/**
 * What the ledger's age costs: two sets of books beside each other, one with 10,000 entries and one with a million. A
 * balance is read, and a customer's postings are made, as the product does it.
 */
import { sql } from 'kysely';
import pg from 'pg';
import { listAccounts } from '../src/db/books.ts';
import { post } from '../src/db/ledger.ts';
import { inTenant } from '../src/db/tenant.ts';
import { verifyLedger } from '../src/db/verify-ledger.ts';
import { verifyNewEntries } from '../src/db/verify-new-entries.ts';
import type { KeyedPosting } from '../src/domain/ledger.ts';
import { type Benchmark, interleaved, type Log, median, type Result, range, ratios, timed } from './bench.ts';
import { type Books, customerOf, openBooks, SCOPE, START, withPostgres } from './postgres.ts';

const YOUNG = 10_000;
const OLD = 1_000_000;
const CUSTOMERS = 1_000;
const BATCH = 2_000;
const READS = 200;
const POSTS = 40;
const GROWTH = 1.3;
const NEWS = 1_000;

export const ledgerGrowth: Benchmark = {
  name: 'ledger.growth',
  run: (log) =>
    withPostgres(async (server) => {
      const young = await openBooks(server, 'young', 1);
      const old = await openBooks(server, 'old', 1);
      const client = new pg.Client({ connectionString: old.url });
      await client.connect();
      try {
        await fill(young, YOUNG);
        log(`${OLD} entries in ${Math.round((await timed(() => fill(old, OLD))) / 1_000)} s`);
        for (const { db } of [young, old]) await sql`vacuum analyze`.execute(db);
        const reads = await reading(young, old, client);
        const posts = await posting(young, old);
        const verified = await verifying(young, old, log);
        const correct = reads.correct && posts.correct && verified.correct;
        return [reads, posts, verified].map((result) => ({ ...result, correct }));
      } finally {
        await client.end();
        await young.close();
        await old.close();
      }
    }),
};

const paymentOf = (key: string, customer: number): KeyedPosting => ({
  ...{ key, kind: 'payment_received', at: START, currency: 'usd', subscription: null },
  transfers: [
    { from: { code: 'receivable', owner: customerOf(customer) }, to: { code: 'cash', owner: null }, amount: 100 },
  ],
});

async function fill({ db }: Books, entries: number): Promise<void> {
  for (let from = 0; from < entries / 2; from += BATCH) {
    const count = Math.min(BATCH, entries / 2 - from);
    const batch = Array.from({ length: count }, (_, i) => paymentOf(`fill/${from + i}`, (from + i) % CUSTOMERS));
    await inTenant(db, SCOPE, (trx) => post(trx, batch));
  }
}

/** The hot account's balance: the one with the most entries. */
async function cashOf({ db }: Books): Promise<{ id: number; amount: number }> {
  const { rows } = await inTenant(db, SCOPE, (trx) => listAccounts(trx, { code: 'cash' }, { limit: 1, after: null }));
  return rows[0]!;
}

async function reading(young: Books, old: Books, client: pg.Client): Promise<Result> {
  const { id, amount } = await cashOf(old);
  const read = (books: Books) => () => perCall(READS, () => cashOf(books));
  const asked = (name: string, text: string, calls: number) => () =>
    perCall(calls, () => client.query({ name, text, values: [id] }));
  const seen = await interleaved({
    ours: read(old),
    young: read(young),
    ceiling: asked('key', 'select amount from ledger_balances where account_id = $1', READS),
    peer: asked('sum', 'select sum(amount) as amount from ledger_entries where account_id = $1', 2),
  });
  const { rows } = await client.query('select sum(amount)::int as amount from ledger_entries where account_id = $1', [
    id,
  ]);
  const growth = ratios(seen.ours, seen.young);
  return {
    name: 'ledger.growth.read',
    unit: 'ms a balance',
    ...{ ours: median(seen.ours), peer: median(seen.peer), ceiling: median(seen.ceiling) },
    ratioToPeer: median(ratios(seen.peer, seen.ours)),
    ratioToCeiling: median(ratios(seen.ceiling, seen.ours)),
    spread: range(growth),
    aim: `at a million entries ≤ ${GROWTH} × its time at 10,000 (the peer sums the entries, the ceiling reads one key)`,
    met: median(growth) <= GROWTH,
    correct: rows[0].amount === amount && amount === (OLD / 2) * 100,
  };
}

async function posting(young: Books, old: Books): Promise<Result> {
  let made = 0;
  let posted = 0;
  const each = (books: Books) => () =>
    perCall(POSTS, async () => {
      const n = made++;
      const [answer] = await inTenant(books.db, SCOPE, (trx) => post(trx, [paymentOf(`more/${n}`, n % CUSTOMERS)]));
      if (answer === 'posted') posted++;
    });
  const seen = await interleaved({ ours: each(old), young: each(young) });
  const growth = ratios(seen.ours, seen.young);
  return {
    name: 'ledger.growth.post',
    unit: 'ms a posting of its own',
    ...{ ours: median(seen.ours), peer: null, ceiling: median(seen.young), ratioToPeer: null },
    ratioToCeiling: median(ratios(seen.young, seen.ours)),
    spread: range(growth),
    aim: `at a million entries ≤ ${GROWTH} × its time at 10,000 (the ceiling)`,
    met: median(growth) <= GROWTH,
    correct: posted === made,
  };
}

/** What was posted since the last time, in old books and in young ones; and, to say how much that spares, everything. */
async function verifying(young: Books, old: Books, log: Log): Promise<Result> {
  let [wrong, made] = [0, 0];
  const verify = (books: Books) => async () => {
    const news = Array.from({ length: NEWS }, () => paymentOf(`news/${made}`, made++ % CUSTOMERS));
    await inTenant(books.db, SCOPE, (trx) => post(trx, news));
    return timed(async () => {
      const { transactions, differences, remembered } = await verifyNewEntries(books.db);
      if (transactions !== NEWS || differences.length > 0 || !remembered) wrong++;
    });
  };
  for (const { db } of [young, old]) await verifyNewEntries(db); // all of it, for once
  const seen = await interleaved({ ours: verify(old), young: verify(young) });
  const growth = ratios(seen.ours, seen.young);
  const everything = await timed(async () => {
    wrong += (await verifyLedger(old.db)).differences.length;
  });
  log(`everything is verified in ${Math.round(everything)} ms`);
  return {
    name: 'ledger.growth.verify',
    unit: `ms for ${NEWS} new postings`,
    ...{ ours: median(seen.ours), peer: everything, ceiling: median(seen.young) },
    ratioToPeer: median(seen.ours.map((each) => everything / each)),
    ratioToCeiling: median(ratios(seen.young, seen.ours)),
    spread: range(growth),
    aim: `at a million entries ≤ ${GROWTH} × its time at 10,000 (the ceiling; the peer verifies everything)`,
    met: median(growth) <= GROWTH,
    correct: wrong === 0,
  };
}

async function perCall(calls: number, work: () => Promise<unknown>): Promise<number> {
  const took = await timed(async () => {
    for (let call = 0; call < calls; call++) await work();
  });
  return took / calls;
}
