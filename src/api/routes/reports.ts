/** What finance asks at the end of a month. All of it comes as JSON, or as a table. */
import { z } from 'zod';
import type { Page, Slice } from '../../db/page.ts';
import { agingAt, owedInvoices } from '../../db/reports/aging.ts';
import { churnByMonth } from '../../db/reports/churn.ts';
import { issuedInvoices } from '../../db/reports/invoice-list.ts';
import { mrrByMonth } from '../../db/reports/mrr.ts';
import { type StatementOf, statementBalances, statementEntries } from '../../db/reports/statement.ts';
import { waterfall } from '../../db/reports/waterfall.ts';
import { inTenant } from '../../db/tenant.ts';
import { type Column, CSV_TYPE, csvOf } from '../../documents/csv.ts';
import { type AccountCode, chart } from '../../domain/ledger.ts';
import { dayOf, type TimeZone } from '../../domain/time.ts';
import { tenantZone } from '../calendar.ts';
import { cursorOf, listBody, pageOf } from '../paging.ts';
import { badField } from '../problem.ts';
import {
  agingColumns,
  churnColumns,
  issuedColumns,
  mrrColumns,
  showAging,
  showChurn,
  showIssued,
  showMrr,
  showOwed,
  showStatementEntry,
  showWaterfall,
  statementColumns,
  waterfallColumns,
} from '../reports.ts';
import { type Call, ok, paper, type Reply, route } from '../route.ts';
import {
  agingReport,
  churnReport,
  dayRange,
  issuedInvoice,
  monthRange,
  monthsProblem,
  mrrReport,
  statementReport,
  waterfallReport,
} from '../schemas/reports.ts';
import { day, text } from '../schemas/text.ts';
import { currency, customerId, listOf, page } from '../schemas.ts';

const reading = {
  tag: 'Reports',
  who: ['finance', 'admin', 'owner', 'service'],
  grant: 'reports:read',
  method: 'get',
  csv: true,
} as const;
const report = (about: string, schema: z.ZodType) => ({ 200: { about, schema, types: [CSV_TYPE] } });
const table = <Row>(
  columns: readonly Column<Row>[],
  rows: AsyncIterable<Row[]> | Iterable<Row[]>,
  name: string,
): Reply => paper(csvOf(columns, rows), CSV_TYPE, `${name}.csv`);

type Range = { from: string; to: string; timeZone?: string | undefined };

const zoneOf = async (call: Call, asked: string | undefined): Promise<TimeZone> => asked ?? tenantZone(call);

async function monthsOf(call: Call<unknown, Range>) {
  const { query } = call;
  const problem = monthsProblem(query);
  if (problem) throw badField('to', problem);
  return { from: query.from, to: query.to, timeZone: await zoneOf(call, query.timeZone) };
}

async function daysOf(call: Call<unknown, Range>) {
  const { query } = call;
  if (query.from >= query.to) throw badField('to', `is ${query.to}, and has to come after ${query.from}`);
  return { from: query.from, to: query.to, timeZone: await zoneOf(call, query.timeZone) };
}

const mrr = route({
  ...reading,
  path: '/api/admin/reports/mrr',
  summary: 'How monthly recurring revenue moved',
  about:
    'By month: what it was, what became of it, what it is. `by` says who counts as lost or new: a customer, or each subscription by itself.',
  query: z.strictObject({ ...monthRange, by: z.enum(['customer', 'subscription']).optional() }),
  answers: report('The movements come to the difference of each month’s ends.', mrrReport),
  async handle(call) {
    const { parts, scope, query, wantsCsv } = call;
    const { by = 'customer' } = query;
    const months = await monthsOf(call);
    const rows = await inTenant(parts.db, scope, (trx) => mrrByMonth(trx, months, by));
    return wantsCsv ? table(mrrColumns, [rows], 'mrr') : ok({ ...months, by, currencies: showMrr(rows) });
  },
});

const churn = route({
  ...reading,
  path: '/api/admin/reports/churn',
  summary: 'Who was lost, and how much with them',
  about:
    'Of those who paid something at a month’s beginning: who pays nothing at its end. Net churn counts what the others pay more.',
  query: z.strictObject(monthRange),
  answers: report('By currency and month.', churnReport),
  async handle(call) {
    const { parts, scope, wantsCsv } = call;
    const months = await monthsOf(call);
    const rows = await inTenant(parts.db, scope, (trx) => churnByMonth(trx, months));
    return wantsCsv ? table(churnColumns, [rows], 'churn') : ok({ ...months, currencies: showChurn(rows) });
  },
});

