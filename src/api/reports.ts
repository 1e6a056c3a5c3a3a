/** How reports are shown: as JSON by currency, and as tables with a row for everything that JSON has in its lists. */
import type { AgingRow, OwedInvoice } from '../db/reports/aging.ts';
import { AGES } from '../db/reports/aging.ts';
import type { ChurnMonth } from '../db/reports/churn.ts';
import type { IssuedInvoice } from '../db/reports/invoice-list.ts';
import type { MrrMonth } from '../db/reports/mrr.ts';
import type { StatementEntry } from '../db/reports/statement.ts';
import type { WaterfallCell } from '../db/reports/waterfall.ts';
import { type Column, decimal } from '../documents/csv.ts';
import type { Currency } from '../domain/currency.ts';
import { divide, formatDecimal } from '../domain/money.ts';
import type { MrrMovementKind } from '../domain/mrr.ts';
import { type Day, dayOf, daysBetween, type TimeZone } from '../domain/time.ts';

const KINDS = ['new', 'expansion', 'contraction', 'churn', 'reactivation'] as const satisfies MrrMovementKind[];

export function byCurrency<Row extends { currency: Currency }, Shown>(
  rows: readonly Row[],
  show: (own: Row[], currency: Currency) => Shown,
): Shown[] {
  const currencies = [...new Set(rows.map(({ currency }) => currency))].sort();
  return currencies.map((currency) =>
    show(
      rows.filter((row) => row.currency === currency),
      currency,
    ),
  );
}

export const showMrr = (rows: readonly MrrMonth[]) =>
  byCurrency(rows, (own, currency) => ({
    currency,
    months: own.map(({ month, opening, moved, closing }) => ({ month, opening, ...moved, closing })),
  }));

export const mrrColumns: Column<MrrMonth>[] = [
  { name: 'currency', value: ({ currency }) => currency },
  { name: 'month', value: ({ month }) => month },
  { name: 'opening', value: ({ opening, currency }) => decimal(opening, currency) },
  ...KINDS.map((kind) => ({
    name: kind,
    value: ({ moved, currency }: MrrMonth) => decimal(moved[kind].amount, currency),
  })),
  { name: 'closing', value: ({ closing, currency }) => decimal(closing, currency) },
];

/** Rounded to a hundredth of a percent, half away from zero; null of nothing. */
export const percentOf = (part: number, whole: number): string | null => {
  if (whole === 0) return null;
  const hundredths = divide(BigInt(part) * 10_000n, BigInt(whole));
  return `${hundredths < 0n ? '-' : ''}${formatDecimal(hundredths < 0n ? -hundredths : hundredths, 2, 2)}`;
};

const churnOf = ({ customers, recurring }: ChurnMonth) => {
  const { opening, lost, contracted, expanded } = recurring;
  return {
    churnPercent: percentOf(customers.lost, customers.opening),
    grossChurnPercent: percentOf(lost + contracted, opening),
    netChurnPercent: percentOf(lost + contracted - expanded, opening),
  };
};

export const showChurn = (rows: readonly ChurnMonth[]) =>
  byCurrency(rows, (own, currency) => ({
    currency,
    months: own.map((row) => {
      const { churnPercent, ...percents } = churnOf(row);
      const { month, customers, recurring } = row;
      return { month, customers: { ...customers, churnPercent }, recurring: { ...recurring, ...percents } };
    }),
  }));

export const churnColumns: Column<ChurnMonth>[] = [
  { name: 'currency', value: ({ currency }) => currency },
  { name: 'month', value: ({ month }) => month },
  { name: 'customersOpening', value: ({ customers }) => customers.opening },
  { name: 'customersLost', value: ({ customers }) => customers.lost },
  { name: 'customersWon', value: ({ customers }) => customers.won },
  { name: 'customersClosing', value: ({ customers }) => customers.closing },
  { name: 'churnPercent', value: (row) => churnOf(row).churnPercent },
  { name: 'recurringOpening', value: ({ recurring, currency }) => decimal(recurring.opening, currency) },
  { name: 'recurringLost', value: ({ recurring, currency }) => decimal(recurring.lost, currency) },
  { name: 'recurringContracted', value: ({ recurring, currency }) => decimal(recurring.contracted, currency) },
  { name: 'recurringExpanded', value: ({ recurring, currency }) => decimal(recurring.expanded, currency) },
  { name: 'grossChurnPercent', value: (row) => churnOf(row).grossChurnPercent },
  { name: 'netChurnPercent', value: (row) => churnOf(row).netChurnPercent },
];

const COLUMNS_OF_AGE = [...AGES, 'unassigned', 'total'] as const;

const agesOf = (row: AgingRow) => Object.fromEntries(COLUMNS_OF_AGE.map((age) => [age, row[age]]));
const agesTogether = (rows: readonly AgingRow[]) =>
  Object.fromEntries(COLUMNS_OF_AGE.map((age) => [age, rows.reduce((sum, row) => sum + row[age], 0)]));

export const showAging = (rows: readonly AgingRow[]) =>
  byCurrency(rows, (own, currency) => ({
    currency,
    total: agesTogether(own),
    customers: own.map((row) => ({ customerId: row.customer, ...agesOf(row) })),
  }));

