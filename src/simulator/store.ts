/**
 * Rows in memory, changed in transactions, kept in a journal.
 *
 * Rows are never edited in place: `put` replaces one. So undoing a transaction is putting the old rows back, and a
 * snapshot inside an event is just a reference. Transactions are synchronous, hence one at a time.
 */
import { type Change, compact, Journal, type Row, replay } from './journal.ts';
import { type Index, Lookup } from './lookup.ts';
import { Rows } from './rows.ts';

type Name<Tables> = Extract<keyof Tables, string>;

export class Store<Tables extends { [Name in keyof Tables]: Row }> {
  readonly #tables = new Map<string, Rows>();
  readonly #lookups = new Map<Index<Row>, Lookup>();
  readonly #journal: Journal | null;
  #before: Map<string, [table: string, id: string, row: Row | undefined]> | null = null;

  /** Without a path nothing is kept. `isStale` says which rows needn't survive a start. */
  constructor(path: string | null, isStale: (table: string, row: Row) => boolean = () => false) {
    if (path === null) {
      this.#journal = null;
      return;
    }
    const changes = replay(path, (change) => {
      for (const [table, id, row] of change) this.#set(table, id, row);
    });
    for (const [name, rows] of this.#tables) {
      for (const row of [...rows]) if (isStale(name, row)) this.#set(name, row.id, null);
    }
    compact(path, changes, this.#everything());
    this.#journal = new Journal(path);
  }

  get<N extends Name<Tables>>(table: N, id: string): Tables[N] | undefined {
    return this.#tables.get(table)?.get(id) as Tables[N] | undefined;
  }

  /** Oldest first. */
  all<N extends Name<Tables>>(table: N): Iterable<Tables[N]> {
    return this.#rows(table) as Iterable<Row> as Iterable<Tables[N]>;
  }

  /** From the row before `than` on, when it is named. */
  newestFirst<N extends Name<Tables>>(table: N, than?: string): Iterable<Tables[N]> {
    return this.#rows(table).olderThan(than) as Iterable<Tables[N]>;
  }

  newerThan<N extends Name<Tables>>(table: N, id: string): Iterable<Tables[N]> {
    return this.#rows(table).newerThan(id) as Iterable<Tables[N]>;
  }

  /** The rows that an index holds under a key, in the index's order. It is built when it is first asked. */
  find<N extends Name<Tables>>(table: N, index: Index<Tables[N]>, key: string): Tables[N][] {
    const rows = this.#rows(table);
    return this.#lookup(table, index as Index<Row>)
      .under(key)
      .map(({ id }) => rows.get(id) as Tables[N]);
  }

  first<N extends Name<Tables>>(table: N, index: Index<Tables[N]>, key: string): Tables[N] | undefined {
    const first = this.#lookup(table, index as Index<Row>).under(key)[0];
    return first && (this.#row(table, first.id) as Tables[N]);
  }

  put<N extends Name<Tables>>(table: N, row: Tables[N]): Tables[N] {
    this.#change(table, row.id, row);
    return row;
  }

  remove(table: Name<Tables>, id: string): void {
    this.#change(table, id, null);
  }

  /** All that `work` changes is kept, or, when it throws, nothing. */
  transaction<T>(work: () => T): T {
    if (this.#before !== null) return work();
    const before = new Map<string, [string, string, Row | undefined]>();
    this.#before = before;
    try {
      const result = work();
      const change: Change = [...before.values()].map(([table, id]) => [table, id, this.#row(table, id) ?? null]);
      if (change.length > 0) this.#journal?.append(change);
      return result;
    } catch (error) {
      for (const [table, id, row] of [...before.values()].reverse()) this.#set(table, id, row ?? null);
      throw error;
    } finally {
      this.#before = null;
    }
  }

  close(): void {
    this.#journal?.close();
  }

  #change(table: string, id: string, row: Row | null): void {
    if (this.#before === null) throw new Error(`${table} ${id} was changed outside of a transaction`);
    const key = `${table} ${id}`;
    if (!this.#before.has(key)) this.#before.set(key, [table, id, this.#row(table, id)]);
    this.#set(table, id, row);
  }

  #set(table: string, id: string, row: Row | null): void {
    const rows = this.#rows(table);
    if (row === null) rows.delete(id);
    else rows.set(row);
    for (const lookup of this.#lookups.values()) {
      if (lookup.table !== table) continue;
      if (row === null) lookup.forget(id);
      else lookup.note(row);
    }
  }

  #lookup(table: string, index: Index<Row>): Lookup {
    const known = this.#lookups.get(index);
    if (known !== undefined) return known;
    const lookup = new Lookup(table, index);
    for (const row of this.#rows(table)) lookup.note(row);
    this.#lookups.set(index, lookup);
    return lookup;
  }

  #rows(table: string): Rows {
    const rows = this.#tables.get(table) ?? new Rows();
    this.#tables.set(table, rows);
    return rows;
  }

  #row(table: string, id: string): Row | undefined {
    return this.#tables.get(table)?.get(id);
  }

  #everything(): Change {
    return [...this.#tables].flatMap(([table, rows]) => [...rows].map((row) => [table, row.id, row] as const));
  }
}
