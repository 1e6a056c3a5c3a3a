/**
 * Tells endpoints what waits for them. Each gets a few runs at once, so a slow one is slow for itself; one that fails is left in
 * peace for a while and then asked again with one run; one that takes nothing for three days, or says that it is gone,
 * is paused.
 */
import type { Db } from '../db/client.ts';
import {
  claimRuns,
  type DueDelivery,
  fanOut,
  pauseEndpoint,
  type Run,
  renewLeases,
  settleDelivered,
  settleFailed,
  tidyDeliveries,
} from '../db/endpoint-deliveries.ts';
import { placeOfSecret } from '../db/endpoints.ts';
import type { Try } from '../db/schema.ts';
import { inRole } from '../db/tenant.ts';
import { failPoint } from '../fail-point.ts';
import type { Answered, Outgoing } from '../net/outgoing.ts';
import { backOff } from '../relay/settings.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { unseal } from '../security/seal.ts';
import type { Consumer } from './consumer.ts';
import { eventBody } from './event-body.ts';
import type { OutboxLog } from './relay.ts';
import { signatureHeaders } from './webhook-signature.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const delivererSettings = {
  pollMs: 1_000,
  /** Runs at once, of all endpoints and of one; what a run carries at most. */
  runs: 64,
  runsEach: 8,
  length: 20,
  /** One that was killed holds its runs for so long; one that lives renews them. */
  leaseMs: 15_000,
  /** By then something of it was tried this often, and what is behind it goes ahead. */
  orderedAttempts: 6,
  /** When it is tried again: after the first attempt, the second, and so on; then as after the last. */
  delaysMs: [5_000, 30_000, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR],
  givenUpMs: 3 * DAY,
  /** After so many failures in a row it rests, for longer each time. */
  soundFailures: 3,
  restMs: 1_000,
  longestRestMs: 5 * MINUTE,
  keptMs: 30 * DAY,
  tidyEveryMs: 10 * MINUTE,
} as const;
export type DelivererSettings = {
  readonly [Name in keyof typeof delivererSettings]: Name extends 'delaysMs' ? readonly number[] : number;
};

export type DelivererOptions = {
  db: Db;
  ring: KeyRing;
  outgoing: Outgoing;
  log: OutboxLog;
  settings?: Partial<DelivererSettings>;
};

export type Deliverer = {
  consumer: Consumer;
  wake(): void;
  start(): void;
  stop(): Promise<void>;
};

const GONE = 410;
const isTaken = (answer: Answered): boolean => answer.status !== null && answer.status >= 200 && answer.status < 300;

