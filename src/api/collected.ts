/** What is asked of a subscription that the processor collects is an order to it: its answer is waited for, a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readSubscription, type SubscriptionRow } from '../db/subscriptions.ts';
import { inTenant } from '../db/tenant.ts';
import type { Follows } from '../domain/followed.ts';
import type { Mode, SubscriptionId, TenantId } from '../domain/ids.ts';
import type { InputOf } from '../domain/input.ts';
import { sumsOf } from '../domain/invoice.ts';
import { extra, lineOf } from '../domain/mirror.ts';
import type { Terms } from '../domain/price-book.ts';
import { isAccepted, type Processor } from '../domain/subscription.ts';
import { dayOf } from '../domain/time.ts';
import type { Collector } from '../processors/processor.ts';
import { badField, notFound, Problem } from './problem.ts';
import type { Call } from './route.ts';
import type { MadeChange, ShownPayment } from './show.ts';

const LOOK_FIRST_MS = 25;
const LOOK_AT_LEAST_EVERY_MS = 250;

export async function collectorFor(call: Call, processor: Processor): Promise<Collector> {
  const { collector } = (await call.parts.processors.of({ ...call.scope, processor })).processor;
  if (collector) return collector;
  throw badField('collection', `is processor, and ${processor} collects no subscriptions here`, 'not_carried', 422);
}

/** Refused before anything begins: what the processor can't do, with what it can. */
export function mustCarry(collector: Collector, terms: Terms, quantity: number): void {
  const uncarried = collector.uncarried(terms, quantity);
  if (!uncarried) return;
  const { path, wanted, carried } = uncarried;
  throw badField(path, `is ${wanted}, and the processor carries ${carried}`, 'not_carried', 422);
}

/** As it is when the processor has answered to the last order, or when the time is up. */
export async function answered(call: Call, id: SubscriptionId): Promise<SubscriptionRow> {
  const deadline = Date.now() + call.parts.patienceMs.payment;
  for (let wait = LOOK_FIRST_MS; ; wait = Math.min(wait * 1.5, LOOK_AT_LEAST_EVERY_MS)) {
    const row = await inTenant(call.parts.db, call.scope, (trx) => readSubscription(trx, id, null));
    if (!row) throw notFound('subscription');
    const follows = followsOf(row);
    if (!follows?.order || Date.now() >= deadline) {
      const refused = follows?.order ? null : follows?.answered?.refused;
      if (refused) throw new Problem(409, 'processor_refused', `${row.processor} refused: ${refused}`);
      return row;
    }
    await sleep(wait);
  }
}

export const followsOf = ({ document }: SubscriptionRow): Follows | null =>
  (isAccepted(document) && document.follows) || null;

/** The first payment, as far as the subscription tells of it. */
export function firstPayment({ document }: SubscriptionRow): ShownPayment | null {
  if (!isAccepted(document) || !document.follows?.seen) return { status: 'processing' };
  if (document.state === 'trialing') return null;
  if (document.state !== 'incomplete') return { status: 'succeeded' };
  const isDeclined = document.follows.invoices.some(({ attempts }) => attempts > 0);
  return { status: isDeclined ? 'declined' : 'requires_action' };
}

/** Adds what the customer confirms it by. */
export async function withFirstSecret(
  call: Call,
  { id, processor }: { id: SubscriptionId; processor: Processor },
  payment: ShownPayment,
): Promise<ShownPayment> {
  if (payment.status !== 'requires_action') return payment;
  const row = await inTenant(call.parts.db, call.scope, (trx) => readSubscription(trx, id, null));
  const theirs = row && followsOf(row)?.seen?.id;
  const confirmation = theirs ? await (await collectorFor(call, processor)).fetchConfirmation(theirs) : {};
  return { ...payment, ...confirmation };
}

/** What the processor says that a change would cost, in the shape of ours. */
export async function quoted(
  call: Call,
  row: SubscriptionRow,
  { terms, quantity, proration }: Pick<InputOf<'change'>, 'terms' | 'quantity' | 'proration'>,
): Promise<MadeChange> {
  const { document, processor } = row;
  const theirs = followsOf(row)?.seen?.id;
  if (!theirs) throw new Problem(409, 'order_pending', `cannot change: ${processor} has not answered to create yet`);
  const collector = await collectorFor(call, processor);
  mustCarry(collector, terms, quantity);
  const kind = proration ?? 'invoice_now';
  const scope: { tenant: TenantId; mode: Mode } = call.scope;
  const { lines, total } = await collector.quote({ ...scope, theirs, terms, quantity, proration: kind });
  const own = lines.map((line) => lineOf(line, document.timeZone));
  const rest = total - sumsOf(own).total;
  return {
    lines: rest === 0 ? own : [...own, extra('Other', rest)],
    ...{ day: dayOf(Date.now(), document.timeZone), when: 'now', proration: kind, invoice: null },
  };
}
