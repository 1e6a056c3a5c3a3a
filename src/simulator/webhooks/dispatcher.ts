/**
 * Tells receivers what happened: at least once, three at a time each, in no promised order, again and again over three
 * days while they don't answer 2xx. What is still to be told is in the store, so it survives a restart.
 */

import type { Delivery, DeliveryMode } from '../stripe/tables.ts';
import { type Posted, Poster } from './post.ts';

export type Letter = { url: string; headers: Record<string, string>; body: string };

/** Whose deliveries they are: where they are kept, and what each says. */
export type Outlet = {
  /** Milliseconds, on the wall. */
  now: () => number;
  deliveries: () => Iterable<Delivery>;
  delivery: (id: string) => Delivery | undefined;
  keep: (delivery: Delivery) => Delivery;
  mode: () => DeliveryMode | undefined;
  keepMode: (mode: DeliveryMode) => DeliveryMode;
  /** Undefined where nobody is there to hear it any more. */
  letter: (delivery: Delivery) => Letter | undefined;
};

const PARALLEL = 3;
const GIVE_UP_AFTER_MS = 3 * 24 * 60 * 60 * 1000;
/** The longest pause is so many times the first one: half a minute, when the first is half a second. */
const LONGEST_PAUSE = 60;

const ORDINARY: DeliveryMode = { id: 'deliveries', paused: false, reorder: false, dropNext: 0, duplicateNext: 0 };

export class Dispatcher {
  readonly #outlet: Outlet;
  readonly #retryBaseMs: number;
  /** All that is pending: ready, flying or waiting for its next try. */
  readonly #open = new Set<string>();
  /** And how many of those each event has. */
  readonly #untold = new Map<string, number>();
  readonly #ready = new Map<string, Set<string>>();
  readonly #flying = new Map<string, number>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #poster = new Poster();
  #stopped = false;

  constructor(outlet: Outlet, retryBaseMs: number) {
    this.#outlet = outlet;
    this.#retryBaseMs = retryBaseMs;
    for (const delivery of outlet.deliveries()) if (delivery.status === 'pending') this.#schedule(delivery);
  }

  /** How many receivers have yet to hear of an event. */
  untold(event: string): number {
    return this.#untold.get(event) ?? 0;
  }

  get pending(): number {
    return this.#open.size;
  }

  get mode(): DeliveryMode {
    return this.#outlet.mode() ?? ORDINARY;
  }

  setMode(change: Partial<DeliveryMode>): DeliveryMode {
    const mode = this.#outlet.keepMode({ ...this.mode, ...change });
    for (const endpoint of this.#ready.keys()) this.#pump(endpoint);
    return mode;
  }

  /** Each when its time has come. */
  enqueue(ids: readonly string[]): void {
    for (const id of ids) this.#schedule(this.#outlet.delivery(id)!);
  }

  /** Sends one again now, whatever became of it before. */
  replay(id: string): Delivery | undefined {
    const delivery = this.#outlet.delivery(id);
    if (delivery === undefined) return undefined;
    clearTimeout(this.#waiting.get(id));
    this.#waiting.delete(id);
    const now = this.#outlet.now();
    const again = this.#outlet.keep({ ...delivery, status: 'pending', since: now, nextAt: now });
    this.#enqueue(id);
    return again;
  }

  /** What is on its way is cut off; after a restart it is sent again. */
  stop(): void {
    this.#stopped = true;
    this.#poster.stop();
    for (const timer of this.#waiting.values()) clearTimeout(timer);
  }

  #schedule(delivery: Delivery): void {
    const { id, nextAt } = delivery;
    this.#opened(delivery);
    const wait = nextAt - this.#outlet.now();
    if (wait <= 0) {
      this.#enqueue(id);
      return;
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      this.#enqueue(id);
    }, wait);
    this.#waiting.set(id, timer.unref());
  }

  #enqueue(id: string): void {
    const delivery = this.#outlet.delivery(id)!;
    const { endpoint } = delivery;
    const ready = this.#ready.get(endpoint) ?? new Set();
    this.#ready.set(endpoint, ready.add(id));
    this.#opened(delivery);
    // Not at once: the answer to the request that caused it goes out first, as a rule.
    setImmediate(() => this.#pump(endpoint));
  }

  #pump(endpoint: string): void {
    const ready = this.#ready.get(endpoint) ?? new Set();
    const flying = this.#flying.get(endpoint) ?? 0;
    const { paused, reorder } = this.mode;
    if (paused || this.#stopped || flying >= PARALLEL) return;
    const id = reorder ? [...ready].at(-1) : ready.values().next().value;
    if (id === undefined) return;
    ready.delete(id);
    this.#flying.set(endpoint, flying + 1);
    void this.#deliver(id).finally(() => {
      this.#flying.set(endpoint, this.#flying.get(endpoint)! - 1);
      this.#pump(endpoint);
    });
    this.#pump(endpoint);
  }

  async #deliver(id: string): Promise<void> {
    const delivery = this.#outlet.delivery(id)!;
    if (delivery.status !== 'pending') return;
    const letter = this.#outlet.letter(delivery);
    if (letter === undefined) {
      this.#record(delivery, { status: 'failed', lastAnswer: 'the endpoint is gone' });
      return;
    }
    const { dropNext, duplicateNext } = this.mode;
    if (dropNext > 0) {
      this.setMode({ dropNext: dropNext - 1 });
      this.#failed(delivery, 'dropped');
      return;
    }
    if (duplicateNext > 0) this.setMode({ duplicateNext: duplicateNext - 1 });
    const answer = await this.#send(letter);
    if (duplicateNext > 0) await this.#send(letter);
    if (this.#stopped) return;
    if (answer.ok) this.#record(delivery, { status: 'delivered', lastAnswer: answer.text });
    else this.#failed(delivery, answer.text);
  }

  #send({ url, headers, body }: Letter): Promise<Posted> {
    return this.#poster.post(url, headers, body);
  }

  #failed(delivery: Delivery, lastAnswer: string): void {
    const now = this.#outlet.now();
    if (now - delivery.since > GIVE_UP_AFTER_MS) {
      this.#record(delivery, { status: 'failed', lastAnswer });
      return;
    }
    const doubled = this.#retryBaseMs * 2 ** Math.min(delivery.attempts, 30);
    const pause = Math.min(doubled, this.#retryBaseMs * LONGEST_PAUSE) * (0.5 + Math.random());
    this.#schedule(this.#record(delivery, { nextAt: now + pause, lastAnswer }));
  }

  #record(delivery: Delivery, change: Partial<Delivery>): Delivery {
    if (change.status !== undefined) this.#closed(delivery);
    return this.#outlet.keep({ ...delivery, ...change, attempts: delivery.attempts + 1 });
  }

  #opened({ id, event }: Delivery): void {
    if (this.#open.has(id)) return;
    this.#open.add(id);
    this.#untold.set(event, this.untold(event) + 1);
  }

  #closed({ id, event }: Delivery): void {
    if (!this.#open.delete(id)) return;
    const left = this.untold(event) - 1;
    if (left === 0) this.#untold.delete(event);
    else this.#untold.set(event, left);
  }
}
