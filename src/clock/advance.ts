/**
 * A test clock leads the subscriptions that belong to it. It takes the earliest due time among them, sends those to it,
 * waits until everything is quiet, and repeats until the target: so effects of one reach another at the right time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { sql } from 'kysely';
import { workflowIdOf } from '../../workflows/messages.ts';
import type { Db } from '../db/client.ts';
import { lastDayOver, recogniseThrough } from '../db/revenue.ts';
import { inTenant } from '../db/tenant.ts';
import type { ClockId, SubscriptionId, TenantId } from '../domain/ids.ts';
import { DAY, type Instant } from '../domain/time.ts';
import type { Processors } from '../processors/processors.ts';
import { arrived, sendTo } from './fast-forward.ts';

export type ClockRef = { tenant: TenantId; clock: ClockId };
export type ClockDeps = { db: Db; client: Client; processors: Processors };
type Clocked = {
  id: SubscriptionId;
  nextDueAt: Instant | null;
  busy: boolean;
  processing: boolean;
  /** The processor collects it: what is due there is its own to know. */
  followed: boolean;
};

/** One look costs about a millisecond; a step takes some fifty. */
const LOOK_EVERY_MS = 12;
/** A webhook's way from the processor to the inbox. */
const NEWS_ARRIVE_WITHIN_MS = 250;
/** A step that is not quiet by then is stuck: an operator is told which subscription it was. */
const STUCK_AFTER_MS = 60_000;

export class ClockStuck extends Error {}

/** Goes to the next moment at which something is due, or to the target if nothing is. True when it is reached. */
export async function advanceStep(
  { db, client, processors }: ClockDeps,
  ref: ClockRef,
  target: Instant,
): Promise<boolean> {
  const subscriptions = await clocked(db, ref);
  const dues = subscriptions.flatMap(({ nextDueAt }) => (nextDueAt !== null && nextDueAt <= target ? [nextDueAt] : []));
  const { now, there } = await readClock(db, ref);
  const followed = subscriptions.some((each) => each.followed);
  // The processor doesn't say when a debit that it works on will be settled, so while there is one no day is skipped.
  const processing = subscriptions.filter((each) => each.processing);
  const tomorrow = processing.length > 0 && now + DAY < target ? [now + DAY] : [];
  const next = Math.min(target, ...dues, ...tomorrow);
  if (there) {
    // Those that wait for the processor are to hear from it at their new time, but before anything that is due then.
    await Promise.all(processing.map(({ id }) => move(client, workflowIdOf(ref.tenant, id), next - 1, true)));
    const { processor } = await processors.of({ ...ref, mode: 'test', processor: 'stripe' });
    await processor.advanceClock(there, next);
    // What it settled on the way is told by a webhook, of which nothing can be seen before it arrives.
    if (processing.length > 0 || followed) await sleep(NEWS_ARRIVE_WITHIN_MS);
    await quiet(db, ref, now);
  }
  // What was heard may have made something due.
  const known = followed ? await clocked(db, ref) : subscriptions;
  const due = known.filter(({ nextDueAt }) => nextDueAt !== null && nextDueAt <= next);
  const last = next === target;
  await Promise.all(
    (last ? subscriptions : due).map(({ id }) => move(client, workflowIdOf(ref.tenant, id), next, last)),
  );
  await quiet(db, ref, next);
  await moveClock(db, ref, next);
  return last && dues.length === 0;
}

/** A clock's customers earn by its days: all that are over when it stands. */
export async function recogniseOnClock(db: Db, { tenant, clock }: ClockRef): Promise<void> {
  const scope = { tenant, mode: 'test' } as const;
  const { now } = await readClock(db, { tenant, clock });
  await recogniseThrough(db, scope, { through: await lastDayOver(db, scope, now), clock });
}

async function move(client: Client, workflowId: string, to: Instant, wait: boolean): Promise<void> {
  const journey = await sendTo(client, workflowId, to);
  // On the way a projection that has moved on is the sign of arrival; only the end of the journey is waited for here.
  if (journey && wait) await arrived(client, workflowId, journey);
}

/** Nothing due any more, no call on its way, no event of theirs in the inbox. */
async function quiet(db: Db, ref: ClockRef, at: Instant): Promise<void> {
  const deadline = Date.now() + STUCK_AFTER_MS;
  for (;;) {
    const waiting = (await clocked(db, ref)).filter(
      ({ nextDueAt, busy }) => busy || (nextDueAt !== null && nextDueAt <= at),
    );
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      throw new ClockStuck(`not quiet at ${new Date(at).toISOString()}: ${waiting.map(({ id }) => id).join(', ')}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** A canceled subscription only listens: its own end is nothing to stop at. */
async function clocked(db: Db, { tenant, clock }: ClockRef): Promise<Clocked[]> {
  const rows = await inTenant(db, { tenant, mode: 'test' }, (trx) =>
    trx
      .selectFrom('subscriptions as s')
      .where('s.clock_id', '=', clock)
      .select((eb) => [
        's.id',
        's.state',
        's.next_due_at',
        's.collection',
        eb
          .or([
            sql<boolean>`coalesce(s.document -> 'follows' -> 'order', 'null') <> 'null'`,
            eb.exists(
              eb
                .selectFrom('payment_attempts as a')
                .whereRef('a.subscription_id', '=', 's.id')
                .where('a.state', '=', 'requested')
                .select('a.attempt'),
            ),
            eb.exists(
              eb
                .selectFrom('inbox as i')
                .whereRef('i.subscription_id', '=', 's.id')
                .where('i.state', 'in', ['received', 'signalled'])
                .select('i.event_id'),
            ),
          ])
          .as('busy'),
        eb
          .exists(
            eb
              .selectFrom('payment_attempts as a')
              .whereRef('a.subscription_id', '=', 's.id')
              .where('a.state', '=', 'processing')
              .select('a.attempt'),
          )
          .as('processing'),
      ])
      .execute(),
  );
  return rows.map((row) => ({
    id: row.id as SubscriptionId,
    nextDueAt: row.state === 'canceled' || row.next_due_at === null ? null : row.next_due_at.getTime(),
    busy: Boolean(row.busy),
    processing: Boolean(row.processing),
    followed: row.collection === 'processor' && row.state !== 'canceled',
  }));
}

async function readClock(db: Db, { tenant, clock }: ClockRef): Promise<{ now: Instant; there: string | null }> {
  const row = await inTenant(db, { tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('clocks').select(['now', 'processor_clock_id']).where('id', '=', clock).executeTakeFirstOrThrow(),
  );
  return { now: row.now.getTime(), there: row.processor_clock_id };
}

async function moveClock(db: Db, { tenant, clock }: ClockRef, now: Instant): Promise<void> {
  await inTenant(db, { tenant, mode: 'test' }, (trx) =>
    trx
      .updateTable('clocks')
      .set({ now: new Date(now) })
      .where('id', '=', clock)
      .execute(),
  );
}
