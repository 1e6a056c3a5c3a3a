/** A step that makes an invoice is stored once it is known what is taxed, and not before. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCommit } from '../../activities/commit.ts';
import { writeSeller } from '../../src/db/sellers.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { Shared } from '../../src/domain/shared.ts';
import { NOTHING_SHARED } from '../../src/domain/shared.ts';
import { outsideCalculator } from '../../src/tax/calculator.ts';
import { formChecker } from '../../src/tax/tax-ids.ts';
import { rowCounts, SCOPE, step } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { type FakeService, startService } from '../tax/service.ts';
import { useActivities } from './support.ts';

const { database, deps } = useActivities();
let service: FakeService;
beforeAll(async () => {
  service = await startService();
  const address = { line1: null, line2: null, city: null, postalCode: null, region: 'WA', country: 'US' };
  const options = {
    belowEuThreshold: true,
    unknownTaxIds: 'taxed',
    taxBehavior: 'exclusive',
    timeZone: 'UTC',
  } as const;
  const seller = { ...options, legalName: 'Acme', address, taxIds: [], registrations: [], invoiceFooter: null };
  await inTenant(database.db, SCOPE, (trx) => writeSeller(trx, SCOPE, seller, START));
});
afterAll(() => service?.stop());

const brought = (shared: Shared) => {
  const calculator = outsideCalculator({ url: service.url, timeoutMs: 500 });
  const commit = createCommit({ ...deps(), cardKey: Buffer.alloc(32), taxes: { calculator, taxIds: formChecker } });
  return commit({ ...step(draft({ id: 'sub_taxed' }), [subscribe(), START]), wanted: {}, shared });
};

test('while the calculator is away nothing is stored, and nothing is taken for untaxed', async () => {
  const before = await rowCounts(database.db);
  service.answer = { status: 503 };
  await expect(brought(NOTHING_SHARED)).rejects.toThrow('the tax calculator gives no answer: it answered 503');
  expect(await rowCounts(database.db)).toEqual(before);
});

test('once it answers, the step is decided by that, and its invoice names the seller', async () => {
  const rates = { standard: [{ jurisdiction: 'US-WA', name: 'State', percent: '6.5' }], reduced: [], exempt: [] };
  const tax = { treatment: 'taxed', note: null, rates };
  service.answer = { body: tax };
  const stale = await brought(NOTHING_SHARED);
  expect(stale).toMatchObject({ outcome: 'stale', shared: { tax } });
  expect(service.asked.at(-1)).toMatchObject({ seller: { country: 'US', region: 'WA' }, day: '2027-01-01' });
  const known = stale.outcome === 'stale' ? stale.shared : null;
  expect(await brought(known!)).toEqual({ outcome: 'committed' });
  const invoices = await database.db.selectFrom('invoices').select(['seller_version', 'buyer_version']).execute();
  expect(invoices).toEqual([{ seller_version: 1, buyer_version: null }]);
});
