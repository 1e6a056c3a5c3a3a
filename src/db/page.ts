/** A page begins after the last row that was seen, so nothing is skipped or shown twice when rows are added. */
export type Page = { limit: number; after: string | null };
export type Slice<Row> = { rows: Row[]; next: string | null };

type Ordered<Row> = { limit(most: number): { execute(): Promise<Row[]> } };

/** Asks for one row more than the page holds: whether there is more is known without counting. */
export async function sliceOf<Row>(
  query: Ordered<Row>,
  { limit }: Page,
  keyOf: (row: Row) => string,
): Promise<Slice<Row>> {
  const rows = await query.limit(limit + 1).execute();
  return rows.length > limit ? { rows: rows.slice(0, limit), next: keyOf(rows[limit - 1]!) } : { rows, next: null };
}
