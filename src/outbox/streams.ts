/**
 * Events to whoever listens on an open connection. One look at the log serves all who listen to this process; somebody who comes
 * back with the id of what they heard last is first told what they missed.
 */
import type { Db } from '../db/client.ts';
import { type Announcement, newAnnouncements, newestSeq, seqOf, toldBetween } from '../db/outbox.ts';
import { inTenant, type Scope } from '../db/tenant.ts';
import type { CustomerId } from '../domain/ids.ts';
import { eventBody } from './event-body.ts';

export type Listening = Scope & {
  /** Only what is this customer's; null: all of the tenant's. */
  customer: CustomerId | null;
  /** Null: of every type. */
  types: readonly string[] | null;
  /** The last event that was heard. */
  after: string | null;
};

export type Streams = {
  /** Something was announced. */
  wake(): void;
  listen(listening: Listening): AsyncIterable<string>;
  stop(): void;
};

type Listener = { wants(announcement: Announcement): boolean; tell(announcement: Announcement): void; end(): void };

const POLL_MS = 5_000;
const HEARTBEAT_MS = 15_000;
/** Whoever falls so far behind comes back with the last id it has, and reads on from there. */
const HELD = 1_000;
/** By then its token may be another's. */
const LONGEST_MS = 3_600_000;
const AT_ONCE = 500;

export function createStreams({ db, log }: { db: Db; log: { error(fields: object, message: string): void } }): Streams {
  const listeners = new Set<Listener>();
  let seen: number | null = null;
  let looking: Promise<void> | null = null;
  let isWoken = false;
  const timer = setInterval(() => wake(), POLL_MS).unref();

  /** Nobody listens: nothing is read. */
  function wake(): void {
    isWoken = true;
    looking ??= look().finally(() => {
      looking = null;
      if (isWoken && listeners.size > 0) wake();
    });
  }

  async function look(): Promise<void> {
    isWoken = false;
    if (listeners.size === 0 || seen === null) return;
    try {
      for (let more = true; more; ) {
        const news = await newAnnouncements(db, seen, AT_ONCE);
        for (const announcement of news) {
          for (const listener of listeners) if (listener.wants(announcement)) listener.tell(announcement);
        }
        seen = news.at(-1)?.seq ?? seen;
        more = news.length === AT_ONCE;
      }
    } catch (error) {
      log.error(
        { error: error instanceof Error ? error.name : 'unknown' },
        'streams cannot be told now; they are later',
      );
    }
  }

  async function* listen({ tenant, mode, customer, types, after }: Listening): AsyncGenerator<string> {
    const queue: Announcement[] = [];
    let isOver = false;
    let wakeUp = () => {};
    const listener: Listener = {
      wants: (each) =>
        each.tenant === tenant &&
        each.mode === mode &&
        (customer === null || (each.customer === customer && isForCustomers(each.type))) &&
        (types === null || types.includes(each.type)),
      tell(announcement) {
        queue.push(announcement);
        if (queue.length > HELD) isOver = true;
        wakeUp();
      },
      end() {
        isOver = true;
        wakeUp();
      },
    };
    const longest = setTimeout(listener.end, LONGEST_MS).unref();
    try {
      yield ': you are listening\n\n';
      if (listeners.size === 0) seen = null;
      const from = await newestSeq(db);
      // Others may have begun meanwhile: what they have yet to be told isn't skipped, and what one was told is left out below.
      seen = Math.min(seen ?? from, from);
      listeners.add(listener);
      let told = from;
      if (after !== null) {
        const missed = await inTenant(db, { tenant, mode }, (trx) => seqOf(trx, after));
        for (let place = missed; place !== null && place < from; ) {
          const page = await inTenant(db, { tenant, mode }, (trx) => toldBetween(trx, place!, from, customer, AT_ONCE));
          for (const each of page) if (listener.wants(each)) yield said(each);
          place = page.length === AT_ONCE ? page.at(-1)!.seq : null;
        }
      }
      while (!isOver) {
        for (const each of queue.splice(0)) {
          if (each.seq <= told) continue;
          told = each.seq;
          yield said(each);
        }
        if (queue.length > 0 || isOver) continue;
        const isNews = await new Promise<boolean>((resolve) => {
          const quiet = setTimeout(resolve, HEARTBEAT_MS, false);
          wakeUp = () => {
            clearTimeout(quiet);
            resolve(true);
          };
        });
        if (!isNews) yield ':\n\n';
      }
    } finally {
      clearTimeout(longest);
      listeners.delete(listener);
    }
  }

  return {
    wake,
    listen,
    stop() {
      clearInterval(timer);
      for (const listener of listeners) listener.end();
    },
  };
}

/** What concerns those who look after the system is not their customers' business. */
const isForCustomers = (type: string): boolean => !type.startsWith('event.') && !type.startsWith('endpoint.');

const said = (announcement: Announcement): string =>
  `id: ${announcement.id}\nevent: ${announcement.type}\ndata: ${JSON.stringify(eventBody(announcement))}\n\n`;