export function createDeliverer({ db, ring, outgoing, log, ...options }: DelivererOptions): Deliverer {
  const settings: DelivererSettings = { ...delivererSettings, ...options.settings };
  const inFlight = new Map<Promise<void>, Run>();
  let renewing: NodeJS.Timeout | undefined;
  let stopping = false;
  let loop: Promise<void> | null = null;
  let isWoken = false;
  let wakeUp = () => {};
  let tidyAt = 0;

  const nameOf = ({ tenant, mode, endpoint }: Run): string => `${tenant}/${mode}/${endpoint.id}`;

  function busy(): string[] {
    const counts = new Map<string, number>();
    for (const run of inFlight.values()) counts.set(nameOf(run), (counts.get(nameOf(run)) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= settings.runsEach).map(([name]) => name);
  }

  /** Begins what there is room for. */
  async function pass(): Promise<void> {
    const free = settings.runs - inFlight.size;
    if (free <= 0) return;
    const { runsEach, length, leaseMs, orderedAttempts } = settings;
    const runs = await claimRuns(db, { runs: free, runsEach, length, leaseMs, orderedAttempts, busy: busy() });
    for (const run of runs) {
      const done: Promise<void> = tell(run)
        .catch((error: unknown) => {
          log.error(
            { endpoint: run.endpoint.id, error: String(error) },
            'a delivery was not settled; its lease ends by itself',
          );
        })
        .finally(() => {
          inFlight.delete(done);
          wake();
        });
      inFlight.set(done, run);
    }
  }

  /** One after the other, up to the first that isn't taken. */
  async function tell(run: Run): Promise<void> {
    const { tenant, mode, endpoint, deliveries } = run;
    const place = { ...placeOfSecret({ tenant, mode }, endpoint.id), column: 'secret_encrypted' };
    const secrets = [endpoint.secret, ...(endpoint.previousSecret ? [endpoint.previousSecret] : [])].map((sealed) =>
      unseal(ring, sealed, place).toString(),
    );
    const done: { id: DueDelivery['id']; tried: Try }[] = [];
    for (const [i, delivery] of deliveries.entries()) {
      const { answer, tried } = await attempt(endpoint.url, delivery, secrets);
      if (isTaken(answer)) {
        failPoint('endpoint.told');
        done.push({ id: delivery.id, tried });
        if (!stopping) continue;
      }
      if (done.length > 0) await settleDelivered(db, run, done);
      if (isTaken(answer)) return;
      const behind = deliveries.slice(i + 1).map(({ id }) => id);
      return failed(run, delivery, { answer, tried }, behind);
    }
    await settleDelivered(db, run, done);
  }

  async function attempt(url: string, { announcement }: DueDelivery, secrets: readonly string[]) {
    const body = JSON.stringify(eventBody(announcement));
    const at = Date.now();
    const answer = await outgoing.post(url, body, {
      'content-type': 'application/json',
      'user-agent': 'Hydra-Billing',
      ...signatureHeaders({ id: announcement.id, body, at }, secrets),
    });
    const trouble = answer.status === null ? answer.trouble : null;
    return { answer, tried: { at: new Date(at).toISOString(), ms: Date.now() - at, status: answer.status, trouble } };
  }

  async function failed(
    run: Run,
    { id, attempts, since }: DueDelivery,
    { answer, tried }: { answer: Answered; tried: Try },
    behind: readonly DueDelivery['id'][],
  ): Promise<void> {
    const { delaysMs, givenUpMs } = settings;
    const asked = answer.status === null ? 0 : (answer.retryAfterMs ?? 0);
    const delay = Math.max(Math.min(asked, DAY), delaysMs[Math.min(attempts, delaysMs.length - 1)]!);
    const isOver = Date.now() + delay > since + givenUpMs;
    const health = await settleFailed(db, run, { id, tried, againInMs: isOver ? null : delay }, behind, settings);
    const about = { tenant: run.tenant, mode: run.mode, endpoint: run.endpoint.id };
    log.info(
      { ...about, delivery: id, attempt: attempts + 1, status: tried.status, trouble: tried.trouble },
      'an endpoint did not take an event',
    );
    if (isOver) log.warn({ ...about, delivery: id }, 'an event is given up: the endpoint never took it');
    const why = answer.status === GONE ? 'gone' : health.failingForMs >= givenUpMs ? 'failing_for_three_days' : null;
    if (why !== null && (await pauseEndpoint(db, run, why, new Date()))) {
      log.error({ ...about, why }, 'an endpoint is paused');
    }
  }

  async function tidy(): Promise<void> {
    if (Date.now() < tidyAt) return;
    await tidyDeliveries(db, { givenUpMs: settings.givenUpMs, keptMs: settings.keptMs, limit: 5_000 });
    tidyAt = Date.now() + settings.tidyEveryMs;
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      isWoken = false;
      try {
        await pass();
        await tidy();
        failures = 0;
      } catch (error) {
        log.error(
          { error: error instanceof Error ? error.name : 'unknown' },
          'endpoints cannot be told now; they are later',
        );
        await pause(backOff(settings.pollMs, 15_000, failures++));
      }
      if (!isWoken && !stopping) await pause(settings.pollMs);
    }
    await Promise.all(inFlight.keys());
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  function wake(): void {
    isWoken = true;
    wakeUp();
  }

  return {
    consumer: {
      name: 'endpoints',
      async take(announcements) {
        await inRole(db, 'hydra_outbox', (trx) => fanOut(trx, announcements));
      },
    },
    wake,
    start() {
      loop ??= run();
      renewing = setInterval(() => {
        if (inFlight.size > 0) void renewLeases(db, [...inFlight.values()], settings.leaseMs).catch(() => {}); // again soon
      }, settings.leaseMs / 3);
    },
    async stop() {
      stopping = true;
      wake();
      await loop;
      clearInterval(renewing);
    },
  };
}
