/**
 * Postings of two legs, as whoever posts in bulk brings them: through the product's poster, in batches over two
 * connections, each once by its key, folded into balances, checked by the database. `ledger.post` spreads them over 10,000
 * accounts, in `ledger.hot` one leg is always the same account. The database is new: nobody has taken statistics.
 */
import pg from 'pg';
import { bulkPoster } from '../src/db/post-in-bulk.ts';
import { verifyLedger } from '../src/db/verify-ledger.ts';
import type { KeyedPosting } from '../src/domain/ledger.ts';
import { type Benchmark, interleaved, median, type Result, range, rate, ratios } from './bench.ts';
import { openPgledger, PGLEDGER_PUBLISHED } from './pgledger.ts';
import { customerOf, openBooks, SCOPE, START, withPostgres } from './postgres.ts';

const ACCOUNTS = 10_000;
const BATCH = 500;
const CONNECTIONS = 2;
const BATCHES = 10;
const A_ROUND = BATCH * BATCHES;
/** A peer that posts one by one is measured on fewer: it is the rate that is compared. */
const PEER_ROUND = 500;

type Transfer = { from: number; to: number; amount: number };
type Pick = (n: number) => Transfer;

export const ledgerPost: Benchmark = {
  name: 'ledger.post',
  run: (log) => {
    const pick: Pick = (n) => ({ from: scatter(n), to: scatter(n + 0.5), amount: 1 + (n % 997) });
    return measure('ledger.post', pick, 12, log);
  },
};

export const ledgerHot: Benchmark = {
  name: 'ledger.hot',
  run: (log) => measure('ledger.hot', (n) => ({ from: scatter(n), to: HOT, amount: 1 + (n % 997) }), 30, log),
};

const HOT = -1;

/** The same numbers in every run, without a pattern that a cache could like. */
function scatter(n: number): number {
  const x = Math.sin(n * 12.9898) * 43_758.5453;
  return Math.floor((x - Math.floor(x)) * ACCOUNTS);
}

const postingOf = (key: string, { from, to, amount }: Transfer): KeyedPosting => ({
  ...{ key, kind: 'payment_received', at: START, currency: 'usd', subscription: null },
  transfers: [
    {
      from: { code: 'receivable', owner: customerOf(from) },
      to: to === HOT ? { code: 'cash', owner: null } : { code: 'unapplied_cash', owner: customerOf(to) },
      amount,
    },
  ],
});

async function measure(name: string, pick: Pick, timesPeer: number, log: (line: string) => void): Promise<Result[]> {
  return withPostgres(async (server) => {
    const books = await openBooks(server, 'ours', 1);
    const ceiling = await openCeiling(books.url);
    const peer = process.env.PGLEDGER_SQL
      ? await openPgledger(server, process.env.PGLEDGER_SQL, { accounts: ACCOUNTS, connections: CONNECTIONS })
      : null;
    if (!peer) log(PGLEDGER_PUBLISHED);
    const postInBulk = bulkPoster(books.db);
    const countPosted = async (postings: readonly KeyedPosting[]) =>
      (await postInBulk(SCOPE, postings)).filter((answer) => answer === 'posted').length;
    try {
      const opened = await countPosted(
        Array.from({ length: ACCOUNTS }, (_, n) => postingOf(`open/${n}`, { from: n, to: n, amount: 1 })),
      );
      let posted = 0;
      const seen = await interleaved({
        ours: (round) => {
          const postings = Array.from({ length: A_ROUND }, (_, i) =>
            postingOf(`${name}/${round}/${i}`, pick(round * A_ROUND + i)),
          );
          return rate(A_ROUND, async () => {
            posted += await countPosted(postings);
          });
        },
        ceiling: (round) =>
          ceiling.insert(
            Array.from({ length: A_ROUND }, (_, i) => pick(round * A_ROUND + i)),
            round,
          ),
        peer:
          peer &&
          ((round) =>
            rate(PEER_ROUND, () =>
              peer.transfer(Array.from({ length: PEER_ROUND }, (_, i) => pick(round * A_ROUND + i))),
            )),
      });
      const toCeiling = ratios(seen.ours, seen.ceiling);
      const toPeer = peer && ratios(seen.ours, seen.peer);
      const { transactions, differences } = await verifyLedger(books.db);
      log(`${transactions} transactions, ${differences.length} differences`);
      return [
        {
          name,
          unit: 'postings/s',
          ours: median(seen.ours),
          peer: peer && median(seen.peer),
          ceiling: median(seen.ceiling),
          ratioToPeer: toPeer && median(toPeer),
          ratioToCeiling: median(toCeiling),
          spread: range(toCeiling),
          aim: `≥ 0.75 of the ceiling, ≥ ${timesPeer} × pgledger${peer ? '' : ' (not given, not measured)'}`,
          met: median(toCeiling) >= 0.75 && (!toPeer || median(toPeer) >= timesPeer),
          correct:
            differences.length === 0 &&
            posted > 0 &&
            posted % A_ROUND === 0 &&
            transactions === posted + opened &&
            (await ceiling.isWhole()) &&
            (peer === null || (await peer.isBalanced())),
        },
      ];
    } finally {
      await ceiling.close();
      await peer?.close();
      await books.close();
    }
  });
}

