/** Runs calls, one transaction each, and sees to what follows: deliveries, and what comes due. */
import { carryOut, nextDue } from './billing.ts';
import { Call, timeOf, type World } from './call.ts';
import type { Subscription } from './tables.ts';

/** The longest that a timer of Node's can wait. */
const LONGEST_MS = 2 ** 31 - 1;

export class Engine {
  readonly world: World;
  readonly #deliver: (deliveries: readonly string[]) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(world: World, deliver: (deliveries: readonly string[]) => void) {
    this.world = world;
    this.#deliver = deliver;
    this.#arm();
  }

  act<T>(work: (call: Call) => T): T {
    const call = new Call(this.world);
    const result = this.world.store.transaction(() => {
      const result = work(call);
      call.finish();
      return result;
    });
    this.#deliver(call.deliveries);
    this.#arm();
    return result;
  }

  get time(): number {
    return timeOf(this.world);
  }

  /** Time stops at each thing that comes due on the way. */
  advance(to: number): void {
    for (let next = this.#next(); next !== null && next.at <= to; next = this.#next()) {
      this.#setTime(Math.max(next.at, this.time));
      const { id } = next.row;
      this.act((call) => carryOut(call, call.store.get('subscription', id)!));
    }
    this.#setTime(Math.max(to, this.time));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #setTime(at: number): void {
    this.act(({ store }) => store.put('sim.clock', { id: 'clock', ahead: at - this.world.now() }));
  }

  #next(): { at: number; row: Subscription } | null {
    let first: { at: number; row: Subscription } | null = null;
    for (const row of this.world.store.all('subscription')) {
      const at = nextDue(row);
      if (at !== null && (first === null || at < first.at)) first = { at, row };
    }
    return first;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#next();
    if (next === null) return;
    const wait = Math.max(0, next.at - this.time);
    this.#timer = setTimeout(() => this.#runDue(), Math.min(wait, LONGEST_MS)).unref();
  }

  #runDue(): void {
    const next = this.#next();
    if (next !== null && next.at <= this.time)
      this.act((call) => carryOut(call, call.store.get('subscription', next.row.id)!));
    else this.#arm();
  }
}
