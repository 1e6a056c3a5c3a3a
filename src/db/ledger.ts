/**
 * Posting, in bulk and once per key: one statement whatever the number. What a batch does to an account is folded into
 * one delta, and accounts are locked in the order of their ids, so a hot account is as fast as many cold ones and nobody
 * deadlocks. The database checks the sum of each transaction.
 */
import { sql } from 'kysely';
import { type Account, chart, entriesOf, type KeyedPosting } from '../domain/ledger.ts';
import { numbers, scalars, texts } from './arrays.ts';
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
  const accounts = new Accounts();
  const asked = new Map<string, KeyedPosting>();
  const entryCounts: number[] = [];
  const legs = { postings: [] as number[], accounts: [] as number[], amounts: [] as number[] };
  for (const posting of postings) {
    if (asked.has(posting.key)) continue;
    asked.set(posting.key, posting);
    const entries = entriesOf(posting);
    entryCounts.push(entries.length);
    for (const { account, currency, amount } of entries) {
      legs.postings.push(asked.size);
      legs.accounts.push(accounts.at(account, currency));
      legs.amounts.push(amount);
    }
  }
  const firsts = [...asked.values()];
  const known = accounts.all.map(({ name }) => remembered.get(name) ?? null);
  const isKnown = !known.includes(null);
  const { rows } = await sql<{ fresh: number[]; accounts: number[] }>`/* ledger_post */
    select fresh, to_json(accounts) as accounts from ledger_post(
      ${texts(firsts.map(({ key }) => key))}, ${texts(firsts.map(({ kind }) => kind))},
      ${texts(firsts.map(({ subscription }) => subscription))}, ${texts(firsts.map(({ invoice }) => invoice ?? null))},
      ${texts(firsts.map(({ at }) => new Date(at).toISOString()))}, ${numbers(entryCounts)},
      ${texts(accounts.all.map(({ code }) => code))}, ${texts(accounts.all.map(({ owner }) => owner ?? ''))},
      ${texts(accounts.all.map(({ currency }) => currency))}, ${texts(accounts.all.map(({ code }) => chart[code].kind))},
      ${scalars(known)}, ${numbers(legs.postings)}, ${numbers(legs.accounts)}, ${numbers(legs.amounts)})`.execute(trx);
  const answer = rows[0]!;
  const fresh = new Set(answer.fresh.map((position) => firsts[position - 1]!.key));
  return {
    // The first of those with a new key is the posted one.
    answers: postings.map(({ key }) => (fresh.delete(key) ? 'posted' : 'repeat')),
    found: new Map(isKnown ? [] : accounts.all.map(({ name }, i) => [name, answer.accounts[i]!])),
  };
}

type NamedAccount = Account & { currency: string; name: string };

/** Each that is used once, in the order of its first use. */
class Accounts {
  readonly all: NamedAccount[] = [];
  readonly #positions = new Map<string, number>();

  /** Counted from one, as Postgres does. */
  at({ code, owner }: Account, currency: string): number {
    const name = `${code}/${owner ?? ''}/${currency}`;
    const known = this.#positions.get(name);
    if (known !== undefined) return known;
    const position = this.all.push({ code, owner, currency, name });
    this.#positions.set(name, position);
    return position;
  }
}
