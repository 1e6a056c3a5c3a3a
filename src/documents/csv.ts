/** Tables as RFC 4180 has them, safe to be opened in a spreadsheet. */
import { type Currency, decimalsOf } from '../domain/currency.ts';
import { formatDecimal } from '../domain/money.ts';

export type Cell = string | number | boolean | null;
export type Column<Row> = { name: string; value: (row: Row) => Cell };

export const CSV_TYPE = 'text/csv; charset=utf-8';

/** In the currency's own unit, as accounting programs read it: "19.99", "-1999" for yen. */
export const decimal = (amount: number, currency: Currency): string => {
  const decimals = decimalsOf(currency);
  return `${amount < 0 ? '-' : ''}${formatDecimal(BigInt(Math.abs(amount)), decimals, decimals)}`;
};

/** The head, and then a line for each row, as many at a time as come together. */
export async function* csvOf<Row>(
  columns: readonly Column<Row>[],
  batches: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
): AsyncGenerator<string> {
  yield line(columns.map(({ name }) => name));
  for await (const rows of batches) {
    if (rows.length > 0) yield rows.map((row) => line(columns.map(({ value }) => value(row)))).join('');
  }
}

const line = (cells: readonly Cell[]): string => `${cells.map(cellOf).join(',')}\r\n`;

const NUMBER = /^-?\d+(\.\d+)?$/;
/** A spreadsheet takes what begins so for a formula and runs it, after spaces, too. */
const FORMULA = /^\s*[=+\-@\t\r|]/;

function cellOf(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
