/**
 * Posting, in bulk and once per key. Two statements whatever the number: take the keys that are new and find the
 * accounts, then write the entries with the balances; an account that is used for the first time costs two more. What a
 * batch does to an account is folded into one delta, and accounts are locked in the order of their ids, so a hot account
 * is as fast as many cold ones and nobody deadlocks.
 */
import { sql } from 'kysely';
import { invariant } from '../domain/invariant.ts';
import { type Account, chart, type Entry, entriesOf, type KeyedPosting } from '../domain/ledger.ts';
import { numbers, texts } from './arrays.ts';
import type { Trx } from './tenant.ts';

export type Posted = 'posted' | 'repeat';

/** Answers for each posting whether it was new. In a tenant's transaction, as the outbox rows go with it. */
export const post = async (trx: Trx, postings: readonly KeyedPosting[]): Promise<Posted[]> =>
  (await postKnowing(trx, postings, new Map())).answers;

/** Which account is which in one tenant and mode, as far as somebody has seen it committed. */
export type AccountIds = ReadonlyMap<string, number>;

/** The same for someone who remembers accounts, and is told of those that it might remember, too, once this is committed. */
export async function postKnowing(
  trx: Trx,
  postings: readonly KeyedPosting[],
  remembered: AccountIds,
): Promise<{ answers: Posted[]; found: AccountIds }> {
  if (postings.length === 0) return { answers: [], found: new Map() };
  const accounts = new Map<string, NamedAccount>();
  const firsts = new Map<string, Ready>();
  for (const posting of postings) {
    if (!firsts.has(posting.key)) firsts.set(posting.key, { posting, legs: legsOf(posting, accounts) });
  }
  const unknown = [...accounts.values()].filter(({ name }) => !remembered.has(name));
  const { fresh, found } = await takeKeys(trx, [...firsts.values()], unknown);
  const legs = [...fresh].flatMap(([key, transaction]) =>
    firsts.get(key)!.legs.map((leg) => ({ ...leg, transaction })),
  );
  await openMissing(
    trx,
    legs.map(({ account }) => account).filter(({ name }) => !remembered.has(name)),
    found,
  );
  const idOf = ({ name }: NamedAccount): number => {
    const id = remembered.get(name) ?? found.get(name);
    invariant(id !== undefined, `account ${name} was opened`);
    return id;
  };
  if (legs.length > 0) await writeEntries(trx, legs, idOf);
  // The first of those with a new key is the posted one.
  return { answers: postings.map(({ key }) => (fresh.delete(key) ? 'posted' : 'repeat')), found };
}

type NamedAccount = Account & { currency: string; name: string };
type Leg = { account: NamedAccount; amount: number };
type Ready = { posting: KeyedPosting; legs: Leg[] };

/** Of all legs on one account its object is the same. */
const legsOf = (posting: KeyedPosting, accounts: Map<string, NamedAccount>): Leg[] =>
  entriesOf(posting).map((entry) => ({ account: namedOf(entry, accounts), amount: entry.amount }));

function namedOf({ account: { code, owner }, currency }: Entry, accounts: Map<string, NamedAccount>): NamedAccount {
  const name = `${code}/${owner ?? ''}/${currency}`;
  const known = accounts.get(name);
  if (known) return known;
  const account = { code, owner, currency, name };
  accounts.set(name, account);
  return account;
}

type Taken = { fresh: Map<string, number>; found: Map<string, number> };

/** In the order of the keys, so that two batches with the same ones wait for each other and never in a circle. */
async function takeKeys(trx: Trx, postings: readonly Ready[], unknown: readonly NamedAccount[]): Promise<Taken> {
  const sorted = [...postings].sort((a, b) => (a.posting.key < b.posting.key ? -1 : 1));
  const { rows } = await sql<{ fresh: Record<string, number> | null; ids: Ids }>`/* ledger_take_keys */
    with taken as (
      insert into ledger_transactions (tenant_id, mode, key, kind, subscription_id, invoice_id, at, belongs_to,
        entry_count)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), key, kind, subscription_id, invoice_id,
        greatest(at, closed.ends_at), case when at < closed.ends_at then (at at time zone closed.time_zone)::date end,
        entry_count
      from unnest(${texts(sorted.map(({ posting }) => posting.key))}::text[], ${texts(sorted.map(({ posting }) => posting.kind))}::text[],
        ${texts(sorted.map(({ posting }) => posting.subscription))}::text[],
        ${texts(sorted.map(({ posting }) => posting.invoice ?? null))}::text[],
        ${texts(sorted.map(({ posting }) => new Date(posting.at).toISOString()))}::timestamptz[],
        ${numbers(sorted.map(({ legs }) => legs.length))}::int[])
        as taken (key, kind, subscription_id, invoice_id, at, entry_count)
      left join (
        select ends_at, time_zone from ledger_periods
        where tenant_id = current_setting('hydra.tenant') and mode = current_setting('hydra.mode')
        order by month desc limit 1
      ) as closed on true
      on conflict (tenant_id, mode, key) do nothing
      returning id, key
    )
    select (select json_object_agg(key, id) from taken) as fresh, ${idsOf(unknown)} as ids`.execute(trx);
  const { fresh, ids } = rows[0]!;
  return { fresh: new Map(Object.entries(fresh ?? {})), found: byName(unknown, ids) };
}

