import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { post } from '../../src/db/ledger.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { verifyNewEntries } from '../../src/db/verify-new-entries.ts';
import { type KeyedPosting, paymentReceived } from '../../src/domain/ledger.ts';
import { START } from '../domain/builders.ts';
import { OTHER, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();

const about = { customer: 'cus_1', subscription: null, currency: 'usd', at: START } as const;
let made = 0;
const payment = (amount = 100): KeyedPosting => ({ ...paymentReceived(amount, about), key: `p/${made++}` });
const pay = (count: number, scope = SCOPE) =>
  inTenant(database.db, scope, (trx) =>
    post(
      trx,
      Array.from({ length: count }, () => payment()),
    ),
  );
const verify = () => verifyNewEntries(database.db, { patienceMs: 100 });

/** As someone could who owns the database. */
async function behindTheTriggers(...statements: string[]): Promise<void> {
  for (const table of ['ledger_entries', 'ledger_balances', 'ledger_transactions']) {
    await sql`alter table ${sql.table(table)} disable trigger user`.execute(database.db);
  }
  for (const statement of statements) await sql.raw(statement).execute(database.db);
  for (const table of ['ledger_entries', 'ledger_balances', 'ledger_transactions']) {
    await sql`alter table ${sql.table(table)} enable trigger user`.execute(database.db);
  }
}

it('looks at what is new, of all tenants, and at nothing twice', async () => {
  await pay(3);
  await pay(2, OTHER);
  expect(await verify()).toMatchObject({ accounts: 4, transactions: 5, entries: 10, differences: [], since: null });
  expect(await verify()).toMatchObject({ accounts: 0, transactions: 0, entries: 0, remembered: true });
  await pay(1);
  const report = await verify();
  expect(report).toMatchObject({ accounts: 2, transactions: 1, entries: 2, differences: [], remembered: true });
  expect(report.since).toBeInstanceOf(Date);
});

it('misses nobody who began before and ended after others', async () => {
  await verify();
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let begun = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  // Its ids are lower than those of the other, and it is there later. Other accounts, so that nobody waits.
  const slow = inTenant(database.db, OTHER, async (trx) => {
    await post(trx, [payment()]);
    begun();
    await ended;
  });
  await hasBegun;
  await pay(1);
  const early = await verify();
  expect(early).toMatchObject({ transactions: 1, differences: [], remembered: false });
  end();
  await slow;
  expect(await verify()).toMatchObject({ transactions: 2, entries: 4, differences: [], remembered: true });
  expect(await verify()).toMatchObject({ transactions: 0 });
});

it('waits for those who write just now, and remembers then', async () => {
  const slow = inTenant(database.db, OTHER, async (trx) => {
    await post(trx, [payment()]);
    await sql`select pg_sleep(0.3)`.execute(trx);
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const report = await verifyNewEntries(database.db);
  await slow;
  expect(report).toMatchObject({ transactions: 1, remembered: true });
});

describe('finds what was done behind the back of the triggers', () => {
  beforeEach(async () => {
    await pay(2);
    expect(await verify()).toMatchObject({ differences: [] });
    await pay(2);
  });

  const LAST = '(select max(id) from ledger_entries)';
  it.each([
    [
      'a new entry changed',
      `update ledger_entries set amount = amount + 1 where id = ${LAST}`,
      `update ledger_entries set amount = amount - 1 where id = ${LAST}`,
      ['transaction_unbalanced', 'balance_differs'],
    ],
    [
      'a new entry of nobody',
      `insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
        values ('ten_1', 'test', 999999, 999999, 'usd', 1)`,
      'delete from ledger_entries where account_id = 999999',
      ['entry_orphaned', 'balance_differs'],
    ],
    [
      'an entry added to an old transaction',
      `insert into ledger_entries (tenant_id, mode, transaction_id, account_id, currency, amount)
        select tenant_id, mode, transaction_id, account_id, currency, 7 from ledger_entries order by id limit 1`,
      'delete from ledger_entries where amount = 7',
      ['transaction_unbalanced', 'entries_missing', 'balance_differs'],
    ],
    [
      'a balance that moved by something else',
      `update ledger_balances set amount = amount + 1 where account_id = (select account_id from ledger_entries where id = ${LAST})`,
      `update ledger_balances set amount = amount - 1 where account_id = (select account_id from ledger_entries where id = ${LAST})`,
      ['balance_differs'],
    ],
  ])('%s, each time until it is put right', async (_what, doIt, undoIt, types) => {
    await behindTheTriggers(doIt);
    for (let time = 0; time < 2; time++) {
      const { differences, remembered } = await verify();
      expect(remembered).toBe(false);
      expect(new Set(differences.map(({ type }) => type))).toEqual(new Set(types));
    }
    await behindTheTriggers(undoIt);
    expect(await verify()).toMatchObject({ differences: [], remembered: true });
  });

  it('but not what was changed after it had been verified: that is for the whole', async () => {
    await verify();
    // Both legs and both balances, so that nothing but the memory tells.
    const both = (by: number) => [
      `update ledger_entries set amount = amount + sign(amount) * ${by}
        where transaction_id = (select min(id) from ledger_transactions)`,
      `update ledger_balances set amount = amount + ${by} * (select sign(amount) from ledger_entries as entry
          where entry.account_id = ledger_balances.account_id order by id limit 1)
        where account_id in (select account_id from ledger_entries
          where transaction_id = (select min(id) from ledger_transactions))`,
    ];
    await behindTheTriggers(...both(5));
    expect((await verify()).differences).toEqual([]);
    expect((await verifyLedger(database.db)).differences).toMatchObject([
      { type: 'verified_sum_differs' },
      { type: 'verified_sum_differs' },
    ]);
    await behindTheTriggers(...both(-5));
    expect((await verifyLedger(database.db)).differences).toEqual([]);
  });
});

it('takes turns where two verify at once', async () => {
  await pay(1);
  const reports = await Promise.all([verify(), verify(), verify()]);
  expect(reports.map(({ transactions }) => transactions).sort()).toEqual([0, 0, 1]);
  expect((await verifyLedger(database.db)).differences).toEqual([]);
});
