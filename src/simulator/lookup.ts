import type { Row } from './journal.ts';

/** Under which key a row is found (null: under none), and where it stands among those of the same key; else as they came. */
export type Index<R> = { key: (row: R) => string | null; rank?: (row: R) => number };

type Entry = { id: string; key: string; rank: number; nth: number };

/** Follows a table and answers which of its rows have a key, without a search. */
export class Lookup {
  readonly table: string;
  readonly #index: Index<Row>;
  readonly #entries = new Map<string, Entry>();
  readonly #lists = new Map<string, Entry[]>();
  #count = 0;

  constructor(table: string, index: Index<Row>) {
    this.table = table;
    this.#index = index;
  }

  under(key: string): readonly Entry[] {
    return this.#lists.get(key) ?? [];
  }

  note(row: Row): void {
    const key = this.#index.key(row);
    const rank = this.#index.rank?.(row) ?? 0;
    const known = this.#entries.get(row.id);
    if (known !== undefined && known.key === key && known.rank === rank) return;
    this.forget(row.id);
    if (key === null) return;
    const entry = { id: row.id, key, rank, nth: this.#count++ };
    const list = this.#lists.get(key) ?? [];
    this.#lists.set(key, list);
    list.splice(placeOf(list, entry), 0, entry);
    this.#entries.set(row.id, entry);
  }

  forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const list = this.#lists.get(entry.key)!;
    list.splice(placeOf(list, entry), 1);
    if (list.length === 0) this.#lists.delete(entry.key);
    this.#entries.delete(id);
  }
}

/** Where an entry stands, or would stand: the first place that isn't before it. */
function placeOf(list: readonly Entry[], { rank, nth }: Entry): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = list[middle]!;
    if (other.rank < rank || (other.rank === rank && other.nth < nth)) low = middle + 1;
    else high = middle;
  }
  return low;
}