/** Each connection takes the next batch when it is done with its last. */
async function inBatches<T>(rows: readonly T[], work: (batch: readonly T[], connection: number) => Promise<void>) {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      while (next < rows.length) {
        const batch = rows.slice(next, next + BATCH);
        next += BATCH;
        await work(batch, connection);
      }
    }),
  );
}

/**
 * The same rows, balances among them, in tables with the same columns and indexes: but without keys to look up, accounts
 * to find, rules to check, tenants to keep apart, or a transaction around more than one statement.
 */
async function openCeiling(url: string) {
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  await clients[0]!.query(`
    create table ceiling_transactions (like ledger_transactions including defaults including indexes);
    create table ceiling_entries (like ledger_entries including defaults including indexes including identity);
    create table ceiling_balances (like ledger_balances including defaults including indexes)`);
  const statement = `
    with taken as (
      insert into ceiling_transactions (id, tenant_id, mode, key, kind, at, entry_count)
      select id, '${SCOPE.tenant}', '${SCOPE.mode}', key, 'payment_received', now(), 2
      from unnest($1::bigint[], $2::text[]) as taken (id, key)
    ), folded as (
      insert into ceiling_balances as balance (account_id, tenant_id, mode, account_code, account_owner, currency, amount)
      select account_id, '${SCOPE.tenant}', '${SCOPE.mode}', 'cash', '', 'usd', sum(amount)
      from unnest($4::bigint[], $5::numeric[]) as leg (account_id, amount) group by account_id order by account_id
      on conflict (account_id) do update set amount = balance.amount + excluded.amount
    )
    insert into ceiling_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
    select '${SCOPE.tenant}', '${SCOPE.mode}', transaction_id, account_id, 'usd', amount
    from unnest($3::bigint[], $4::bigint[], $5::numeric[]) as leg (transaction_id, account_id, amount)`;
  let written = 0;
  return {
    insert: (transfers: readonly Transfer[], round: number) => {
      const rows = transfers.map((transfer, i) => ({
        ...transfer,
        id: (round + 1) * 1_000_000 + i,
        key: `${round}/${i}`,
      }));
      return rate(rows.length, () =>
        inBatches(rows, async (batch, connection) => {
          const values = [
            batch.map(({ id }) => id),
            batch.map(({ key }) => key),
            batch.flatMap(({ id }) => [id, id]),
            batch.flatMap(({ from, to }) => [2 * from, 2 * to + 1]), // -1 is the hot one
            batch.flatMap(({ amount }) => [-amount, amount]),
          ];
          await clients[connection]!.query({ name: 'ceiling', text: statement, values });
          written += batch.length;
        }),
      );
    },
    isWhole: async () => {
      const { rows } = await clients[0]!.query(
        `select (select count(*)::int from ceiling_entries) as count, (select sum(amount)::int from ceiling_entries) as sum,
          (select sum(amount)::int from ceiling_balances) as balances`,
      );
      return rows[0].count === written * 2 && rows[0].sum === 0 && rows[0].balances === 0;
    },
    close: () => Promise.all(clients.map((client) => client.end())),
  };
}
