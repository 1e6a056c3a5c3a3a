/**
 * Inbox to workflow. Several relays may run: a subscription is leased, all that is pending for it goes as one signal in
 * the order of its arrival, and what no step has taken in after a minute is sent again. While Temporal is away nothing
 * is lost and nothing is counted against an event; when it is back the relay catches up.
 */

import type { Delivered } from '../../workflows/messages.ts';
import type { Db } from '../db/client.ts';
import { isMethodNews } from '../db/inbox.ts';
import { WHY_NOT_SOUND } from '../db/inbox-mac.ts';
import {
  backlogOf,
  type Distrusted,
  type Leased,
  leaseSubscriptions,
  markKnown,
  markSignalled,
  type Parking,
  parkAll,
  projectionOf,
  quarantineAll,
  release,
  standingOf,
} from '../db/inbox-relay.ts';
import type { Mode } from '../domain/ids.ts';
import { failPoint } from '../fail-point.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { houseHomeless } from './homeless.ts';
import { settleLate } from './late-facts.ts';
import { backOff, type RelaySettings, relaySettings } from './settings.ts';
import type { Signal, SignalOutcome } from './signal.ts';

export type RelayLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type RelayOptions = {
  db: Db;
  keys: KeyRing;
  modes: readonly Mode[];
  signal: Signal;
  log: RelayLog;
  settings?: Partial<RelaySettings>;
};

export type Relay = {
  /** Something arrived. */
  wake(): void;
  /** One look at the inbox; true when there is more to do at once. */
  pass(): Promise<boolean>;
  start(): void;
  stop(): Promise<void>;
};

const REPORT_MS = 60_000;

