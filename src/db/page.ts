/** A page begins after the last row that was seen, so nothing is skipped or shown twice when rows are added. */
export type Page = { limit: number; after: string | null };
export type Slice<Row> = { rows: Row[]; next: string | null };

/** From one row more than was asked for: whether there is more is known without counting. */
export const sliceOf = <Row>(rows: Row[], { limit }: Page, keyOf: (row: Row) => string): Slice<Row> =>
  rows.length > limit ? { rows: rows.slice(0, limit), next: keyOf(rows[limit - 1]!) } : { rows, next: null };
