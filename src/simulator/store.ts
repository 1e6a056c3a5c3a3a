/**
 * Rows in memory, changed in transactions, kept in a journal.
 *
 * Rows are never edited in place: `put` replaces one. So undoing a transaction is putting the old rows back, and a
 * snapshot inside an event is just a reference. Transactions are synchronous, hence one at a time.
 */
import { type Change, compact, Journal, type Row, replay } from './journal.ts';

type Name<Tables> = Extract<keyof Tables, string>;

export class Store<Tables extends { [Name in keyof Tables]: Row }> {
  readonly #tables = new Map<string, Map<string, Row>>();
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
      for (const row of [...rows.values()]) if (isStale(name, row)) this.#set(name, row.id, null);
    }
    compact(path, changes, this.#everything());
    this.#journal = new Journal(path);
  }

  get<N extends Name<Tables>>(table: N, id: string): Tables[N] | undefined {
    return this.#tables.get(table)?.get(id) as Tables[N] | undefined;
  }

  /** Oldest first. */
  *all<N extends Name<Tables>>(table: N): Generator<Tables[N]> {
    yield* (this.#tables.get(table)?.values() ?? []) as Iterable<Tables[N]>;
  }

  newestFirst<N extends Name<Tables>>(table: N): Tables[N][] {
    return [...this.all(table)].reverse();
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
    const rows = this.#tables.get(table) ?? new Map<string, Row>();
    this.#tables.set(table, rows);
    if (row === null) rows.delete(id);
    else rows.set(id, row);
  }

  #row(table: string, id: string): Row | undefined {
    return this.#tables.get(table)?.get(id);
  }

  #everything(): Change {
    return [...this.#tables].flatMap(([table, rows]) => [...rows].map(([id, row]) => [table, id, row] as const));
  }
}
