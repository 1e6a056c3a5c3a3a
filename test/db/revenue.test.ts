/** The database recognises what the core says, to the minor unit, whoever runs it and however often. */
import { fc } from '@fast-check/vitest';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { creditSpans, earnRest, type LineSpan, takeBackSpans, writeSpans } from '../../src/db/commit/earnings.ts';
import { recogniseThrough } from '../../src/db/revenue.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import {
  bookedThrough,
  creditedSpan,
  type Earned,
  endedOn,
  mirrored,
  type Span,
  spanOf,
} from '../../src/domain/earning.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import { prorate } from '../../src/domain/money.ts';
import { addDays, type Day, daysBetween } from '../../src/domain/time.ts';
import { earnedLine } from '../support/earning.ts';
import { addCustomer, SCOPE, useDatabase } from './support.ts';

const database = useDatabase();
const inScope = <T>(work: Parameters<typeof inTenant<T>>[2]) => inTenant(database.db, SCOPE, work);
const recognise = (through: Day, rowsAtOnce?: number) =>
  recogniseThrough(database.db, SCOPE, { through, clock: null }, rowsAtOnce === undefined ? {} : { rowsAtOnce });

let count = 0;
const newSubscription = (): SubscriptionId => `sub_r${++count}`;

const write = (subscription: SubscriptionId, spans: readonly Span[]) =>
  inScope((trx) =>
    writeSpans(
      trx,
      { customer: 'cus_1', subscription, currency: 'usd' },
      spans.map(
        (span, ordinal): LineSpan => ({
          invoice: `inv_${subscription}`,
          ordinal,
          span,
          cause: 'invoice',
          reference: 'test',
        }),
      ),
    ),
  );

/** By the day on which it was booked, what all its spans have come to. */
const bookedOf = async (subscription: SubscriptionId): Promise<Map<Day, Earned>> => {
  const { rows } = await inScope((trx) =>
    sql<{ day: Day } & Earned>`
      select booked_on as day, sum(booked.gross) as gross, sum(booked.discount) as discount
      from revenue_days as booked join earning_spans as span on span.id = booked.span_id
      where span.subscription_id = ${subscription} group by booked_on order by booked_on`.execute(trx),
  );
  return new Map(rows.map(({ day, gross, discount }) => [day, { gross, discount }]));
};
const openOf = (subscription: SubscriptionId) =>
  inScope((trx) =>
    trx.selectFrom('earning_progress').selectAll().where('subscription_id', '=', subscription).execute(),
  );

/** What the core says of the days up to that one, those left out on which nothing comes together. */
function expected(spans: readonly Span[], through: Day): Map<Day, Earned> {
  const first = spans.reduce((min, { firstDay, knownOn }) => [min, firstDay, knownOn].sort()[0]!, through);
  const sumBy = (day: Day) =>
    spans.reduce(
      (sum, span) => {
        const { gross, discount } = bookedThrough(span, day);
        return { gross: sum.gross + gross, discount: sum.discount + discount };
      },
      { gross: 0, discount: 0 },
    );
  const days = new Map<Day, Earned>();
  let before = sumBy(addDays(first, -1));
  for (let i = 0; i <= daysBetween(first, through); i++) {
    const day = addDays(first, i);
    const now = sumBy(day);
    const earned = { gross: now.gross - before.gross, discount: now.discount - before.discount };
    if (earned.gross !== 0 || earned.discount !== 0) days.set(day, earned);
    before = now;
  }
  return days;
}
const withoutNothing = (days: Map<Day, Earned>) =>
  new Map([...days].filter(([, { gross, discount }]) => gross !== 0 || discount !== 0));

const known = fc.integer({ min: -20, max: 420 }).map((n) => addDays('2026-12-01', n));
const someSpans = (maxLength: number) =>
  fc
    .array(fc.tuple(earnedLine, known), { minLength: 1, maxLength })
    .map((lines) => lines.flatMap(([line, day]) => spanOf(line, day) ?? []).filter(isSafeTogether));
/** Sums of many of the largest amounts are for another test. */
const isSafeTogether = ({ rate }: Span) => Math.abs(rate.gross) < 10 ** 12;
const later = fc.array(known, { minLength: 1, maxLength: 4 }).map((days) => [...days].sort());

