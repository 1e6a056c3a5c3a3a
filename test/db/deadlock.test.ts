import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type Db } from '../../src/db/client.ts';
import { inRole } from '../../src/db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase(database.url, { applicationName: 'test', max: 4 });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

test('of two that wait for each other one goes again, and both are done', async () => {
  let tries = 0;
  const taking = (first: number, second: number) =>
    inRole(db, 'hydra_relay', async (trx) => {
      tries++;
      await sql`select pg_advisory_xact_lock(${first}::bigint)`.execute(trx);
      await sql`select pg_sleep(0.2)`.execute(trx);
      await sql`select pg_advisory_xact_lock(${second}::bigint)`.execute(trx);
      return 'done';
    });
  expect(await Promise.all([taking(1, 2), taking(2, 1)])).toEqual(['done', 'done']);
  expect(tries).toBe(3);
});
