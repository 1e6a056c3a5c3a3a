/** Runs calls, one transaction each, and sees to what follows: deliveries, and what comes due on the wall. */
import { Call, timeOf, type World } from './call.ts';
import { carryOut, nextOn } from './due.ts';

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

  run<T>(request: Call['request'], work: (call: Call) => T): T {
    const call = new Call(this.world, request);
    const result = this.world.store.transaction(() => {
      const result = work(call);
      call.finish();
      return result;
    });
    this.#deliver(call.deliveries);
    this.#arm();
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
    clearTimeout(this.#timer);
  }

  /** Time on test clocks stands still; only what hangs on the wall is waited for. */
  #arm(): void {
    clearTimeout(this.#timer);
    const next = nextOn(this.world, null);
    if (next === undefined) return;
    const wait = Math.max(0, (next.at - this.time) * 1000);
    this.#timer = setTimeout(() => this.#runDue(), Math.min(wait, LONGEST_MS)).unref();
  }

  #runDue(): void {
    const next = nextOn(this.world, null);
    if (next !== undefined && next.at <= this.time) this.act((call) => carryOut(call, next));
    else this.#arm();
  }
}
