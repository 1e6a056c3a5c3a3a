import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeSpans } from '../../src/db/commit/earnings.ts';
import { post } from '../../src/db/ledger.ts';
import { type Close, closedMonths, closeThrough, nextToClose } from '../../src/db/periods.ts';
import { recogniseThrough } from '../../src/db/revenue.ts';
import { inTenant, type Scope } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import { spanOf } from '../../src/domain/earning.ts';
import { type KeyedPosting, paymentReceived } from '../../src/domain/ledger.ts';
import { at } from '../domain/builders.ts';
import { asLedger, OTHER, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();
const NOW = at('2027-03-10');
const close = (through: string, scope: Scope = SCOPE, now = NOW): Promise<Close> =>
  inTenant(database.db, scope, (trx) => closeThrough(trx, scope, { through, by: 'user/1', now }));
const about = { customer: 'cus_1', subscription: null, currency: 'usd' } as const;
const paid = (key: string, when: string, amount = 100): KeyedPosting => ({
  ...paymentReceived(amount, { ...about, at: at(when) }),
  key,
});
const book = (...postings: KeyedPosting[]) => inTenant(database.db, SCOPE, (trx) => post(trx, postings));
const transaction = (key: string) =>
  inTenant(database.db, SCOPE, (trx) =>
    trx.selectFrom('ledger_transactions').select(['at', 'belongs_to']).where('key', '=', key).executeTakeFirstOrThrow(),
  );

beforeAll(async () => {
  // Its months begin at five in the morning of UTC.
  await sql`update tenants set time_zone = 'America/New_York' where id = ${SCOPE.tenant}`.execute(database.db);
});

describe('a month is closed', () => {
  it('in order, from the first in which anything was posted, and once', async () => {
    await book(paid('dec', '2026-12-15'), paid('jan', '2027-01-15'), paid('last', '2027-02-01T04:59:00Z'));
    expect(await close('2026-12')).toEqual({ outcome: 'closed', months: ['2026-12'] });
    expect(await close('2026-12')).toEqual({ outcome: 'closed', months: [] });
    expect(await close('2026-11')).toEqual({ outcome: 'closed', months: [] });
    const closed = await inTenant(database.db, SCOPE, closedMonths);
    expect(closed.map(({ month, endsAt, closedBy }) => [month, endsAt.toISOString(), closedBy])).toEqual([
      ['2026-12', '2027-01-01T05:00:00.000Z', 'user/1'],
    ]);
    expect(await inTenant(database.db, SCOPE, (trx) => nextToClose(trx, NOW))).toEqual({
      ...{ month: '2027-01', isOver: true, problems: [] },
    });
  });

  it('only when it is over, by the calendar of the tenant', async () => {
    expect(await close('2027-03')).toEqual({ outcome: 'not_over', month: '2027-03', today: '2027-03-10' });
    expect(await close('2027-02', SCOPE, at('2027-03-01T04:59:59Z'))).toMatchObject({ outcome: 'not_over' });
  });

  it('only when all its days are recognised', async () => {
    const period = { from: '2027-01-20', to: '2027-02-20' };
    await inTenant(database.db, SCOPE, (trx) =>
      writeSpans(trx, { customer: 'cus_1', subscription: 'sub_1', currency: 'usd' }, [
        ...[{ invoice: 'inv_1' as const, ordinal: 0, span: spanOf({ amount: 3100, period }, '2027-01-20')! }].map(
          (each) => ({ ...each, cause: 'invoice' as const, reference: 'invoice/inv_1' }),
        ),
      ]),
    );
    const problems = (from: string) => [{ type: 'days_not_recognised', count: 1, examples: [`sub_1 from ${from}`] }];
    expect(await close('2027-01')).toEqual({ outcome: 'problems', month: '2027-01', problems: problems('2027-01-20') });
    await recogniseThrough(database.db, SCOPE, { through: '2027-01-30', clock: null });
    expect(await close('2027-02')).toEqual({ outcome: 'problems', month: '2027-02', problems: problems('2027-01-31') });
    await recogniseThrough(database.db, SCOPE, { through: '2027-01-31', clock: null });
    expect(await close('2027-01')).toEqual({ outcome: 'closed', months: ['2027-01'] });
  });

  it('by itself in each tenant and mode', async () => {
    expect(await inTenant(database.db, OTHER, closedMonths)).toEqual([]);
    expect(await inTenant(database.db, OTHER, (trx) => nextToClose(trx, NOW))).toBeNull();
    expect(await close('2027-01', OTHER)).toEqual({ outcome: 'closed', months: ['2027-01'] });
  });

  it('and says so in the audit log', async () => {
    const rows = await inTenant(database.db, SCOPE, (trx) =>
      trx
        .selectFrom('audit_log')
        .select(['actor_ref', 'subject', 'to_state'])
        .where('action', '=', 'close_month')
        .execute(),
    );
    expect(rows).toContainEqual({ actor_ref: 'user/1', subject: 'ledger/2027-01', to_state: 'closed' });
  });
});

describe('a closed month', () => {
  it('takes nothing: what comes late is posted to the open one, with its day', async () => {
    await book(
      paid('late', '2027-01-20'),
      paid('last moment', '2027-02-01T04:59:59.999Z'),
      paid('new', '2027-02-01T05:00:00Z'),
    );
    const opens = new Date('2027-02-01T05:00:00Z');
    expect(await transaction('late')).toEqual({ at: opens, belongs_to: '2027-01-20' });
    expect(await transaction('last moment')).toEqual({ at: opens, belongs_to: '2027-01-31' });
    expect(await transaction('new')).toEqual({ at: opens, belongs_to: null });
  });

  it('gets no revenue of days that come to be known late', async () => {
    const period = { from: '2027-01-25', to: '2027-02-03' };
    const span = spanOf({ amount: 900, period, product: 'late' }, '2027-01-25')!;
    await inTenant(database.db, SCOPE, (trx) =>
      writeSpans(trx, { customer: 'cus_1', subscription: 'sub_2', currency: 'usd' }, [
        { invoice: 'inv_2', ordinal: 0, span, cause: 'invoice', reference: 'invoice/inv_2' },
      ]),
    );
    await recogniseThrough(database.db, SCOPE, { through: '2027-02-28', clock: null });
    const { rows } = await inTenant(database.db, SCOPE, (trx) =>
      sql<{ booked_on: string; posted_on: string; belongs_to: string | null }>`
        select booked_on, (at at time zone 'America/New_York')::date as posted_on, belongs_to
        from revenue_days join earning_spans on earning_spans.id = span_id
          join ledger_transactions on ledger_transactions.id = transaction_id
        where product = 'late' order by booked_on`.execute(trx),
    );
    expect(rows).toEqual([
      ...[25, 26, 27, 28, 29, 30, 31].map((day) => ({
        ...{ booked_on: `2027-01-${day}`, posted_on: '2027-02-01', belongs_to: `2027-01-${day}` },
      })),
      { booked_on: '2027-02-01', posted_on: '2027-02-01', belongs_to: null },
      { booked_on: '2027-02-02', posted_on: '2027-02-02', belongs_to: null },
    ]);
  });

  it('is kept by the database itself', async () => {
    const insert = asLedger(database.db, SCOPE, (trx) =>
      trx
        .insertInto('ledger_transactions')
        .values({
          ...{ tenant_id: SCOPE.tenant, mode: SCOPE.mode, key: 'by hand', kind: 'payment_received', entry_count: 0 },
          at: new Date('2027-01-10T00:00:00Z'),
        })
        .execute(),
    );
    await expect(insert).rejects.toThrow(/by hand.*comes after month 2027-01 was closed/);
  });

  it('is not opened again', async () => {
    await expect(sql`delete from ledger_periods`.execute(database.db)).rejects.toThrow('append-only');
    await expect(sql`update ledger_periods set ends_at = now()`.execute(database.db)).rejects.toThrow('append-only');
  });

  it('has all that was posted to it before, whoever raced', async () => {
    const posting = (async () => {
      const all: Promise<unknown>[] = [];
      for (let i = 0; i < 60; i++) {
        all.push(book(paid(`race/${i}/a`, '2027-02-20'), paid(`race/${i}/b`, '2027-02-27')));
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      await Promise.all(all);
    })();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const inFebruary = () =>
      inTenant(database.db, SCOPE, async (trx) => {
        const { rows } = await sql<{ count: number }>`
          select count(*) from ledger_transactions
          where at >= '2027-02-01T05:00Z' and at < '2027-03-01T05:00Z'`.execute(trx);
        return rows[0]!.count;
      });
    expect(await close('2027-02')).toEqual({ outcome: 'closed', months: ['2027-02'] });
    const atClosing = await inFebruary();
    await posting;
    expect(await inFebruary()).toBe(atClosing);
    const { rows } = await inTenant(database.db, SCOPE, (trx) =>
      sql<{ moved: boolean; days: number; count: number }>`
        select at >= '2027-03-01T05:00Z' as moved, count(belongs_to) as days, count(*) as count
        from ledger_transactions where key like 'race/%' group by 1 order by 1`.execute(trx),
    );
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(120);
    for (const { moved, days, count } of rows) expect(days).toBe(moved ? count : 0);
    expect((await verifyLedger(database.db)).differences).toEqual([]);
  });
});