export function createRelay(options: RelayOptions): Relay {
  const { db, keys, modes, signal, log } = options;
  const settings: RelaySettings = { ...relaySettings, ...options.settings };
  const away = new Map<Mode, { tries: number; until: number }>();
  let stopping = false;
  let running: Promise<void> | null = null;
  let isWoken = false;
  let wakeUp: (() => void) | null = null;
  let failures = 0;
  let reportAt = 0;
  let isHolding = false;

  async function pass(): Promise<boolean> {
    isHolding = false;
    const housed = await houseHomeless(db, keys, settings);
    warnOf(housed.distrusted);
    const reachable = modes.filter((mode) => (away.get(mode)?.until ?? 0) <= Date.now());
    if (reachable.length === 0) return housed.more;
    const leased = await leaseSubscriptions(db, keys, reachable, {
      subscriptions: settings.subscriptionsAtOnce,
      eventsEach: settings.eventsASignal,
      forMs: settings.leaseMs,
    });
    const results = await Promise.all((await sift(await trusted(leased))).map(deliver));
    const sent = results.flatMap((result) => (result.outcome === 'sent' ? result.leased.events : []));
    if (sent.length > 0) {
      failPoint('relay.after-signal');
      await markSignalled(
        db,
        sent.map(({ id, attempts }) => ({
          id,
          againInMs: backOff(settings.resendMs, settings.longestResendMs, attempts),
        })),
      );
    }
    const missed = results.filter((result) => result.outcome === 'away');
    for (const { leased, tries } of missed) {
      await release(
        db,
        leased.events.map(({ id }) => id),
        backOff(settings.awayMs, settings.longestAwayMs, tries),
      );
    }
    return housed.more || results.length > missed.length;
  }

  /** A row that isn't what the door has left goes no further. What else its subscription has is sent. */
  async function trusted(leased: readonly Leased[]): Promise<Leased[]> {
    const distrusted = leased.flatMap(({ events }) =>
      events.flatMap(({ id, seal }): Distrusted[] => (seal === 'sound' ? [] : [{ id, reason: WHY_NOT_SOUND[seal] }])),
    );
    if (distrusted.length === 0) return [...leased];
    await quarantineAll(db, distrusted);
    warnOf(distrusted);
    return leased
      .map((each) => ({ ...each, events: each.events.filter(({ seal }) => seal === 'sound') }))
      .filter(({ events }) => events.length > 0);
  }

  function warnOf(distrusted: readonly Distrusted[]): void {
    for (const { id, reason } of distrusted) log.error({ id, reason }, 'an event of the inbox is not to be trusted');
  }

  /**
   * Each payment is told twice, by its call's answer and by its event; a signal for what the books hold already would be
   * a third of a renewal's cost. So an event lets the answer of its own call go first, for a moment, and all that came
   * after it waits as well, since order is kept. See docs/decisions/0003.
   */
  async function sift(leased: readonly Leased[]): Promise<Leased[]> {
    const standing = await standingOf(db, leased, settings.holdMs);
    const known: string[] = [];
    const held: string[] = [];
    const left = leased.flatMap((each): Leased[] => {
      const open = each.events.filter(({ id }) => !standing.get(id)?.known);
      for (const { id } of each.events) if (standing.get(id)?.known) known.push(id);
      const from = open.findIndex(({ id }) => standing.get(id)?.awaited);
      const events = from < 0 ? open : open.slice(0, from);
      for (const { id } of open.slice(events.length)) held.push(id);
      return events.length > 0 ? [{ ...each, events }] : [];
    });
    if (known.length > 0) await markKnown(db, known);
    if (held.length > 0) await release(db, held, settings.heldLookMs);
    isHolding = held.length > 0;
    return left;
  }

  type Result = { outcome: 'sent' | 'settled'; leased: Leased } | { outcome: 'away'; leased: Leased; tries: number };

  async function deliver(leased: Leased): Promise<Result> {
    const delivered = leased.events.flatMap(({ id, told, occurredAt }): Delivered[] =>
      isMethodNews(told) ? [] : [{ inboxId: id, fact: told, occurredAt }],
    );
    const { tenant, mode, subscription } = leased;
    let outcome: SignalOutcome;
    try {
      failPoint('relay.before-signal');
      outcome = await signal({ tenant, mode, subscription }, delivered);
    } catch (error) {
      return { outcome: 'away', leased, tries: noteAway(mode, error) };
    }
    if (away.delete(mode)) log.info({ mode }, 'Temporal answers again');
    if (outcome === 'sent') {
      const resent = leased.events.filter(({ state }) => state === 'signalled').length;
      if (resent > 0) log.warn({ tenant, mode, subscription, events: resent }, 'sent again: no step has taken it in');
      return { outcome, leased };
    }
    if (outcome === 'no_workflow') await withoutWorkflow(leased);
    else await parkLeased(leased, 'Temporal refuses it for now');
    return { outcome: 'settled', leased };
  }

  /** The first failure of a wave counts; the others only say the same. */
  function noteAway(mode: Mode, error: unknown): number {
    const now = Date.now();
    const before = away.get(mode);
    if (before && before.until > now) return before.tries;
    const tries = (before?.tries ?? -1) + 1;
    away.set(mode, { tries, until: now + backOff(settings.awayMs, settings.longestAwayMs, tries) });
    log.warn({ mode, tries, error: nameOf(error) }, 'Temporal is not reachable; events wait in the inbox');
    return tries;
  }

  async function withoutWorkflow(leased: Leased): Promise<void> {
    const { tenant, mode, subscription } = leased;
    const known = await projectionOf(db, leased);
    if (known?.state === 'canceled') {
      await settleLate(db, leased, known.document);
      log.warn({ tenant, mode, subscription, events: leased.events.length }, 'late news of an ended subscription');
      return;
    }
    if (known) log.error({ tenant, mode, subscription }, 'a subscription has no workflow: reconcile it');
    await parkLeased(leased, known ? 'its workflow does not run' : 'its subscription is not known yet');
  }

  async function parkLeased({ tenant, mode, subscription, events }: Leased, reason: string): Promise<void> {
    const parked = events.map(({ id, attempts, receivedAt }): Parking => {
      const isDead = Date.now() - receivedAt > settings.diesAfterMs;
      const againInMs = backOff(settings.parkMs, settings.longestParkMs, attempts);
      return { id, state: isDead ? 'dead' : 'parked', reason, againInMs };
    });
    await parkAll(db, parked);
    const about = { tenant, mode, subscription, reason };
    const dead = parked.filter(({ state }) => state === 'dead').length;
    if (dead > 0) log.error({ ...about, events: dead }, 'events are dead: a person has to look');
    else log.info({ ...about, events: parked.length }, 'parked');
  }

  async function run(): Promise<void> {
    while (!stopping) {
      isWoken = false;
      let more = false;
      try {
        more = await pass();
        if (failures > 0) log.info({ failures }, 'the relay goes on');
        failures = 0;
        await report();
      } catch (error) {
        const waitMs = backOff(settings.awayMs, settings.longestAwayMs, failures++);
        log.error({ error: nameOf(error), waitMs }, 'the relay cannot go on now; it tries again');
        await pause(waitMs);
      }
      if (!more && !isWoken && !stopping) await pause(isHolding ? settings.heldLookMs : settings.pollMs);
    }
  }

  async function report(): Promise<void> {
    if (Date.now() < reportAt) return;
    reportAt = Date.now() + REPORT_MS;
    const backlog = await backlogOf(db);
    if (backlog.length === 0) return;
    const needsEyes = backlog.some(({ state }) => state === 'dead' || state === 'quarantined');
    log[needsEyes ? 'warn' : 'info']({ backlog }, 'the inbox');
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  function wake(): void {
    isWoken = true;
    wakeUp?.();
  }

  return {
    wake,
    pass,
    start() {
      running ??= run();
    },
    async stop() {
      stopping = true;
      wake();
      await running;
    },
  };
}

/** A name and a code: messages quote what they were given. */
const nameOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? ` ${String(error.code)}` : '';
  return `${error.name}${code}`;
};
