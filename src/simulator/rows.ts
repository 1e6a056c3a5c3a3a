import type { Row } from './journal.ts';

/** A table in memory that can be walked from any of its rows, in both directions. */
export class Rows {
  readonly #rows = new Map<string, Row>();
  /** Ids in the order in which they came; what was deleted leaves a gap. */
  #order: (string | null)[] = [];
  readonly #places = new Map<string, number>();

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  set(row: Row): void {
    if (!this.#rows.has(row.id)) this.#places.set(row.id, this.#order.push(row.id) - 1);
    this.#rows.set(row.id, row);
  }

  delete(id: string): void {
    if (!this.#rows.delete(id)) return;
    this.#order[this.#places.get(id)!] = null;
    this.#places.delete(id);
    if (this.#order.length > 2 * this.#rows.size + 100) this.#closeGaps();
  }

  [Symbol.iterator](): Iterator<Row> {
    return this.#rows.values();
  }

  *olderThan(id?: string): Generator<Row> {
    const order = this.#order;
    for (let place = (id === undefined ? order.length : this.#places.get(id)!) - 1; place >= 0; place--) {
      const here = order[place];
      if (typeof here === 'string') yield this.#rows.get(here)!;
    }
  }

  *newerThan(id: string): Generator<Row> {
    const order = this.#order;
    for (let place = this.#places.get(id)! + 1; place < order.length; place++) {
      const here = order[place];
      if (typeof here === 'string') yield this.#rows.get(here)!;
    }
  }

  #closeGaps(): void {
    this.#order = this.#order.filter((id) => id !== null);
    this.#order.forEach((id, place) => {
      this.#places.set(id!, place);
    });
  }
}
