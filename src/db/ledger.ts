/**
 * Posting, in bulk and once per key. Two statements whatever the number: take the keys that are new and find the
 * accounts, then write the entries with the balances; an account that is used for the first time costs two more. What a batch does to an account is folded into one delta, and
 * accounts are locked in the order of their ids, so a hot account is as fast as many cold ones and nobody deadlocks.
 */
import { sql } from 'kysely';
import { invariant } from '../domain/invariant.ts';
import { type Account, type AccountCode, chart, type Entry, entriesOf, type KeyedPosting } from '../domain/ledger.ts';
import type { Trx } from './tenant.ts';

export type Posted = 'posted' | 'repeat';

/** Answers for each posting whether it was new. In a tenant's transaction, as the outbox rows go with it. */
export async function post(trx: Trx, postings: readonly KeyedPosting[]): Promise<Posted[]> {
  if (postings.length === 0) return [];
  const firsts = new Map<string, number>();
  postings.forEach(({ key }, i) => {
    if (!firsts.has(key)) firsts.set(key, i);
  });
  const { fresh, accounts } = await takeKeys(
    trx,
    [...firsts.values()].map((i) => ({ ...postings[i]!, entries: entriesOf(postings[i]!) })),
  );
  const legs = fresh.flatMap(({ id, entries }) => entries.map((entry) => ({ ...entry, transaction: id })));
  if (legs.length > 0) await writeEntries(trx, legs, await withNewAccounts(trx, accounts, legs));
  const posted = new Set(fresh.map(({ key }) => key));
  return postings.map(({ key }, i) => (posted.has(key) && firsts.get(key) === i ? 'posted' : 'repeat'));
}

type Ready = KeyedPosting & { entries: Entry[] };

type Taken = { fresh: (Ready & { id: number })[]; accounts: Map<string, number> };

/** In the order of the keys, so that two batches with the same ones wait for each other and never in a circle. */
async function takeKeys(trx: Trx, postings: readonly Ready[]): Promise<Taken> {
  const sorted = [...postings].sort((a, b) => (a.key < b.key ? -1 : 1));
  const wanted = accountsOf(sorted.flatMap(({ entries }) => entries));
  const { rows } = await sql<{ id: number; key: string | null } & Omit<AccountRow, 'id'>>`/* ledger_take_keys */
    with taken as (
      insert into ledger_transactions (tenant_id, mode, key, kind, subscription_id, at, entry_count)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), key, kind, subscription_id, at, entry_count
      from unnest(${sorted.map(({ key }) => key)}::text[], ${sorted.map(({ kind }) => kind)}::text[],
        ${sorted.map(({ subscription }) => subscription)}::text[],
        ${sorted.map(({ at }) => new Date(at).toISOString())}::timestamptz[],
        ${sorted.map(({ entries }) => entries.length)}::int[])
        as taken (key, kind, subscription_id, at, entry_count)
      on conflict (tenant_id, mode, key) do nothing
      returning id, key
    )
    select id, key, null as code, null as owner, null as currency from taken
    union all
    (${foundAccounts(wanted)})`.execute(trx);
  const ids = new Map(rows.flatMap(({ id, key }) => (key === null ? [] : [[key, id] as const])));
  return {
    fresh: sorted.flatMap((posting) => {
      const id = ids.get(posting.key);
      return id === undefined ? [] : [{ ...posting, id }];
    }),
    accounts: byName(rows.filter(({ key }) => key === null)),
  };
}

const nameOf = ({ code, owner }: Account, currency: string): string => `${code}/${owner ?? ''}/${currency}`;

type AccountRow = { id: number; code: AccountCode; owner: string; currency: string };

/** Each once, and always in the same order. */
const accountsOf = (entries: readonly Entry[]): Entry[] =>
  [...new Map(entries.map((entry) => [nameOf(entry.account, entry.currency), entry])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry);

/** Accounts are opened when they are first used. One that another transaction opens meanwhile is found at a second look. */
async function withNewAccounts(
  trx: Trx,
  known: ReadonlyMap<string, number>,
  entries: readonly Entry[],
): Promise<ReadonlyMap<string, number>> {
  const missing = accountsOf(entries.filter(({ account, currency }) => !known.has(nameOf(account, currency))));
  if (missing.length === 0) return known;
  await openAccounts(trx, missing);
  const { rows } = await sql<AccountRow>`/* ledger_find_accounts */ ${foundAccounts(missing)}`.execute(trx);
  const all = new Map([...known, ...byName(rows)]);
  for (const { account, currency } of missing) {
    invariant(all.has(nameOf(account, currency)), `account ${nameOf(account, currency)} was opened`);
  }
  return all;
}

/** The limit keeps it one look into the index for each, whatever the planner believes of a table that grows so fast. */
const foundAccounts = (wanted: readonly Entry[]) => sql`
  select account.id, null as key, wanted.code, wanted.owner, wanted.currency
  from unnest(${codes(wanted)}::text[], ${owners(wanted)}::text[], ${currencies(wanted)}::text[])
    as wanted (code, owner, currency)
  cross join lateral (
    select id from ledger_accounts
    where tenant_id = current_setting('hydra.tenant') and mode = current_setting('hydra.mode') and code = wanted.code
      and owner = wanted.owner and currency = wanted.currency
    limit 1
  ) as account`;

const byName = (rows: readonly AccountRow[]): Map<string, number> =>
  new Map(rows.map(({ id, currency, ...account }) => [nameOf(ofRow(account), currency), id]));

const ofRow = ({ code, owner }: Pick<AccountRow, 'code' | 'owner'>): Account => ({
  code,
  owner: owner === '' ? null : (owner as Account['owner']),
});

async function openAccounts(trx: Trx, missing: readonly Entry[]): Promise<void> {
  await sql`/* ledger_open_accounts */
    insert into ledger_accounts (tenant_id, mode, code, owner, kind, currency)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), code, owner, kind, currency
    from unnest(${codes(missing)}::text[], ${owners(missing)}::text[],
      ${missing.map(({ account }) => chart[account.code].kind)}::text[], ${currencies(missing)}::text[])
      as opened (code, owner, kind, currency)
    on conflict (tenant_id, mode, code, owner, currency) do nothing`.execute(trx);
}

const codes = (entries: readonly Entry[]) => entries.map(({ account }) => account.code);
const owners = (entries: readonly Entry[]) => entries.map(({ account }) => account.owner ?? '');
const currencies = (entries: readonly Entry[]) => entries.map(({ currency }) => currency);

type Leg = Entry & { transaction: number };

/** The database checks the sum of each transaction at the statement's end. */
async function writeEntries(trx: Trx, legs: readonly Leg[], accounts: ReadonlyMap<string, number>): Promise<void> {
  await sql`/* ledger_write_entries */
    with legs as materialized (
      select * from unnest(${legs.map(({ transaction }) => transaction)}::bigint[],
        ${legs.map(({ account, currency }) => accounts.get(nameOf(account, currency)))}::bigint[], ${currencies(legs)}::text[],
        ${legs.map(({ amount }) => amount)}::numeric[]) as leg (transaction_id, account_id, currency, amount)
    ), written as (
      insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), transaction_id, account_id, currency, amount
      from legs
    )
    insert into ledger_balances as balance (account_id, tenant_id, mode, currency, amount)
    select account_id, current_setting('hydra.tenant'), current_setting('hydra.mode'), currency, sum(amount)
    from legs group by account_id, currency order by account_id
    on conflict (account_id) do update set amount = balance.amount + excluded.amount`.execute(trx);
}
