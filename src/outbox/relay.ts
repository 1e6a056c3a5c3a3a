/**
 * Outbox to consumers: in order per subscription, each at least once, under ids that never change. Several relays may run:
 * each takes what nobody holds. Killed anywhere, what was not acknowledged is brought again when the lease has ended.
 */
import { randomUUID } from 'node:crypto';
import type { Db } from '../db/client.ts';
import { type Announcement, advance, announce, enrol, forget, holdFor, isEnrolled, lease } from '../db/outbox.ts';
import { failPoint } from '../fail-point.ts';
import { backOff } from '../relay/settings.ts';
import type { Consumer } from './consumer.ts';
import { type OutboxSettings, outboxSettings } from './settings.ts';

export type OutboxLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type OutboxRelayOptions = {
  db: Db;
  consumers: readonly Consumer[];
  log: OutboxLog;
  settings?: Partial<OutboxSettings>;
};

export type OutboxRelay = {
  /** Something was left in the outbox. */
  wake(): void;
  /** Something was announced, by another relay maybe. */
  wakeTellers(): void;
  /** Announces and tells until nothing is left that it may take. */
  drain(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

type Loop = { wake(): void; ended: Promise<void> };

export function createOutboxRelay({ db, consumers, log, ...options }: OutboxRelayOptions): OutboxRelay {
  const settings: OutboxSettings = { ...outboxSettings, ...options.settings };
  const holder = randomUUID();
  let stopping = false;
  let announcing: Loop | null = null;
  let telling: Loop[] = [];
  let forgetAt = 0;

  async function announceAll(): Promise<boolean> {
    const count = await announce(db, settings.announceAtOnce);
    if (count > 0) {
      failPoint('outbox.announced');
      wakeTellers();
    }
    if (Date.now() >= forgetAt) await forgetOld();
    return count === settings.announceAtOnce;
  }

  async function forgetOld(): Promise<void> {
    const gone = await forget(db, new Date(Date.now() - settings.keptMs), settings.forgottenAtOnce);
    if (gone < settings.forgottenAtOnce) forgetAt = Date.now() + settings.forgetEveryMs;
  }

  /** Of each shard that has news and that nobody holds, at once. */
  async function tellAll(teller: Teller): Promise<boolean> {
    const { name } = teller.consumer;
    const { shardsAtOnce: shards, leaseMs: forMs } = settings;
    const leased = await lease(db, { consumer: name, holder, shards, each: teller.atOnce, forMs });
    const told = await Promise.all(leased.map(({ shard, announcements }) => tell(teller, shard, announcements)));
    return told.includes(true);
  }

  async function tell(teller: Teller, shard: number, announcements: readonly Announcement[]): Promise<boolean> {
    const { consumer } = teller;
    const held = { consumer: consumer.name, shard, holder };
    const renewing = setInterval(() => void holdFor(db, held, settings.leaseMs).catch(() => {}), settings.leaseMs / 3);
    try {
      failPoint('outbox.leased');
      const wanted = consumer.wants ? announcements.filter(({ type }) => consumer.wants!(type)) : announcements;
      if (wanted.length > 0) await consumer.take(wanted);
      failPoint('outbox.taken');
      clearInterval(renewing);
      await advance(db, held, announcements.at(-1)!.seq);
    } catch (error) {
      clearInterval(renewing);
      const waitMs = backOff(settings.awayMs, settings.longestAwayMs, teller.failures++);
      // Should one of them be the trouble, it stands alone in the end, and is named.
      teller.atOnce = Math.max(1, Math.floor(Math.min(announcements.length, teller.atOnce) / 2));
      const [first] = announcements;
      log.warn(
        { consumer: consumer.name, shard, from: first!.id, events: announcements.length, waitMs, error: nameOf(error) },
        'a consumer does not take what it is told; it is told again',
      );
      await holdFor(db, held, waitMs);
      return false;
    }
    teller.failures = 0;
    teller.atOnce = Math.min(settings.takenAtOnce, teller.atOnce * 2);
    return true;
  }

  const tellers = consumers.map((consumer): Teller => ({ consumer, failures: 0, atOnce: settings.takenAtOnce }));

  /** Who is new is enrolled when all that was there before is announced, and so behind it. */
  async function enrolAll(): Promise<void> {
    for (const { name } of consumers) {
      if (await isEnrolled(db, name)) continue;
      while (await announceAll());
      await enrol(db, name);
      log.info({ consumer: name }, 'a new consumer is told of what comes from now on');
    }
  }

  function loopOf(what: string, work: () => Promise<boolean>): Loop {
    let isWoken = false;
    let wakeUp = () => {};
    const pause = (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const run = async () => {
      for (let failures = 0; !stopping; ) {
        isWoken = false;
        let more = false;
        try {
          more = await work();
          failures = 0;
        } catch (error) {
          const waitMs = backOff(settings.awayMs, settings.longestAwayMs, failures++);
          log.error({ what, error: nameOf(error), waitMs }, 'the outbox cannot go on now; it tries again');
          await pause(waitMs);
        }
        if (!more && !isWoken && !stopping) await pause(settings.pollMs);
      }
    };
    const wake = () => {
      isWoken = true;
      wakeUp();
    };
    return { wake, ended: run() };
  }

  function wakeTellers(): void {
    for (const loop of telling) loop.wake();
  }

  return {
    wake: () => announcing?.wake(),
    wakeTellers,
    async drain() {
      await enrolAll();
      while (await announceAll());
      for (const teller of tellers) while (await tellAll(teller));
    },
    start() {
      let isEnrolledYet = false;
      const enrolled = async () => {
        if (!isEnrolledYet) await enrolAll();
        isEnrolledYet = true;
      };
      announcing = loopOf('announce', async () => {
        await enrolled();
        return announceAll();
      });
      telling = tellers.map((teller) =>
        loopOf(teller.consumer.name, async () => {
          await enrolled();
          return tellAll(teller);
        }),
      );
    },
    async stop() {
      stopping = true;
      announcing?.wake();
      wakeTellers();
      await Promise.all([announcing, ...telling].map((loop) => loop?.ended));
    },
  };
}

/** How many it is brought at once falls with each trouble, and rises again. */
type Teller = { consumer: Consumer; failures: number; atOnce: number };

/** A name and a code: messages quote what they were given. */
const nameOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? ` ${String(error.code)}` : '';
  return `${error.name}${code}`;
};
