/** Many rows for one statement, an array for each column: objects would be made, written as JSON and read again. */
import { type RawBuilder, sql } from 'kysely';
import { scalars } from './arrays.ts';

type Column<Row> = readonly [type: string, of: (row: Row) => string | number | boolean | null];

/** What stands in a `from`. The text never varies, so the statement around it may be prepared. */
export function recordset<Row>(
  name: string,
  columns: Readonly<Record<string, Column<Row>>>,
): (rows: readonly Row[]) => RawBuilder<unknown> {
  const heading = sql.raw(`as ${name} (${Object.keys(columns).join(', ')})`);
  const each = Object.values(columns).map(([type, of]) => ({ cast: sql.raw(`::${type}[]`), of }));
  return (rows) =>
    sql`unnest(${sql.join(each.map(({ cast, of }) => sql`${scalars(rows.map(of))}${cast}`))}) ${heading}`;
}