describe('recognition', () => {
  it('books what the core says, day by day, in whatever steps', async () => {
    await fc.assert(
      fc.asyncProperty(someSpans(40), later, fc.integer({ min: 300, max: 3_000 }), async (spans, days, rowsAtOnce) => {
        const subscription = newSubscription();
        await write(subscription, spans);
        for (const day of days) {
          await recognise(day, rowsAtOnce);
          expect(withoutNothing(await bookedOf(subscription))).toEqual(expected(spans, day));
        }
        await recognise('2029-01-01');
        expect(withoutNothing(await bookedOf(subscription))).toEqual(expected(spans, '2029-01-01'));
        expect(await openOf(subscription)).toEqual([]);
      }),
      { numRuns: 12 },
    );
    expect((await verifyLedger(database.db)).differences).toEqual([]);
  });

  it('of thousands of lines books each as the core says', async () => {
    const lines = fc.sample(fc.tuple(earnedLine, known), { numRuns: 5_000, seed: 7 });
    const spans = lines.flatMap(([line, day]) => spanOf(line, day) ?? []).filter(isSafeTogether);
    expect(spans.length).toBeGreaterThan(2_000);
    const subscription = newSubscription();
    await write(subscription, spans);
    for (const day of ['2027-03-01', '2027-06-17', '2029-01-01']) {
      await recognise(day);
      const { rows } = await inScope((trx) =>
        sql<Earned>`
          select coalesce(sum(booked.gross), 0) as gross, coalesce(sum(booked.discount), 0) as discount
          from earning_spans as span left join revenue_days as booked on booked.span_id = span.id
          where span.subscription_id = ${subscription} group by span.id order by span.id`.execute(trx),
      );
      expect(rows).toEqual(spans.map((span) => bookedThrough(span, day)));
    }
  });

  it('rounds as the core does, at the edges of what is safe', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: -(10 ** 15), max: 10 ** 15 }), fc.integer({ min: 1, max: 12_000 })), {
          minLength: 500,
          maxLength: 500,
        }),
        async (cases) => {
          const { rows } = await sql<{ amount: number }>`
            select prorated(amount, part, whole) as amount
            from unnest(${cases.map(([amount]) => amount)}::numeric[], ${cases.map(([, whole]) => whole >> 1)}::int[],
              ${cases.map(([, whole]) => whole)}::int[]) as tried (amount, part, whole)`.execute(database.db);
          expect(rows.map(({ amount }) => amount)).toEqual(
            cases.map(([amount, whole]) => prorate(amount, whole >> 1, whole)),
          );
        },
      ),
      { numRuns: 10 },
    );
  });

  it('runs twice as once, and at once as one after the other', async () => {
    const subscription = newSubscription();
    const span = spanOf(
      { amount: 3000, period: { from: '2027-01-01', to: '2027-02-01' }, product: 'app' },
      '2027-01-01',
    )!;
    await write(subscription, [span]);
    const runs = await Promise.all([1, 2, 3, 4].map(() => recognise('2027-01-20', 7)));
    expect(runs.reduce((sum, { rows }) => sum + rows, 0)).toBe(20);
    expect(await recognise('2027-01-20')).toEqual({ transactions: 0, rows: 0 });
    expect(await recognise('2027-01-10')).toEqual({ transactions: 0, rows: 0 });
    expect(await bookedOf(subscription)).toEqual(expected([span], '2027-01-20'));
  });
});