export const agingColumns: Column<AgingRow>[] = [
  { name: 'currency', value: ({ currency }) => currency },
  { name: 'customerId', value: ({ customer }) => customer },
  ...COLUMNS_OF_AGE.map((age) => ({ name: age, value: (row: AgingRow) => decimal(row[age], row.currency) })),
];

export const showOwed = (day: Day, timeZone: TimeZone) => (row: OwedInvoice) => ({
  invoiceId: row.invoice,
  number: row.number,
  currency: row.currency,
  dueAt: row.due_at?.toISOString() ?? null,
  owed: row.amount,
  age: row.due_at === null ? 'unassigned' : ageOf(daysBetween(dayOf(row.due_at.getTime(), timeZone), day)),
});

const ageOf = (late: number) => AGES[late <= 0 ? 0 : late <= 30 ? 1 : late <= 60 ? 2 : late <= 90 ? 3 : 4]!;

export const showStatementEntry = (row: StatementEntry) => ({
  id: row.id,
  transactionId: row.transaction_id,
  key: row.key,
  kind: row.kind,
  at: row.at.toISOString(),
  owner: row.owner === '' ? null : row.owner,
  subscriptionId: row.subscription_id,
  invoiceId: row.invoice_id,
  debit: row.amount > 0 ? row.amount : null,
  credit: row.amount < 0 ? -row.amount : null,
  balance: row.balance,
});

/** Amounts of one account are in one currency. */
export const statementColumns = (currency: Currency, timeZone: TimeZone): Column<StatementEntry>[] => [
  { name: 'id', value: ({ id }) => id },
  { name: 'transactionId', value: ({ transaction_id }) => transaction_id },
  { name: 'on', value: ({ at }) => dayOf(at.getTime(), timeZone) },
  { name: 'at', value: ({ at }) => at.toISOString() },
  { name: 'kind', value: ({ kind }) => kind },
  { name: 'key', value: ({ key }) => key },
  { name: 'owner', value: ({ owner }) => owner },
  { name: 'subscriptionId', value: ({ subscription_id }) => subscription_id },
  { name: 'invoiceId', value: ({ invoice_id }) => invoice_id },
  { name: 'currency', value: () => currency },
  { name: 'debit', value: ({ amount }) => (amount > 0 ? decimal(amount, currency) : null) },
  { name: 'credit', value: ({ amount }) => (amount < 0 ? decimal(-amount, currency) : null) },
  { name: 'balance', value: ({ balance }) => decimal(balance, currency) },
];

export const showIssued = (row: IssuedInvoice) => ({
  id: row.id,
  number: row.number,
  state: row.state,
  customerId: row.customer_id,
  subscriptionId: row.subscription_id,
  currency: row.currency,
  ...Object.fromEntries(AMOUNTS.map(([name, column]) => [name, row[column]])),
  purchaseOrder: row.purchase_order,
  ...Object.fromEntries(TIMES.map(([name, column]) => [`${name}At`, row[column]?.toISOString() ?? null])),
});

const AMOUNTS = [
  ['subtotal', 'subtotal'],
  ['discount', 'discount'],
  ['tax', 'tax'],
  ['taxIncluded', 'tax_included'],
  ['total', 'total'],
  ['creditApplied', 'credit_applied'],
  ['amountDue', 'amount_due'],
  ['amountPaid', 'amount_paid'],
] as const;
const TIMES = [
  ['issued', 'issued_at'],
  ['due', 'due_at'],
  ['paid', 'paid_at'],
  ['voided', 'voided_at'],
] as const;

export const issuedColumns = (timeZone: TimeZone): Column<IssuedInvoice>[] => [
  { name: 'id', value: ({ id }) => id },
  { name: 'number', value: ({ number }) => number },
  { name: 'state', value: ({ state }) => state },
  { name: 'customerId', value: ({ customer_id }) => customer_id },
  { name: 'subscriptionId', value: ({ subscription_id }) => subscription_id },
  { name: 'currency', value: ({ currency }) => currency },
  ...AMOUNTS.map(([name, column]) => ({ name, value: (row: IssuedInvoice) => decimal(row[column], row.currency) })),
  { name: 'purchaseOrder', value: ({ purchase_order }) => purchase_order },
  ...TIMES.map(([name, column]) => ({
    name: `${name}On`,
    value: (row: IssuedInvoice) => row[column] && dayOf(row[column].getTime(), timeZone),
  })),
];

/** Rows by origin, the one before the range first; its cells are what is earned in each month, and what after them. */
export const showWaterfall = (cells: readonly WaterfallCell[]) =>
  byCurrency(cells, (own, currency) => ({
    currency,
    origins: [...new Set(own.map(({ origin }) => origin))].map((origin) => {
      const row = own.filter((cell) => cell.origin === origin);
      return {
        origin,
        deferred: row.reduce((sum, { amount }) => sum + amount, 0),
        earned: row.flatMap(({ earned, amount }) => (earned === null ? [] : [{ month: earned, amount }])),
        later: row.find(({ earned }) => earned === null)?.amount ?? 0,
      };
    }),
  }));

export const waterfallColumns: Column<WaterfallCell>[] = [
  { name: 'currency', value: ({ currency }) => currency },
  { name: 'origin', value: ({ origin }) => origin ?? 'before' },
  { name: 'earned', value: ({ earned }) => earned ?? 'later' },
  { name: 'amount', value: ({ amount, currency }) => decimal(amount, currency) },
];
