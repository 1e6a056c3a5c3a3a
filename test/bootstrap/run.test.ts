import { readFileSync } from 'node:fs';
/** What every other test stands on: the parts that one run shares. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { onServer } from '../support/on-server.ts';
import { connectTemporal, TEST_NAMESPACE, type TestTemporal } from '../support/temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await connectTemporal();
});
afterAll(() => temporal.close());

test('a database of one’s own is migrated, apart from others, and gone when dropped', async () => {
  const [mine, other] = [await createTestDatabase(), await createTestDatabase()];
  expect(await tablesOf(mine.url)).toContain('kysely_migration');
  await onServer(mine.url, 'create table only_mine (id int)');
  expect(await tablesOf(other.url)).not.toContain('only_mine');
  await mine.drop();
  await expect(tablesOf(mine.url)).rejects.toThrow('does not exist');
  await other.drop();
});

test('the Temporal server knows our search attributes in both namespaces', async () => {
  for (const namespace of ['hydra-live', TEST_NAMESPACE]) {
    const { customAttributes } = await temporal.client.connection.operatorService.listSearchAttributes({ namespace });
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(['BillingState', 'BillingTenant', 'BillingPlan', 'BillingAttention', 'BillingNextDueAt']),
    );
  }
});

test('the workflows are bundled', () => {
  expect(readFileSync(inject('workflowBundlePath'), 'utf8')).toContain('advance_clock');
});

async function tablesOf(url: string): Promise<string[]> {
  const rows = await onServer(url, `select table_name from information_schema.tables where table_schema = 'public'`);
  return rows.map((row) => row.table_name);
}