describe('corrections', () => {
  it('come to what the core says, wherever recognition has got to', async () => {
    await fc.assert(
      fc.asyncProperty(
        someSpans(8),
        fc.constantFrom('void', 'end', 'end then void' as const),
        known,
        known,
        fc.integer({ min: -3, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        async (all, what, on, after, ahead, pause) => {
          // Nothing is corrected before it is known.
          const spans = all.filter(({ knownOn }) => knownOn <= on);
          const subscription = newSubscription();
          const invoice = `inv_${subscription}` as const;
          await write(subscription, spans);
          await recognise(addDays(on, ahead));
          let facts = spans;
          if (what !== 'void') {
            await inScope((trx) => earnRest(trx, { subscription, day: on, reference: 'test' }));
            facts = facts.flatMap((span) => [span, ...endedOn(span, on)]);
          }
          const voidedOn = what === 'void' ? on : addDays(on, pause);
          if (what !== 'end') {
            if (what === 'end then void') await recognise(addDays(voidedOn, -1));
            await inScope((trx) => takeBackSpans(trx, [{ invoice, day: voidedOn }]));
            facts = facts.flatMap((span) => [span, mirrored(span, voidedOn)]);
          }
          const then = [after, addDays(voidedOn, Math.max(ahead, 0))].sort()[1]!;
          for (const day of [then, '2029-01-01']) {
            await recognise(day);
            expect(total(await bookedOf(subscription))).toEqual(total(expected(facts, day)));
          }
          // Where nothing was booked ahead of the correction, every day is as the core says.
          if (ahead < 0) expect(withoutNothing(await bookedOf(subscription))).toEqual(expected(facts, '2029-01-01'));
          expect(await openOf(subscription)).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
    expect((await verifyLedger(database.db)).differences).toEqual([]);
  });

  it('of a credit note take back their part of each line', async () => {
    const subscription = newSubscription();
    const line = { amount: 3100, discount: 310, period: { from: '2027-01-01', to: '2027-02-01' }, product: 'app' };
    const span = spanOf(line, '2027-01-01')!;
    await write(subscription, [span]);
    const credited = await inScope((trx) =>
      creditSpans(trx, {
        ...{ invoice: `inv_${subscription}`, day: '2027-01-11', reference: 'credit_note/cn_1' },
        lines: [
          { ordinal: 0, gross: 1000, discount: 100, from: null },
          { ordinal: 7, gross: 5, discount: 0, from: null },
        ],
      }),
    );
    expect(credited).toEqual(new Set([0]));
    await recognise('2029-01-01');
    const facts = [span, creditedSpan(span, { gross: 1000, discount: 100 }, '2027-01-11')];
    expect(await bookedOf(subscription)).toEqual(expected(facts, '2029-01-01'));
    expect(total(await bookedOf(subscription))).toEqual({ gross: 2100, discount: 210 });
  });

  it('of what lies ahead book nothing at all', async () => {
    const subscription = newSubscription();
    const year = { amount: 36_500, period: { from: '2027-01-01', to: '2028-01-01' }, product: 'app' };
    await write(subscription, [spanOf(year, '2027-01-01')!]);
    await recognise('2027-01-09');
    await inScope((trx) => earnRest(trx, { subscription, day: '2027-01-10', reference: 'test' }));
    expect(await recognise('2029-01-01')).toMatchObject({ rows: 2 });
    expect((await bookedOf(subscription)).get('2027-01-10')).toEqual({ gross: 35_600, discount: 0 });
  });
});

const total = (days: Map<Day, Earned>): Earned =>
  [...days.values()].reduce(
    (sum, { gross, discount }) => ({ gross: sum.gross + gross, discount: sum.discount + discount }),
    { gross: 0, discount: 0 },
  );

it("leaves a clock's customers to their clock", async () => {
  await inScope(async (trx) => {
    await addCustomer(trx, SCOPE, 'cus_clocked');
    const row = {
      tenant_id: SCOPE.tenant,
      mode: 'test' as const,
      id: 'clk_1' as const,
      now: new Date(),
      state: 'ready' as const,
    };
    await trx.insertInto('clocks').values(row).execute();
    await trx.updateTable('customers').set({ clock_id: 'clk_1' }).where('id', '=', 'cus_clocked').execute();
    const span = spanOf({ amount: 3100, period: { from: '2027-01-01', to: '2027-02-01' } }, '2027-01-01')!;
    await writeSpans(trx, { customer: 'cus_clocked', subscription: null, currency: 'jpy' }, [
      { invoice: 'inv_clocked', ordinal: 0, span, cause: 'invoice', reference: 'test' },
    ]);
  });
  expect(await recognise('2027-01-31')).toEqual({ transactions: 0, rows: 0 });
  const clocked = await recogniseThrough(database.db, SCOPE, { through: '2027-01-31', clock: 'clk_1' });
  expect(clocked).toEqual({ transactions: 31, rows: 31 });
});
