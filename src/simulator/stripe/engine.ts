/** Runs calls, one transaction each, and sees to what follows: deliveries, and what comes due on the wall. */
import { Alarm } from '../alarm.ts';
import { Call, timeOf, type World } from './call.ts';
import { carryOut, nextOn } from './due.ts';

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

  run<T>(request: Call['request'], work: (call: Call) => T): T {
    const call = new Call(this.world, request);
    const result = this.world.store.transaction(() => {
      const result = work(call);
      call.finish();
      return result;
    });
    this.#deliver(call.deliveries);
    this.#alarm.set();
    return result;
  }

  /** Work that no request asked for. */
  act<T>(work: (call: Call) => T): T {
    return this.run({ id: null, idempotency_key: null }, work);
  }

  /** Seconds. */
  get time(): number {
    return timeOf(this.world) / 1000;
  }

  /** The simulator's own time goes ahead of the wall's, and stops at each thing that comes due on the way. */
  advance(to: number): void {
    for (let next = nextOn(this.world, null); next !== undefined && next.at <= to; next = nextOn(this.world, null)) {
      const due = next;
      this.#setTime(Math.max(due.at, this.time));
      this.act((call) => carryOut(call, due));
    }
    this.#setTime(Math.max(to, this.time));
  }

  #setTime(to: number): void {
    this.act(({ store }) => store.put('sim.clock', { id: 'clock', ahead: Math.ceil(to * 1000 - this.world.now()) }));
  }

  stop(): void {
    this.#alarm.stop();
  }

  /** Time on test clocks stands still; only what hangs on the wall is waited for. */
  #wait(): number | null {
    const next = nextOn(this.world, null);
    return next === undefined ? null : (next.at - this.time) * 1000;
  }

  #runDue(): void {
    const next = nextOn(this.world, null);
    if (next !== undefined && next.at <= this.time) this.act((call) => carryOut(call, next));
    else this.#alarm.set();
  }
}
