/**
 * One batch of a migration: takes the next subscriptions of the wave, asks each one's workflow, and notes what could not
 * be done. What was done is noted by the commit that did it.
 */
import type { MigrationRef } from '../../workflows/messages.ts';
import type { Db } from '../db/client.ts';
import { readClock } from '../db/clocks.ts';
import {
  beginWave,
  countItems,
  type MigrationItemRow,
  type MigrationRow,
  nextItems,
  readMigration,
  settleItem,
  turnMigration,
} from '../db/price-book-migrations.ts';
import { readPriceBook } from '../db/price-books.ts';
import type { MigrationState } from '../db/schema.ts';
import { readSubscription, type SubscriptionRow } from '../db/subscriptions.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import type { Command } from '../domain/input.ts';
import { invariant } from '../domain/invariant.ts';
import { heldBy, type MigrationTarget, migrationOf, movesWhen, type Unmovable } from '../domain/migrate.ts';
import { isAccepted } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import { type AskOutcome, askSubscription } from '../temporal/ask-subscription.ts';
import type { Temporal } from '../temporal/temporal.ts';

export type MigrateDeps = { db: Db; temporal: Temporal };
export type BatchEnd = { outcome: 'more' } | { outcome: 'wait'; ms: number } | { outcome: 'over' };

const A_BATCH = 40;
/** Beside what customers ask at the same time. */
const AT_ONCE = 4;
const PATIENCE_MS = 10_000;
/** How often one that changes while it is looked at is looked at again. */
const TRIES = 3;

export async function migrateBatch(deps: MigrateDeps, ref: MigrationRef): Promise<BatchEnd> {
  const work = await begin(deps, ref);
  if (!('items' in work)) return work;
  for (let i = 0; i < work.items.length; i += AT_ONCE) {
    if (!(await goesOn(deps, ref, work.migration.state))) return { outcome: 'over' };
    await Promise.all(work.items.slice(i, i + AT_ONCE).map((item) => settle(deps, ref, work, item)));
  }
  return (await goesOn(deps, ref, work.migration.state)) ? { outcome: 'more' } : { outcome: 'over' };
}

type Work = { migration: MigrationRow; book: MigrationTarget; items: MigrationItemRow[] };

/** What is to be done next; or that nothing is, and then the migration is over or waits. */
function begin({ db }: MigrateDeps, ref: MigrationRef): Promise<Work | BatchEnd> {
  return inTenant(db, ref, async (trx) => {
    const migration = await readMigration(trx, ref.migration);
    if (migration?.state !== 'running' && migration?.state !== 'undoing') return { outcome: 'over' };
    const isUndoing = migration.state === 'undoing';
    const items = await nextItems(trx, migration.id, isUndoing ? 'moved' : 'pending', A_BATCH);
    const [first] = items;
    if (!first) {
      await turn(trx, migration, isUndoing ? 'undone' : 'done', null);
      return { outcome: 'over' };
    }
    if (!isUndoing && first.wave > migration.wave) {
      const pause = await betweenWaves(trx, migration, first.wave);
      if (pause) return pause;
    }
    const row = await readPriceBook(trx, migration.price_book_id);
    invariant(row, `${migration.id} moves to ${migration.price_book_id}, which is there`);
    return { migration, book: { id: row.id, document: row.document }, items };
  });
}

/** Null where the next wave follows at once. */
async function betweenWaves(trx: Trx, migration: MigrationRow, next: number): Promise<BatchEnd | null> {
  const { id, wave, settings } = migration;
  await beginWave(trx, id, next, new Date());
  const isAfterCanary = wave === 0 && settings.canaryPercent > 0;
  if (isAfterCanary && settings.pauseAfterCanary) {
    await turn(trx, migration, 'paused', 'the canary is done: resume it to go on');
    return { outcome: 'over' };
  }
  const isFirst = wave === 0 && !isAfterCanary;
  return settings.waitMinutes > 0 && !isFirst ? { outcome: 'wait', ms: settings.waitMinutes * 60_000 } : null;
}

const turn = (trx: Trx, { id, state }: MigrationRow, to: MigrationState, reason: string | null) =>
  turnMigration(trx, id, { from: [state], to, reason, at: new Date() });

