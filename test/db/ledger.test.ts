import { fc } from '@fast-check/vitest';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { post, postKnowing } from '../../src/db/ledger.ts';
import { inTenant, type Scope } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { type AccountCode, chart, entriesOf, type KeyedPosting, paymentReceived } from '../../src/domain/ledger.ts';
import { START } from '../domain/builders.ts';
import { asLedger, OTHER, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();
const inScope = (postings: readonly KeyedPosting[], scope: Scope = SCOPE) =>
  inTenant(database.db, scope, (trx) => post(trx, postings));

const about = { customer: 'cus_1', subscription: null, currency: 'usd', at: START } as const;
const payment = (key: string, amount = 100): KeyedPosting => ({ ...paymentReceived(amount, about), key });

const balanceOf = async (code: AccountCode, scope: Scope = SCOPE, currency = 'usd'): Promise<number> => {
  const found = await inTenant(database.db, scope, (trx) =>
    trx
      .selectFrom('ledger_accounts')
      .innerJoin('ledger_balances', 'ledger_balances.account_id', 'ledger_accounts.id')
      .select('amount')
      .where('code', '=', code)
      .where('ledger_accounts.currency', '=', currency)
      .execute(),
  );
  return found.reduce((sum, { amount }) => sum + amount, 0);
};

describe('post', () => {
  it('posts once per key: in the batch, after it, and beside it', async () => {
    expect(await inScope([payment('a'), payment('a'), payment('b')])).toEqual(['posted', 'repeat', 'posted']);
    expect(await inScope([payment('b'), payment('c')])).toEqual(['repeat', 'posted']);
    expect(await balanceOf('processor_clearing')).toBe(300);
    expect(await balanceOf('receivable')).toBe(-300);
  });

  it('has keys and books of its own for each tenant', async () => {
    expect(await inScope([payment('a', 7)], OTHER)).toEqual(['posted']);
    expect(await balanceOf('processor_clearing', OTHER)).toBe(7);
  });

  it('keeps a posting of nothing, so that its repeat is known', async () => {
    expect(await inScope([payment('nothing', 0)])).toEqual(['posted']);
    expect(await inScope([payment('nothing', 0)])).toEqual(['repeat']);
    expect(await inScope([])).toEqual([]);
  });

  it('loses nothing where many post to the same accounts in other orders', async () => {
    const before = await balanceOf('processor_clearing');
    const batches = Array.from({ length: 8 }, (_, i) => {
      const keys = ['r1', 'r2', 'r3', 'r4', 'r5', `own${i}`];
      return (i % 2 ? keys.reverse() : keys).map((key) => payment(key, 10));
    });
    const answers = await Promise.all(batches.map((batch) => inScope(batch)));
    expect(answers.flat().filter((answer) => answer === 'posted')).toHaveLength(5 + 8);
    expect((await balanceOf('processor_clearing')) - before).toBe(130);
  });
});

describe('the books', () => {
  const code = fc.constantFrom(...(Object.keys(chart) as AccountCode[]));
  const owner = fc.constantFrom('cus_1' as const, 'cus_2' as const, null);
  const account = fc.record({ code, owner });
  // A customer's credit is only ever given here: there may be none to take.
  const spent = account.filter(({ code }) => code !== 'customer_credit');
  const transfer = fc.record({ from: account, to: spent, amount: fc.integer({ min: 1, max: 10 ** 9 }) });
  const posting = fc.record({
    key: fc.constantFrom(...'abcdefghij'),
    kind: fc.constant('payment_received' as const),
    at: fc.constant(START),
    currency: fc.constantFrom('usd', 'jpy'),
    subscription: fc.constant(null),
    transfers: fc.array(transfer, { maxLength: 4 }),
  });
  let run = 0;

  it('sum to zero and are their entries, whatever is posted, in whatever batches and order, however often', async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(posting, { selector: ({ key }) => key, maxLength: 10 }),
      fc.array(fc.nat(9), { maxLength: 20 }),
      async (postings, picks) => {
        run++;
        const keyed = postings.map((each) => ({ ...each, key: `${run}/${each.key}` }));
        const before = await allBalances();
        const expected = new Map(before);
        for (const each of keyed) {
          for (const { account, currency, amount } of entriesOf(each)) {
            const name = `${account.code}/${account.owner ?? ''}/${currency}`;
            expected.set(name, (expected.get(name) ?? 0) + amount);
          }
        }
        // First some of them, with repeats, in any order; then all of them.
        const some = picks.flatMap((pick) => keyed[pick % Math.max(keyed.length, 1)] ?? []);
        await Promise.all([inScope(some), inScope([...some].reverse())]);
        await inScope(keyed);
        expect(await inScope(keyed)).toEqual(keyed.map(() => 'repeat'));
        expect(withoutZeros(await allBalances())).toEqual(withoutZeros(expected));
        expect((await verifyLedger(database.db)).differences).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  const withoutZeros = (balances: Map<string, number>) =>
    Object.fromEntries([...balances].filter(([, amount]) => amount !== 0).sort());

  async function allBalances(): Promise<Map<string, number>> {
    const rows = await inTenant(database.db, SCOPE, (trx) =>
      trx
        .selectFrom('ledger_accounts as account')
        .innerJoin('ledger_balances as balance', 'balance.account_id', 'account.id')
        .select(['code', 'owner', 'account.currency', 'amount'])
        .execute(),
    );
    return new Map(rows.map(({ code, owner, currency, amount }) => [`${code}/${owner}/${currency}`, amount]));
  }
});

describe('the database refuses', () => {
  type Line = { amount: string; account?: number; currency?: string };

  /** Entries by hand, as someone at psql would. */
  const write = (lines: Line[], scope: Scope = SCOPE) =>
    asLedger(database.db, scope, async (trx) => {
      const { id } = await trx
        .insertInto('ledger_transactions')
        .values({
          tenant_id: scope.tenant,
          mode: scope.mode,
          key: `hand/${Math.random()}`,
          kind: 'payment_received',
          at: new Date(START),
          entry_count: lines.length,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      const rows = lines.map(
        ({ amount, account, currency = 'usd' }) =>
          sql`(${scope.tenant}, ${scope.mode}, ${id}::bigint, ${account ?? 0}::bigint, ${currency}, ${sql.raw(amount)})`,
      );
      await sql`insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
        values ${sql.join(rows)}`.execute(trx);
    });
  const accountsOf = (scope: Scope) =>
    inTenant(database.db, scope, (trx) =>
      trx.selectFrom('ledger_accounts').select('id').where('currency', '=', 'usd').orderBy('id').execute(),
    );
  const cashOf = async (scope: Scope) => (await accountsOf(scope))[0]!.id;

  it.each([
    ['entries that do not sum to zero', [{ amount: '5' }, { amount: '-4' }], /off by 1 usd/],
    ['one entry alone', [{ amount: '5' }], /off by 5 usd/],
    [
      'currencies that balance each other',
      [
        { amount: '5', currency: 'usd' },
        { amount: '-5', currency: 'eur' },
      ],
      /off by/,
    ],
    ['a fraction of a cent', [{ amount: '1.5' }, { amount: '-1.5' }], /minor_units/],
    ['a float', [{ amount: '0.1::float8' }, { amount: '-0.1::float8' }], /minor_units/],
    ['what JavaScript cannot hold', [{ amount: '9007199254740993' }, { amount: '-9007199254740993' }], /minor_units/],
    ['not a number', [{ amount: `'NaN'` }], /minor_units/],
    ['an entry of nothing', [{ amount: '0' }], /check constraint/],
  ] as const)('%s', async (_what, lines, reason) => {
    const account = await cashOf(SCOPE);
    await expect(write(lines.map((line) => ({ account, ...line })))).rejects.toThrow(reason);
  });

  it("another tenant's account, one of another currency, and one that is not there", async () => {
    await inScope([payment('other', 1)], OTHER);
    const [own, others] = [await accountsOf(SCOPE), await accountsOf(OTHER)];
    for (const [[first, second], currency] of [
      [others, 'usd'],
      [own, 'eur'],
      [[{ id: 999_998 }, { id: 999_999 }], 'usd'],
    ] as const) {
      const taken = { ...payment(`taken/${first!.id}/${currency}`), currency };
      const known = new Map([
        [`processor_clearing//${currency}`, first!.id],
        [`receivable/cus_1/${currency}`, second!.id],
      ]);
      await expect(inTenant(database.db, SCOPE, (trx) => postKnowing(trx, [taken], known))).rejects.toMatchObject({
        code: '23503',
      });
    }
  });

  it("another customer's account, whose number somebody remembers from before a backup was restored", async () => {
    await inScope([{ ...paymentReceived(100, { ...about, customer: 'cus_2' }), key: 'of the second' }]);
    const { id } = await inTenant(database.db, SCOPE, (trx) =>
      trx
        .selectFrom('ledger_accounts')
        .select('id')
        .where('code', '=', 'receivable')
        .where('owner', '=', 'cus_2')
        .executeTakeFirstOrThrow(),
    );
    const known = new Map([['receivable/cus_1/usd', id]]);
    known.set('processor_clearing//usd', await cashOf(SCOPE));
    const taken = inTenant(database.db, SCOPE, (trx) => postKnowing(trx, [payment('of the first')], known));
    await expect(taken).rejects.toMatchObject({ code: '23503' });
  });

  it('an entry that comes past the function, whoever brings it', async () => {
    const account = await cashOf(SCOPE);
    for (const [table, columns, values] of [
      ['ledger_transactions', 'tenant_id, mode, key, kind, at, entry_count', `'ten_1', 'test', 'k', 'x', now(), 0`],
      [
        'ledger_entries',
        'tenant_id, mode, transaction_id, account_id, currency, amount',
        `'ten_1', 'test', 1, ${account}, 'usd', 1`,
      ],
      [
        'ledger_balances',
        'account_id, tenant_id, mode, account_code, account_owner, currency, amount',
        `${account}, 'ten_1', 'test', 'cash', '', 'usd', 1`,
      ],
      [
        'ledger_accounts',
        'tenant_id, mode, code, owner, kind, currency',
        `'ten_1', 'test', 'cash', 'me', 'debit', 'usd'`,
      ],
    ] as const) {
      const past = inTenant(database.db, SCOPE, (trx) =>
        sql.raw(`insert into ${table} (${columns}) values (${values})`).execute(trx),
      );
      await expect(past).rejects.toThrow('permission denied');
    }
  });

  it('an update, a delete and a truncate, from its owner as well', async () => {
    for (const statement of [
      sql`update ledger_entries set amount = amount + 1`,
      sql`delete from ledger_entries`,
      sql`truncate ledger_entries`,
      sql`update ledger_transactions set key = key`,
      sql`delete from ledger_transactions`,
    ]) {
      await expect(statement.execute(database.db)).rejects.toThrow('append-only');
    }
  });
});

describe('customer credit', () => {
  const credit = { code: 'customer_credit', owner: 'cus_9' } as const;
  const owed = { code: 'receivable', owner: 'cus_9' } as const;
  const move = (key: string, from: typeof credit | typeof owed, to: typeof from, amount: number): KeyedPosting => ({
    ...{ key, kind: 'payment_received', at: START, currency: 'gbp', subscription: null },
    transfers: [{ from, to, amount }],
  });
  const give = (key: string, amount: number) => move(key, credit, owed, amount);
  const use = (key: string, amount: number) => move(key, owed, credit, amount);
  const named = { constraint: 'customer_credit_not_negative', code: '23514' };

  it('cannot be used where there is none, nor beyond what there is, and can be used up', async () => {
    await expect(inScope([use('none', 1)])).rejects.toMatchObject(named);
    await inScope([give('gift', 100)]);
    await expect(inScope([use('beyond', 101)])).rejects.toMatchObject(named);
    await inScope([use('part', 40), use('rest', 60)]);
    await expect(inScope([use('more', 1)])).rejects.toMatchObject(named);
    expect(await balanceOf('customer_credit', SCOPE, 'gbp')).toBe(0);
  });

  it('is used by one of two who race for it, and what the other would have done is not done', async () => {
    for (let round = 0; round < 20; round++) {
      const gift = give(`gift/${round}`, 100);
      await inScope([gift]);
      const [first, second] = await Promise.allSettled([
        inScope([use(`race/${round}/a`, 70)]),
        inScope([payment(`with/${round}`, 5), use(`race/${round}/b`, 60)]),
      ]);
      const lost = [first!, second!].filter((each) => each.status === 'rejected');
      expect(lost).toHaveLength(1);
      expect(lost[0]).toMatchObject({ reason: named });
      const left = first!.status === 'fulfilled' ? 30 : 40;
      expect(await balanceOf('customer_credit', SCOPE, 'gbp')).toBe(-left);
      expect(await inScope([payment(`with/${round}`, 5)])).toEqual([left === 30 ? 'posted' : 'repeat']);
      await inScope([use(`rest/${round}`, left)]);
    }
  });

  it('is guarded from those at psql, too, and nobody may call it something else', async () => {
    await inScope([give('guarded', 10)]);
    const balance = sql`account_code = 'customer_credit' and currency = 'gbp'`;
    await expect(
      sql`update ledger_balances set amount = 1 where ${balance}`.execute(database.db),
    ).rejects.toMatchObject(named);
    await expect(
      inTenant(database.db, SCOPE, (trx) =>
        sql`update ledger_balances set account_code = 'cash' where ${balance}`.execute(trx),
      ),
    ).rejects.toThrow('permission denied');
    const misnamed = asLedger(database.db, SCOPE, (trx) =>
      sql`
        with opened as (
          insert into ledger_accounts (tenant_id, mode, code, owner, kind, currency)
          values ('ten_1', 'test', 'customer_credit', 'cus_10', 'credit', 'usd') returning id
        )
        insert into ledger_balances (account_id, tenant_id, mode, account_code, account_owner, currency, amount)
        select id, 'ten_1', 'test', 'cash', 'cus_10', 'usd', 5 from opened`.execute(trx),
    );
    await expect(misnamed).rejects.toThrow(/is not of its balance's/);
  });
});

describe('verifyLedger', () => {
  it('says what was done behind the back of the triggers', async () => {
    expect((await verifyLedger(database.db)).differences).toEqual([]);
    await sql`alter table ledger_entries disable trigger user`.execute(database.db);
    const before = await verifyLedger(database.db);
    await sql`update ledger_balances set amount = amount + 1
      where account_id = (select min(account_id) from ledger_balances)`.execute(database.db);
    await sql`delete from ledger_entries where id = (select min(id) from ledger_entries)`.execute(database.db);
    await sql`insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
      values ('ten_1', 'test', 999999, 999999, 'usd', 1)`.execute(database.db);
    const { differences, entries } = await verifyLedger(database.db);
    expect(entries).toBe(before.entries);
    expect(new Set(differences.map(({ type }) => type))).toEqual(
      new Set(['balance_differs', 'transaction_unbalanced', 'entries_missing', 'entry_orphaned']),
    );
  });
});