const aging = route({
  ...reading,
  path: '/api/admin/reports/aging',
  summary: 'What is owed, by how long it has been due',
  about:
    'At the end of a day, from the entries of the receivable accounts: it comes to their balance at that moment. With a customer, invoice by invoice.',
  query: z.strictObject({
    on: day.optional().openapi({ description: 'Without it: today.' }),
    customerId: customerId.optional(),
    timeZone: monthRange.timeZone,
  }),
  answers: report('By currency and customer.', agingReport),
  async handle(call) {
    const { parts, scope, query, wantsCsv } = call;
    const zone = await zoneOf(call, query.timeZone);
    const { on = dayOf(Date.now(), zone), customerId: customer = null } = query;
    const of = { day: on, timeZone: zone, customer };
    const { rows, owed } = await inTenant(parts.db, scope, async (trx) => ({
      rows: await agingAt(trx, of),
      owed: customer === null ? null : await owedInvoices(trx, of),
    }));
    if (wantsCsv) return table(agingColumns, [rows], `aging-${on}`);
    const invoices = owed && { invoices: owed.map(showOwed(on, zone)) };
    return ok({ on, timeZone: zone, currencies: showAging(rows), ...invoices });
  },
});

const account = z.enum(Object.keys(chart) as [AccountCode, ...AccountCode[]]);

const statement = route({
  ...reading,
  path: '/api/admin/reports/account-statement',
  summary: 'An account’s entries between two days',
  about:
    'With what it held before them, after each of them and at the end; a debit is positive. `owner` is a customer, a jurisdiction or a product; without it, all accounts of that name together.',
  query: page.extend({ ...dayRange, account, currency, owner: text(255).optional() }),
  answers: report('In the order of their time.', statementReport),
  async handle(call) {
    const { account: code, owner = null, currency: unit, limit, cursor } = call.query;
    const days = await daysOf(call);
    const of: StatementOf = { ...days, code, owner, currency: unit };
    if (call.wantsCsv) {
      const name = `statement-${code}-${days.from}-${days.to}`;
      const { opening } = await inTenant(call.parts.db, call.scope, (trx) => statementBalances(trx, of));
      const read = (next: Page) =>
        inTenant(call.parts.db, call.scope, (trx) => statementEntries(trx, of, next, opening));
      return table(statementColumns(unit, days.timeZone), everyPage(read), name);
    }
    const paging = pageOf({ ...(limit && { limit }), ...(cursor !== undefined && { cursor }) }, 'timeNumberAndAmount');
    const { balances, slice } = await inTenant(call.parts.db, call.scope, async (trx) => {
      const found = await statementBalances(trx, of);
      return { balances: found, slice: await statementEntries(trx, of, paging, found.opening) };
    });
    const entries = slice.rows.map(showStatementEntry);
    return ok({
      ...days,
      account: code,
      owner,
      currency: unit,
      ...balances,
      entries,
      nextCursor: cursorOf(slice.next),
    });
  },
});

const invoices = route({
  ...reading,
  path: '/api/admin/reports/invoices',
  summary: 'Every invoice issued between two days',
  about: 'For the books of somebody else. As a table, all of them at once.',
  query: page.extend(dayRange),
  answers: report('In the order of issue.', listOf(issuedInvoice, 'IssuedInvoice')),
  async handle(call) {
    const { parts, scope, wantsCsv } = call;
    const { from, to, timeZone: _, ...paging } = call.query;
    const days = await daysOf(call);
    const read = (next: Page) => inTenant(parts.db, scope, (trx) => issuedInvoices(trx, days, next));
    if (!wantsCsv) return ok(listBody(await read(pageOf(paging, 'timeAndId')), showIssued));
    return table(issuedColumns(days.timeZone), everyPage(read), `invoices-${from}-${to}`);
  },
});

const deferred = route({
  ...reading,
  path: '/api/admin/reports/deferred-revenue',
  summary: 'Deferred revenue, by when it came and when it is earned',
  about:
    'The waterfall: each row is what a month deferred, net of discounts, and its cells are the months that earn it. What came before the range is one row, what is earned after it one cell.',
  query: z.strictObject({ from: monthRange.from, to: monthRange.to }),
  answers: report('Each row comes to what it defers.', waterfallReport),
  async handle({ parts, scope, query, wantsCsv }) {
    const { from, to } = query;
    const problem = monthsProblem(query);
    if (problem) throw badField('to', problem);
    const cells = await inTenant(parts.db, scope, (trx) => waterfall(trx, { from, to }));
    if (wantsCsv) return table(waterfallColumns, [cells], 'deferred-revenue');
    return ok({ from, to, currencies: showWaterfall(cells) });
  },
});

const ROWS_AT_ONCE = 2_000;

/** So that neither the database nor this process holds a year of a busy account at once. */
async function* everyPage<Row>(read: (page: Page) => Promise<Slice<Row>>): AsyncGenerator<Row[]> {
  for (let after: string | null = null; ; ) {
    const slice: Slice<Row> = await read({ limit: ROWS_AT_ONCE, after });
    yield slice.rows;
    if (slice.next === null) return;
    after = slice.next;
  }
}

export const reportRoutes = [mrr, churn, aging, statement, invoices, deferred];