/** It stops by itself where too many have failed; whether somebody has stopped it is looked at as well. */
function goesOn({ db }: MigrateDeps, ref: MigrationRef, as: MigrationState): Promise<boolean> {
  return inTenant(db, ref, async (trx) => {
    const migration = await readMigration(trx, ref.migration);
    if (migration?.state !== as) return false;
    if (as === 'undoing') return true;
    const { failed } = (await countItems(trx, [migration.id])).get(migration.id)!;
    const { stopAfterFailures } = migration.settings;
    if (failed < stopAfterFailures) return true;
    await turn(trx, migration, 'stopped', `${failed} failed, and it stops after ${stopAfterFailures}`);
    return false;
  });
}

/** Asks until there is an answer. What can't be reached now is thrown, and the batch is tried again. */
async function settle(deps: MigrateDeps, ref: MigrationRef, work: Work, item: MigrationItemRow): Promise<void> {
  const isUndoing = work.migration.state === 'undoing';
  const from = isUndoing ? 'moved' : 'pending';
  const end = await move(deps, ref, work, item);
  if (!end) return;
  const to = isUndoing ? 'left' : end.code === 'already_there' || end.code === 'ended' ? 'skipped' : 'failed';
  const reason = `${end.code}: ${end.detail}`;
  await inTenant(deps.db, ref, (trx) => settleItem(trx, ref.migration, item.subscription_id, { from, to, reason }));
}

/** Null where it was done. */
async function move(
  deps: MigrateDeps,
  ref: MigrationRef,
  work: Work,
  item: MigrationItemRow,
): Promise<Unmovable | null> {
  for (let tries = 1; ; tries++) {
    const { row, now } = await read(deps, ref, item);
    const command = commandFor(row, work, item);
    if ('code' in command) return command;
    const answer = await ask(deps, ref, work, row, now, command);
    if (answer.outcome === 'applied') return null;
    if (answer.outcome === 'refused') {
      if (isOutdated(answer.code) && tries < TRIES) continue;
      return { code: answer.code, detail: answer.detail };
    }
    if (answer.outcome === 'no_workflow') return { code: 'no_workflow', detail: 'it has no workflow any more' };
    throw new Error(`${row.id}: ${answer.outcome.replaceAll('_', ' ')}`);
  }
}

/** It was asked of what the subscription is no longer: one that was paused since it was read, say. */
const isOutdated = (code: string): boolean => code === 'changed_meanwhile' || code.startsWith('not_while_');

function commandFor(
  { document }: SubscriptionRow,
  { migration, book }: Work,
  item: MigrationItemRow,
): Command | Unmovable {
  const { id, plans, settings } = migration;
  const { proration } = settings;
  if (!isAccepted(document) || document.state === 'canceled') {
    return { code: 'ended', detail: `subscription is ${document.state}` };
  }
  const when = movesWhen(document, settings.when);
  if (migration.state === 'undoing') {
    const { before, after } = item;
    invariant(before && after, `what was moved has kept what it had: ${item.subscription_id}`);
    return { type: 'undo_migration', migration: id, before, after, when, proration };
  }
  const made = migrationOf(heldBy(document), book, { migration: id, plans, when, proration });
  return made ?? { code: 'already_there', detail: `it is on ${document.terms.priceBookId} already` };
}

/** A clock that stands says what time it is for those that it leads. */
function read({ db }: MigrateDeps, ref: MigrationRef, { subscription_id: id }: MigrationItemRow) {
  return inTenant(db, ref, async (trx): Promise<{ row: SubscriptionRow; now: Instant | null }> => {
    const row = await readSubscription(trx, id, null);
    invariant(row, `${id} is there`);
    const clock = row.clock_id && (await readClock(trx, row.clock_id));
    return { row, now: clock?.state === 'ready' ? clock.now.getTime() : null };
  });
}

/** Named after what it is asked of, so that a batch that is tried again asks for nothing twice. */
const ask = (
  { temporal }: MigrateDeps,
  { tenant, mode, migration }: MigrationRef,
  { migration: { created_by: ref } }: Work,
  { id, version }: SubscriptionRow,
  now: Instant | null,
  command: Command,
): Promise<AskOutcome> =>
  askSubscription({
    temporal,
    target: { tenant, mode, subscription: id },
    asked: {
      id: `${command.type}/${migration}/${version}`,
      command,
      origin: { by: 'principal', ref },
      ...(now === null ? {} : { at: now }),
    },
    patienceMs: PATIENCE_MS,
  });
