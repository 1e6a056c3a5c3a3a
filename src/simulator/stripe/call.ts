import { newId } from '../ids.ts';
import type { Store } from '../store.ts';
import { matches } from './event-filter.ts';
import type { Due, Tables } from './tables.ts';
import { API_VERSION } from './version.ts';
import type { StripeEvent } from './wire.ts';

/** Where an event without a test clock gets its time, and who must hear of it. */
export type World = {
  store: Store<Tables>;
  /** Milliseconds. */
  now: () => number;
  /** Where the simulator's own pages are. */
  url: () => string;
  /** How many receivers have yet to hear of an event. */
  untold: (event: string) => number;
  /** What an event brings about within the processor: a payment pays its invoice, an invoice its subscription. */
  react: (call: Call, type: string, object: object) => void;
  /** The receiver given by the environment; its deliveries name it by this id. */
  ownEndpoint: string | null;
};

/** The wall's time, or one that is ahead of it. */
export const timeOf = (world: Pick<World, 'store' | 'now'>): number =>
  world.now() + (world.store.get('sim.clock', 'clock')?.ahead ?? 0);

/** One piece of work inside one transaction: a request, a switch that was thrown, or something that came due. */
export class Call {
  readonly store: Store<Tables>;
  readonly world: World;
  readonly request: { id: string | null; idempotency_key: string | null };
  readonly deliveries: string[] = [];
  readonly #afterwards: (() => void)[] = [];

  constructor(world: World, request: Call['request'] = { id: null, idempotency_key: null }) {
    this.world = world;
    this.store = world.store;
    this.request = request;
  }

  /** The simulator's own time, where no test clock says otherwise. */
  get timeMs(): number {
    return timeOf(this.world);
  }

  /** Seconds, by the customer's test clock if they have one. */
  now(customer: string | null = null): number {
    const clock = customer === null ? null : this.clockOf(customer);
    return clock === null ? Math.floor(this.timeMs / 1000) : this.store.get('test_clock', clock)!.frozen_time;
  }

  /** Seconds on a test clock; on the wall, where there is none (any more). */
  nowOn(clock: string | null): number {
    return this.store.get('test_clock', clock ?? '')?.frozen_time ?? this.now();
  }

  /** Has something done later; `at` null takes it back. What is scheduled under an id replaces what was. */
  schedule(id: string, at: number | null, clock: string | null, work: Due['work']): void {
    if (at !== null) this.store.put('sim.due', { id, at, clock, work });
    else if (this.store.get('sim.due', id) !== undefined) this.store.remove('sim.due', id);
  }

  clockOf(customer: string): string | null {
    const clock = this.store.get('customer', customer)?.test_clock ?? null;
    return clock !== null && this.store.get('test_clock', clock) !== undefined ? clock : null;
  }

  /** What Stripe does just after it has answered: same transaction, later than the answer's snapshot. */
  afterwards(work: () => void): void {
    this.#afterwards.push(work);
  }

  finish(): void {
    for (let work = this.#afterwards.shift(); work !== undefined; work = this.#afterwards.shift()) work();
  }

  emit(type: StripeEvent['type'], object: object, at: number, previous?: object): void {
    const receivers = this.#receiversOf(type);
    const event: StripeEvent = {
      id: newId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: at,
      data: { object, ...(previous && { previous_attributes: previous }) },
      livemode: false,
      pending_webhooks: receivers.length,
      request: this.request,
      type,
    };
    this.store.put('event', event);
    const since = this.world.now();
    const delayMs = this.store.get('sim.mode', 'deliveries')?.delayMs ?? 0;
    for (const endpoint of receivers) {
      const { id } = this.store.put('sim.delivery', {
        id: newId('whd'),
        event: event.id,
        endpoint,
        status: 'pending',
        attempts: 0,
        since,
        nextAt: since + delayMs,
        lastAnswer: null,
      });
      this.deliveries.push(id);
    }
    this.world.react(this, type, object);
  }

  #receiversOf(type: string): string[] {
    const made = [...this.store.all('webhook_endpoint')]
      .filter(({ status, enabled_events }) => status === 'enabled' && matches(type, enabled_events))
      .map(({ id }) => id);
    return this.world.ownEndpoint === null ? made : [this.world.ownEndpoint, ...made];
  }
}
