/**
 * Reads back what events only claim, before any of it counts. A processor that is away is waited for, as Temporal is; one
 * that contradicts is an alarm: somebody has written around a genuine signature, or an object was changed behind us.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { theirMethod } from '../customers/method-reference.ts';
import type { Db } from '../db/client.ts';
import { isMethodNews } from '../db/inbox.ts';
import { believe, type Claimed, leaseClaims, methodClaimed } from '../db/inbox-claims.ts';
import { WHY_NOT_SOUND } from '../db/inbox-mac.ts';
import { type Parking, parkAll, quarantineAll } from '../db/inbox-relay.ts';
import { contradiction, type Seen } from '../domain/claim.ts';
import { isSeen } from '../domain/followed.ts';
import type { PaymentMethodId, TenantId } from '../domain/ids.ts';
import type { Processors } from '../processors/processors.ts';
import { ProcessorTrouble } from '../processors/trouble.ts';
import type { KeyRing } from '../security/key-ring.ts';
import type { RelayLog } from './relay.ts';
import { backOff, relaySettings } from './settings.ts';

export type ConfirmOptions = {
  db: Db;
  /** Of the inbox's seals, and of what is sealed in rows. */
  keys: KeyRing;
  ring: KeyRing;
  processors: Processors;
  log: RelayLog;
};

const AT_ONCE = 8;

/** True when there may be more to do at once. */
export async function confirmClaims(options: ConfirmOptions): Promise<boolean> {
  const claims = await leaseClaims(options.db, options.keys, AT_ONCE, relaySettings.leaseMs);
  const verdicts = await Promise.all(claims.map((claim) => judged(options, claim)));
  const of = <Kind extends Verdict['kind']>(kind: Kind) =>
    verdicts.filter((each): each is Extract<Verdict, { kind: Kind }> => each.kind === kind);
  await believe(
    options.db,
    of('true').map(({ id }) => id),
  );
  await parkAll(
    options.db,
    of('unknown').map(({ parking }) => parking),
  );
  const untrue = of('untrue');
  if (untrue.length > 0) await quarantineAll(options.db, untrue);
  return claims.length === AT_ONCE;
}

type Verdict =
  | { kind: 'true'; id: string }
  | { kind: 'untrue'; id: string; reason: string }
  | { kind: 'unknown'; parking: Parking };

async function judged(options: ConfirmOptions, event: Claimed): Promise<Verdict> {
  const { id, provider, seal, type } = event;
  if (seal !== 'sound') {
    const reason = WHY_NOT_SOUND[seal];
    options.log.error({ id, reason }, 'an event of the inbox is not to be trusted');
    return { kind: 'untrue', id, reason };
  }
  try {
    const why = await untrueBecause(options, event);
    if (why === null) return { kind: 'true', id };
    options.log.error({ id, provider, type, why }, 'an event says what its processor does not: it is in quarantine');
    return { kind: 'untrue', id, reason: `the processor says otherwise: ${why}` };
  } catch (error) {
    if (error instanceof ProcessorTrouble) {
      options.log.warn({ id, provider, kind: error.kind, code: error.code }, 'an event cannot be read back now');
      return { kind: 'unknown', parking: parkingOf(event, error.message, error.retryAfterMs) };
    }
    // Whatever is wrong with this one, the others of its batch are not held up by it.
    const name = error instanceof Error ? error.name : 'unknown';
    options.log.error({ id, provider, type, error: name }, 'an event cannot be read back');
    return { kind: 'unknown', parking: parkingOf(event, name, null) };
  }
}

async function untrueBecause({ db, ring, processors }: ConfirmOptions, event: Claimed): Promise<string | null> {
  const { mode, provider, told, claim } = event;
  const tenant = (event.sealed.tenant ?? 'ten_none') as TenantId; // the account is the environment's, whoever it is for
  const { processor } = await processors.of({ tenant, mode, processor: provider });
  if (isSeen(told)) return 'nothing of this kind is claimed';
  if (!isMethodNews(told)) return contradiction(told, claim, await processor.look(claim.about, claim.id));
  const row = await methodClaimed(db, mode, claim.id as PaymentMethodId);
  const seen: Seen | null = row ? await processor.look('method', theirMethod(ring, row)) : null;
  return seen === null ? null : 'the method is there';
}

function parkingOf({ id, attempts, receivedAt }: Claimed, why: string, retryAfterMs: number | null): Parking {
  const isDead = Date.now() - receivedAt > relaySettings.diesAfterMs;
  const wait = backOff(relaySettings.parkMs, relaySettings.longestParkMs, attempts);
  const againInMs = Math.max(retryAfterMs ?? 0, wait);
  return { id, state: isDead ? 'dead' : 'parked', reason: `it cannot be read back: ${why}`, againInMs };
}

/** Beside the relay, so that a slow processor holds up nobody else's events. */
export function keepConfirming(options: ConfirmOptions): { wake(): void; stop(): Promise<void> } {
  let pause = new AbortController();
  let stopping = false;

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      pause = new AbortController();
      let waitMs: number = relaySettings.pollMs;
      try {
        if (await confirmClaims(options)) waitMs = 0;
        failures = 0;
      } catch (error) {
        waitMs = backOff(relaySettings.awayMs, relaySettings.longestAwayMs, failures++);
        options.log.error(
          { error: error instanceof Error ? error.name : 'unknown', waitMs },
          'reading back cannot go on now',
        );
      }
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: pause.signal }).catch(() => {}); // woken
    }
  }

  const running = run();
  return {
    wake: () => pause.abort(),
    async stop() {
      stopping = true;
      pause.abort();
      await running;
    },
  };
}
