import { randomInt, randomUUID } from 'node:crypto';
import type { Store } from '../store.ts';
import type { Link, PaypalEvent, Tables } from './tables.ts';
import type { Behaviour, Trouble } from './troubles.ts';

export type World = {
  store: Store<Tables>;
  /** Milliseconds on the wall. PayPal's time may be ahead of it. */
  now: () => number;
  url: () => string;
  /** The receiver given by the environment. */
  own: { id: string; url: string } | null;
};

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** In PayPal's form: capitals and digits. */
export const code = (length = 17): string => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');

export const timeOf = (world: Pick<World, 'store' | 'now'>): number =>
  world.now() + (world.store.get('sim.clock', 'clock')?.ahead ?? 0);

/** One piece of work inside one transaction: a request, a switch that was thrown, or something that came due. */
export class Call {
  readonly world: World;
  readonly store: Store<Tables>;
  readonly deliveries: string[] = [];
  /** Troubles that were met. They are used up even where the request is refused and all else is undone. */
  readonly met: string[] = [];
  readonly #afterwards: (() => void)[] = [];

  constructor(world: World) {
    this.world = world;
    this.store = world.store;
  }

  get at(): number {
    return timeOf(this.world);
  }

  /** PayPal's time as it writes it, or one so many seconds later. */
  time(at: number = this.at): string {
    return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  link(rel: string, path: string, method = 'GET'): Link {
    return { href: `${this.world.url()}${path}`, rel, method };
  }

  /** Same transaction, later than the answer's snapshot. */
  afterwards(work: () => void): void {
    this.#afterwards.push(work);
  }

  finish(): void {
    for (let work = this.#afterwards.shift(); work !== undefined; work = this.#afterwards.shift()) work();
  }

  /** Uses up one of the times that a trouble has left. */
  meets(...behaviours: Behaviour[]): Trouble | null {
    for (const row of this.store.all('sim.trouble')) {
      if (!behaviours.includes(row.behaviour)) continue;
      this.met.push(row.id);
      this.useUp(row.id);
      return row;
    }
    return null;
  }

  useUp(id: string): void {
    const row = this.store.get('sim.trouble', id)!;
    if (row.times === 1) this.store.remove('sim.trouble', id);
    else if (row.times !== null) this.store.put('sim.trouble', { ...row, times: row.times - 1 });
  }

  emit(event_type: string, resource_type: string, summary: string, resource: object): void {
    const event: PaypalEvent = this.store.put('event', {
      id: `WH-${code()}-${code()}`,
      ...{
        event_version: '1.0',
        create_time: new Date(this.at).toISOString(),
        resource_type,
        event_type,
        summary,
        resource,
      },
    });
    const { own } = this.world;
    if (own !== null) this.deliver(event.id, own.id);
    for (const { id, event_types } of this.store.all('webhook')) {
      if (event_types.some(({ name }) => name === '*' || name === event_type)) this.deliver(event.id, id);
    }
  }

  /** Each delivery has an id of its own; its repeats share it. */
  deliver(event: string, endpoint: string): void {
    const since = this.world.now();
    const delayMs = this.store.get('sim.mode', 'deliveries')?.delayMs ?? 0;
    const id = randomUUID();
    const common = { id, event, endpoint, status: 'pending', attempts: 0, lastAnswer: null } as const;
    this.store.put('sim.delivery', { ...common, since, nextAt: since + delayMs });
    this.deliveries.push(id);
  }
}
