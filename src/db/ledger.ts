/**
 * Posting, in bulk and once per key. Two statements whatever the number: take the keys that are new and find the
 * accounts, then write the entries with the balances; an account that is used for the first time costs two more. What a
 * batch does to an account is folded into one delta, and accounts are locked in the order of their ids, so a hot account
 * is as fast as many cold ones and nobody deadlocks.
 */
import { sql } from 'kysely';
import { invariant } from '../domain/invariant.ts';
import { type Account, chart, type Entry, entriesOf, type KeyedPosting } from '../domain/ledger.ts';
import type { Trx } from './tenant.ts';

export type Posted = 'posted' | 'repeat';

/** Answers for each posting whether it was new. In a tenant's transaction, as the outbox rows go with it. */
export async function post(trx: Trx, postings: readonly KeyedPosting[]): Promise<Posted[]> {
  if (postings.length === 0) return [];
  const accounts = new AccountList();
  const firsts = new Map<string, Ready>();
  for (const posting of postings) {
    if (!firsts.has(posting.key)) firsts.set(posting.key, { ...posting, legs: legsOf(posting, accounts) });
  }
  const { ids, known } = await takeKeys(trx, [...firsts.values()], accounts.all);
  const legs = [...ids].flatMap(([key, transaction]) =>
    firsts.get(key)!.legs.map((leg): WrittenLeg => ({ ...leg, transaction })),
  );
  if (legs.length > 0)
    await writeEntries(trx, legs, accounts.all, await withNewAccounts(trx, accounts.all, known, legs));
  // The first of those with a new key is the posted one.
  return postings.map(({ key }) => (ids.delete(key) ? 'posted' : 'repeat'));
}

/** The account by its place in the batch's list: each is looked up once. */
type Leg = { account: number; amount: number };
type WrittenLeg = Leg & { transaction: number };
type Ready = KeyedPosting & { legs: Leg[] };

const legsOf = (posting: KeyedPosting, accounts: AccountList): Leg[] =>
  entriesOf(posting).map((entry) => ({ account: accounts.placeOf(entry), amount: entry.amount }));

type NamedAccount = Account & { currency: string };

const nameOf = ({ code, owner, currency }: NamedAccount): string => `${code}/${owner ?? ''}/${currency}`;

class AccountList {
  readonly all: NamedAccount[] = [];
  readonly #places = new Map<string, number>();

  placeOf({ account: { code, owner }, currency }: Entry): number {
    const account = { code, owner, currency };
    const name = nameOf(account);
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    this.#places.set(name, this.all.length);
    return this.all.push(account) - 1;
  }
}

type Taken = { ids: Map<string, number>; known: (number | null)[] };

/** In the order of the keys, so that two batches with the same ones wait for each other and never in a circle. */
async function takeKeys(trx: Trx, postings: readonly Ready[], accounts: readonly NamedAccount[]): Promise<Taken> {
  const sorted = [...postings].sort((a, b) => (a.key < b.key ? -1 : 1));
  const { rows } = await sql<{ ids: Record<string, number> | null; known: (number | null)[] }>`/* ledger_take_keys */
    with taken as (
      insert into ledger_transactions (tenant_id, mode, key, kind, subscription_id, at, entry_count)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), key, kind, subscription_id, at, entry_count
      from unnest(${sorted.map(({ key }) => key)}::text[], ${sorted.map(({ kind }) => kind)}::text[],
        ${sorted.map(({ subscription }) => subscription)}::text[],
        ${sorted.map(({ at }) => new Date(at).toISOString())}::timestamptz[],
        ${numbers(sorted.map(({ legs }) => legs.length))}::int[])
        as taken (key, kind, subscription_id, at, entry_count)
      on conflict (tenant_id, mode, key) do nothing
      returning id, key
    )
    select (select json_object_agg(key, id) from taken) as ids, to_json(${accountIds(accounts)}) as known`.execute(trx);
  const { ids, known } = rows[0]!;
  return { ids: new Map(Object.entries(ids ?? {})), known };
}

/** Accounts are opened when they are first used. One that another transaction opens meanwhile is found at a second look. */
async function withNewAccounts(
  trx: Trx,
  accounts: readonly NamedAccount[],
  known: readonly (number | null)[],
  legs: readonly Leg[],
): Promise<readonly (number | null)[]> {
  const missing = [...new Set(legs.map(({ account }) => account))].filter((place) => known[place] === null);
  if (missing.length === 0) return known;
  const named = missing.map((place) => accounts[place]!);
  await openAccounts(trx, named);
  const { rows } = await sql<{ ids: (number | null)[] }>`/* ledger_find_accounts */
    select to_json(${accountIds(named)}) as ids`.execute(trx);
  const all = [...known];
  missing.forEach((place, i) => {
    all[place] = rows[0]!.ids[i]!;
  });
  return all;
}

/** Always in the same order, so that two batches that open the same ones don't wait in a circle. */
async function openAccounts(trx: Trx, missing: readonly NamedAccount[]): Promise<void> {
  const sorted = [...missing].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  await sql`/* ledger_open_accounts */
    insert into ledger_accounts (tenant_id, mode, code, owner, kind, currency)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), code, owner, kind, currency
    from unnest(${codes(sorted)}::text[], ${owners(sorted)}::text[],
      ${sorted.map(({ code }) => chart[code].kind)}::text[], ${currencies(sorted)}::text[])
      as opened (code, owner, kind, currency)
    on conflict (tenant_id, mode, code, owner, currency) do nothing`.execute(trx);
}

const accountIds = (accounts: readonly NamedAccount[]) =>
  sql`ledger_account_ids(${codes(accounts)}::text[], ${owners(accounts)}::text[], ${currencies(accounts)}::text[])`;

const codes = (accounts: readonly NamedAccount[]) => accounts.map(({ code }) => code);
const owners = (accounts: readonly NamedAccount[]) => accounts.map(({ owner }) => owner ?? '');
const currencies = (accounts: readonly NamedAccount[]) => accounts.map(({ currency }) => currency);

/** As Postgres reads an array. The driver would quote each number, and that takes longer than to write the entries. */
const numbers = (values: readonly number[]): string => `{${values.join(',')}}`;

/** The database checks the sum of each transaction at the statement's end. */
async function writeEntries(
  trx: Trx,
  legs: readonly WrittenLeg[],
  accounts: readonly NamedAccount[],
  ids: readonly (number | null)[],
): Promise<void> {
  const idOf = ({ account }: Leg): number => {
    const id = ids[account] ?? null;
    invariant(id !== null, `account ${nameOf(accounts[account]!)} was opened`);
    return id;
  };
  await sql`/* ledger_write_entries */
    with legs as materialized (
      select * from unnest(${numbers(legs.map(({ transaction }) => transaction))}::bigint[],
        ${numbers(legs.map(idOf))}::bigint[], ${legs.map(({ account }) => accounts[account]!.code)}::text[],
        ${legs.map(({ account }) => accounts[account]!.currency)}::text[],
        ${numbers(legs.map(({ amount }) => amount))}::numeric[]) as leg (transaction_id, account_id, code, currency, amount)
    ), written as (
      insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), transaction_id, account_id, currency, amount
      from legs
    )
    insert into ledger_balances as balance (account_id, tenant_id, mode, account_code, currency, amount)
    select account_id, current_setting('hydra.tenant'), current_setting('hydra.mode'), code, currency, sum(amount)
    from legs group by account_id, code, currency order by account_id
    on conflict (account_id) do update set amount = balance.amount + excluded.amount`.execute(trx);
}
