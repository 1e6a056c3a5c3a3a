/** Runs calls, one transaction each, and sees to what follows: deliveries, and what comes due on the wall. */
import { Call, type World } from './call.ts';
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

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Time on test clocks stands still; only what hangs on the wall is waited for. */
  #arm(): void {
    clearTimeout(this.#timer);
    const next = nextOn(this.world, null);
    if (next === undefined) return;
    const wait = Math.max(0, next.at * 1000 - this.world.now());
    this.#timer = setTimeout(() => this.#runDue(), Math.min(wait, LONGEST_MS)).unref();
  }

  #runDue(): void {
    const now = this.world.now() / 1000;
    const next = nextOn(this.world, null);
    if (next !== undefined && next.at <= now) this.act((call) => carryOut(call, next));
    else this.#arm();
  }
}
