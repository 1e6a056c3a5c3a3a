import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { bulkPoster } from '../../src/db/post-in-bulk.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { AccountCode, KeyedPosting } from '../../src/domain/ledger.ts';
import { START } from '../domain/builders.ts';
import { counting, OTHER, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();

const posting = (key: string, from: AccountCode, to: AccountCode, amount = 1): KeyedPosting => ({
  ...{ key, kind: 'payment_received', at: START, currency: 'usd', subscription: null },
  transfers: [{ from: { code: from, owner: 'cus_1' }, to: { code: to, owner: null }, amount }],
});
const payment = (key: string, amount = 1) => posting(key, 'receivable', 'cash', amount);

it('posts what many bring at once in a few transactions, each once, for each tenant its own', async () => {
  const { db, transactions } = counting(database.db);
  const post = bulkPoster(db);
  const callers = Array.from({ length: 300 }, (_, i) =>
    post(i % 3 === 0 ? OTHER : SCOPE, [payment(`many/${i}`), payment(`many/${i}/2`), payment('same')]),
  );
  const answers = (await Promise.all(callers)).flat();
  expect(answers.filter((answer) => answer === 'posted')).toHaveLength(2 * 300 + 2);
  expect(transactions()).toBe(2 + 1); // 600 of one tenant in two batches, 300 of the other in one
  const again = await post(SCOPE, [payment('many/1')]);
  expect(again).toEqual(['repeat']);
});

it('splits out what the database refuses, and says which rule it broke', async () => {
  const post = bulkPoster(database.db);
  const batch = Array.from({ length: 40 }, (_, i) => payment(`good/${i}`));
  batch.splice(17, 0, { ...posting('overdrawn', 'cash', 'customer_credit', 5) });
  batch.splice(30, 0, payment('too much', Number.MAX_SAFE_INTEGER), payment('too much, too', Number.MAX_SAFE_INTEGER));
  const answers = await post(SCOPE, batch);
  const refused = answers.flatMap((answer, i) => (typeof answer === 'string' ? [] : [[batch[i]!.key, answer]]));
  expect(refused).toMatchObject([
    ['overdrawn', { code: '23514', constraint: 'customer_credit_not_negative' }],
    ['too much', { code: '23514' }],
    ['too much, too', { code: '23514' }],
  ]);
  expect(answers.filter((answer) => answer === 'posted')).toHaveLength(40);
  expect((await verifyLedger(database.db)).differences).toEqual([]);
});

it('throws where the database is away, and takes the same again when it is back', async () => {
  let away = true;
  const db = new Proxy(database.db, {
    get: (target, name) => {
      if (name === 'transaction' && away) throw new Error('away');
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const post = bulkPoster(db);
  await expect(post(SCOPE, [payment('later'), payment('later/2')])).rejects.toThrow('away');
  away = false;
  expect(await post(SCOPE, [payment('later'), payment('later/2')])).toEqual(['posted', 'posted']);
});

it('remembers accounts once they are committed, and looks again where one is gone', async () => {
  const post = bulkPoster(database.db);
  const own = (key: string): KeyedPosting => posting(key, 'unapplied_cash', 'refunds');
  await expect(post(SCOPE, [own('first')])).resolves.toEqual(['posted']);
  await expect(post(SCOPE, [own('second')])).resolves.toEqual(['posted']);
  // As if an older backup had been restored below a process that goes on.
  for (const table of ['ledger_accounts', 'ledger_entries', 'ledger_balances', 'ledger_transactions']) {
    await sql`alter table ${sql.table(table)} disable trigger user`.execute(database.db);
    await sql`truncate ${sql.table(table)}`.execute(database.db);
    await sql`alter table ${sql.table(table)} enable trigger user`.execute(database.db);
  }
  await expect(post(SCOPE, [own('third'), own('first')])).resolves.toEqual(['posted', 'posted']);
  const { accounts, differences } = await verifyLedger(database.db);
  expect([accounts, differences]).toEqual([2, []]);
});