/** Accounts are opened when they are first used. One that another transaction opens meanwhile is found at a second look. */
async function openMissing(trx: Trx, used: readonly NamedAccount[], found: Map<string, number>): Promise<void> {
  const missing = [...new Set(used)].filter(({ name }) => !found.has(name));
  if (missing.length === 0) return;
  await openAccounts(trx, missing);
  const { rows } = await sql<{ ids: Ids }>`/* ledger_find_accounts */ select ${idsOf(missing)} as ids`.execute(trx);
  for (const [name, id] of byName(missing, rows[0]!.ids)) found.set(name, id);
}

/** Always in the same order, so that two batches that open the same ones don't wait in a circle. */
async function openAccounts(trx: Trx, missing: readonly NamedAccount[]): Promise<void> {
  const sorted = [...missing].sort((a, b) => (a.name < b.name ? -1 : 1));
  await sql`/* ledger_open_accounts */
    insert into ledger_accounts (tenant_id, mode, code, owner, kind, currency)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), code, owner, kind, currency
    from unnest(${codes(sorted)}::text[], ${owners(sorted)}::text[],
      ${texts(sorted.map(({ code }) => chart[code].kind))}::text[], ${currencies(sorted)}::text[])
      as opened (code, owner, kind, currency)
    on conflict (tenant_id, mode, code, owner, currency) do nothing`.execute(trx);
}

/** In the order in which they were asked for; null where there is none. */
type Ids = (number | null)[];

const idsOf = (accounts: readonly NamedAccount[]) =>
  sql`to_json(ledger_account_ids(${codes(accounts)}::text[], ${owners(accounts)}::text[], ${currencies(accounts)}::text[]))`;

const byName = (accounts: readonly NamedAccount[], ids: Ids): Map<string, number> =>
  new Map(accounts.flatMap(({ name }, i) => (ids[i] === null ? [] : [[name, ids[i]!] as const])));

const codes = (accounts: readonly NamedAccount[]) => texts(accounts.map(({ code }) => code));
const owners = (accounts: readonly NamedAccount[]) => texts(accounts.map(({ owner }) => owner ?? ''));
const currencies = (accounts: readonly NamedAccount[]) => texts(accounts.map(({ currency }) => currency));

/** The database checks the sum of each transaction at the statement's end. */
async function writeEntries(
  trx: Trx,
  legs: readonly (Leg & { transaction: number })[],
  idOf: (account: NamedAccount) => number,
): Promise<void> {
  const ids = new Map(legs.map(({ account }) => [account, idOf(account)]));
  const deltas = [...folded(legs)].sort(([a], [b]) => ids.get(a)! - ids.get(b)!);
  const touched = deltas.map(([account]) => account);
  await sql`/* ledger_write_entries */
    with written as (
      insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), transaction_id, account_id, currency, amount
      from unnest(${numbers(legs.map(({ transaction }) => transaction))}::bigint[],
        ${numbers(legs.map(({ account }) => ids.get(account)!))}::bigint[],
        ${currencies(legs.map(({ account }) => account))}::text[], ${numbers(legs.map(({ amount }) => amount))}::numeric[])
        as leg (transaction_id, account_id, currency, amount)
    )
    insert into ledger_balances as balance (account_id, tenant_id, mode, account_code, currency, amount)
    select account_id, current_setting('hydra.tenant'), current_setting('hydra.mode'), code, currency, amount
    from unnest(${numbers(touched.map((account) => ids.get(account)!))}::bigint[], ${codes(touched)}::text[],
      ${currencies(touched)}::text[], ${numbers(deltas.map(([, amount]) => amount))}::numeric[])
      as delta (account_id, code, currency, amount)
    on conflict (account_id) do update set amount = balance.amount + excluded.amount`.execute(trx);
}

function folded(legs: readonly Leg[]): Map<NamedAccount, number> {
  const deltas = new Map<NamedAccount, number>();
  for (const { account, amount } of legs) {
    const sum = (deltas.get(account) ?? 0) + amount;
    if (!Number.isSafeInteger(sum)) throw new OutOfRange(`what is posted to ${account.name} comes to ${sum}`);
    deltas.set(account, sum);
  }
  return deltas;
}

/** As the database would refuse it: a batch that is too much at once may be taken in parts. */
class OutOfRange extends Error {
  override readonly name = 'OutOfRange';
  readonly code = '22003';
}
