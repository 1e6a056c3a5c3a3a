/**
 * Verifies what was posted since the last time, and remembers up to where the books were found right, with each account's
 * sum until then. So it takes as long as there is news, not as the books are old. Entries that were changed after they
 * were verified are for `verifyLedger` to find.
 *
 * Ids are given before their transactions end, so there may be lower ones still to come. The mark is put only where all
 * that had begun to write has ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Db } from './client.ts';
import { type Trx, takeRole } from './tenant.ts';
import type { LedgerDifference, LedgerReport } from './verify-ledger.ts';

type Mark = { entry: number; transaction: number };

export type NewEntriesReport = LedgerReport & {
  /** Null where these were the first. */
  since: Date | null;
  /** False where something was wrong, or someone was writing all the time: then the next time begins where this did. */
  remembered: boolean;
};

const WRITERS_END_WITHIN_MS = 10_000;

export const verifyNewEntries = (db: Db, { patienceMs = WRITERS_END_WITHIN_MS } = {}): Promise<NewEntriesReport> =>
  db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${LOCK})`.execute(connection);
    try {
      const last = await settledMark(connection, patienceMs);
      return await connection
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute((trx) => verifyUpTo(trx, last));
    } finally {
      await sql`select pg_advisory_unlock(${LOCK})`.execute(connection);
    }
  });

const LOCK = sql`hashtextextended('ledger verification', 0)`;

/** The last ids that were given, once nobody is left who could have been given one of them and has not ended. */
async function settledMark(connection: Db, patienceMs: number): Promise<Mark | null> {
  const { rows } = await sql<Mark>`
    select coalesce(pg_sequence_last_value('ledger_entries_id_seq'), 0) as entry,
      coalesce(pg_sequence_last_value('ledger_transactions_id_seq'), 0) as transaction`.execute(connection);
  const writers = await writersNow(connection);
  const giveUpAt = performance.now() + patienceMs;
  for (let left = writers; left.size > 0; ) {
    if (performance.now() > giveUpAt) return null;
    await sleep(20);
    const now = await writersNow(connection);
    left = new Set([...left].filter((writer) => now.has(writer)));
  }
  return rows[0]!;
}

/** Whoever writes holds this lock from before it is given an id until its transaction has ended. */
async function writersNow(connection: Db): Promise<Set<string>> {
  const { rows } = await sql<{ writer: string }>`
    select distinct virtualtransaction as writer from pg_locks
    where relation in ('ledger_entries'::regclass, 'ledger_transactions'::regclass) and mode = 'RowExclusiveLock'
      and granted and database = (select oid from pg_database where datname = current_database())`.execute(connection);
  return new Set(rows.map(({ writer }) => writer));
}

async function verifyUpTo(trx: Trx, last: Mark | null): Promise<NewEntriesReport> {
  await takeRole(trx, 'hydra_auditor');
  // As long as it takes, and by the ids of what is new alone, whatever the planner believes of the tables.
  await sql`select set_config('statement_timeout', '0', true), set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`.execute(trx);
  const { rows } = await sql<Mark & { verified_at: Date }>`
    select through_entry as entry, through_transaction as transaction, verified_at from ledger_verifications
    order by id desc limit 1`.execute(trx);
  const since = rows[0] ?? { entry: 0, transaction: 0, verified_at: null };
  const differences = [
    ...(await badTransactions(trx, since)),
    ...(await orphanedEntries(trx, since)),
    ...(await balancesThatDiffer(trx, since)),
  ];
  const remembered = last !== null && differences.length === 0;
  const counted = await counts(trx, since);
  if (remembered && (last.entry > since.entry || last.transaction > since.transaction))
    await remember(trx, since, last);
  return { ...counted, differences, since: since.verified_at, remembered };
}

async function counts(trx: Trx, since: Mark): Promise<Pick<LedgerReport, 'accounts' | 'transactions' | 'entries'>> {
  const { rows } = await sql<Pick<LedgerReport, 'accounts' | 'transactions' | 'entries'>>`
    select count(distinct account_id) as accounts, count(*) as entries,
      (select count(*) from ledger_transactions where id > ${since.transaction}::bigint) as transactions
    from ledger_entries where id > ${since.entry}::bigint`.execute(trx);
  return rows[0]!;
}

/** New transactions, and older ones to which something was added, each with all its entries. */
async function badTransactions(trx: Trx, since: Mark): Promise<LedgerDifference[]> {
  const { rows } = await sql<{ id: number; expected: number; found: number; off: Record<string, number> | null }>`
    with touched as (
      select id from ledger_transactions where id > ${since.transaction}::bigint
      union
      select transaction_id from ledger_entries where id > ${since.entry}::bigint
    )
    select touched.id, transaction.entry_count as expected, coalesce(entries.found, 0) as found, entries.off
    from touched
    cross join lateral (select entry_count from ledger_transactions where id = touched.id limit 1) as transaction
    left join lateral (
      select sum(count) as found, json_object_agg(currency, sum) filter (where sum <> 0) as off
      from (
        select currency, sum(amount) as sum, count(*) as count from ledger_entries
        where transaction_id = touched.id group by currency
      ) as sums
    ) as entries on true
    where coalesce(entries.found, 0) <> transaction.entry_count or entries.off is not null`.execute(trx);
  return rows.flatMap(({ id, expected, found, off }): LedgerDifference[] => [
    ...Object.entries(off ?? {}).map(
      ([currency, amount]) =>
        ({ type: 'transaction_unbalanced', transaction: id, currency, off: amount }) satisfies LedgerDifference,
    ),
    ...(found === expected ? [] : [{ type: 'entries_missing', transaction: id, expected, found } as const]),
  ]);
}

async function orphanedEntries(trx: Trx, since: Mark): Promise<LedgerDifference[]> {
  const { rows } = await sql<LedgerDifference>`
    select 'entry_orphaned' as type, entry.id as entry, entry.transaction_id as transaction, entry.account_id as account
    from ledger_entries as entry
    left join lateral (
      select tenant_id, mode, currency from ledger_accounts where id = entry.account_id limit 1
    ) as account on true
    left join lateral (
      select tenant_id, mode from ledger_transactions where id = entry.transaction_id limit 1
    ) as transaction on true
    where entry.id > ${since.entry}::bigint
      and ((account.tenant_id, account.mode, account.currency) is distinct from (entry.tenant_id, entry.mode, entry.currency)
        or (transaction.tenant_id, transaction.mode) is distinct from (entry.tenant_id, entry.mode))`.execute(trx);
  return rows;
}

/** What was verified and what is new come to the balance. */
async function balancesThatDiffer(trx: Trx, since: Mark): Promise<LedgerDifference[]> {
  const { rows } = await sql<LedgerDifference>`
    select 'balance_differs' as type, moved.tenant_id as tenant, moved.mode, moved.account_id as account,
      coalesce(verified.amount, 0) + moved.amount as entries, coalesce(balance.amount, 0) as balance
    from (
      select account_id, tenant_id, mode, sum(amount) as amount from ledger_entries where id > ${since.entry}::bigint
      group by account_id, tenant_id, mode
    ) as moved
    left join lateral (
      select amount from ledger_verified_sums where account_id = moved.account_id limit 1
    ) as verified on true
    left join lateral (
      select tenant_id, mode, amount from ledger_balances where account_id = moved.account_id limit 1
    ) as balance on true
    where coalesce(verified.amount, 0) + moved.amount <> coalesce(balance.amount, 0)
      or (balance.tenant_id, balance.mode) is distinct from (moved.tenant_id, moved.mode)`.execute(trx);
  return rows;
}

async function remember(trx: Trx, since: Mark, last: Mark): Promise<void> {
  await sql`
    insert into ledger_verified_sums as verified (account_id, tenant_id, mode, amount)
    select account_id, tenant_id, mode, sum(amount) from ledger_entries
    where id > ${since.entry}::bigint and id <= ${last.entry}::bigint group by account_id, tenant_id, mode
    on conflict (account_id) do update set amount = verified.amount + excluded.amount`.execute(trx);
  await sql`insert into ledger_verifications (through_entry, through_transaction)
    values (${last.entry}::bigint, ${last.transaction}::bigint)`.execute(trx);
}
