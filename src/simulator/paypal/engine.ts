/** Runs calls, one transaction each, and sees to what follows: deliveries, and what comes due. */
import { Alarm } from '../alarm.ts';
import { carryOut, nextDue } from './billing.ts';
import { Call, timeOf, type World } from './call.ts';
import type { Subscription } from './tables.ts';

export class Engine {
  readonly world: World;
  readonly #deliver: (deliveries: readonly string[]) => void;
  readonly #alarm = new Alarm(
    () => this.#wait(),
    () => this.#runDue(),
  );

  constructor(world: World, deliver: (deliveries: readonly string[]) => void) {
    this.world = world;
    this.#deliver = deliver;
    this.#alarm.set();
  }

  act<T>(work: (call: Call) => T): T {
    const call = new Call(this.world);
    const result = this.world.store.transaction(() => {
      const result = work(call);
      call.finish();
      return result;
    });
    this.#deliver(call.deliveries);
    this.#alarm.set();
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
    this.#alarm.stop();
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

  #wait(): number | null {
    const next = this.#next();
    return next === null ? null : next.at - this.time;
  }

  #runDue(): void {
    const next = this.#next();
    if (next !== null && next.at <= this.time)
      this.act((call) => carryOut(call, call.store.get('subscription', next.row.id)!));
    else this.#alarm.set();
  }
}
