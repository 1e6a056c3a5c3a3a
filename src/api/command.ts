/** One command to one subscription: asked, waited for, and turned into an answer. */
import type { Asked } from '../../workflows/messages.ts';
import { readClock } from '../db/clocks.ts';
import { readSubscription, type SubscriptionRow } from '../db/subscriptions.ts';
import { inTenant } from '../db/tenant.ts';
import type { SubscriptionId } from '../domain/ids.ts';
import type { Command } from '../domain/input.ts';
import type { Instant } from '../domain/time.ts';
import { type AskOutcome, askSubscription } from '../temporal/ask-subscription.ts';
import { answered } from './collected.ts';
import { Refused } from './once.ts';
import { notFound, Problem } from './problem.ts';
import type { Call, Reply } from './route.ts';

/** Somebody else's subscription and one that doesn't exist are the same thing to a caller. */
export async function subscriptionOf(call: Call, id: SubscriptionId): Promise<SubscriptionRow> {
  const row = await inTenant(call.parts.db, call.scope, (trx) => readSubscription(trx, id, call.customer));
  if (!row) throw notFound('subscription');
  return row;
}

export type Applied = { outcome: 'applied'; version: number };
export type Late = { outcome: 'late'; reply: Reply };

export async function command(call: Call, row: SubscriptionRow, command: Command): Promise<Applied | Late> {
  const answer = await askSubscription({
    temporal: call.parts.temporal,
    target: { ...call.scope, subscription: row.id },
    asked: askedBy(call, command, await standingTime(call, row)),
    patienceMs: call.parts.patienceMs.command,
  });
  if (answer.outcome === 'no_workflow') {
    const why = row.state === 'canceled' ? `its life is over${insteadOf(command)}` : 'it has no workflow';
    throw new Refused({ code: 'subscription_ended', detail: `cannot ${command.type}: ${why}` });
  }
  const done = await settle(call, row.id, command.type, answer);
  if (row.collection === 'processor') await answered(call, row.id);
  return done;
}

/** The relay books what the processor tells of an ended subscription, with the credit note that belongs to it. */
const insteadOf = ({ type }: Command): string =>
  type === 'credit_note' || type === 'retry_refund' || type === 'withdraw_credit'
    ? '; refund the payment at the processor, and the books follow'
    : '';

export const askedBy = (call: Call, command: Command, at: Instant | null): Asked => ({
  id: call.request,
  command,
  origin: { by: 'principal', ref: call.principal.ref },
  ...(at === null ? {} : { at }),
});

/** A clock that stands says what time it is. While it is on its way the workflow's own time is further. */
async function standingTime(call: Call, { clock_id: clock }: SubscriptionRow): Promise<Instant | null> {
  if (clock === null) return null;
  const row = await inTenant(call.parts.db, call.scope, (trx) => readClock(trx, clock));
  return row?.state === 'ready' ? row.now.getTime() : null;
}

/** What every command's end means to the caller. */
export async function settle(
  call: Call,
  subscription: SubscriptionId,
  name: Command['type'],
  answer: AskOutcome,
): Promise<Applied | Late> {
  call.parts.metrics.commands.inc({ command: name, outcome: answer.outcome });
  call.log.info({ subscriptionId: subscription, command: name, outcome: answer.outcome }, 'command');
  switch (answer.outcome) {
    case 'applied':
      return answer;
    case 'refused':
      throw new Refused(answer);
    case 'pending':
      return { outcome: 'late', reply: await accepted(call, subscription) };
    case 'unreachable':
      throw new Problem(503, 'temporal_unavailable', 'commands can’t be taken just now; reads go on working', {
        retryAfterSeconds: 5,
      });
    case 'no_namespace':
      throw new Problem(409, 'mode_not_configured', `this deployment has no ${call.scope.mode} mode`);
    case 'no_workflow':
      throw new Refused({ code: 'subscription_ended', detail: `cannot ${name}: its life is over` });
  }
}

/** It is on its way, and nobody has answered yet: where to look, and that asking again with the same key is safe. */
async function accepted(call: Call, subscription: SubscriptionId): Promise<Reply> {
  await call.bind(subscription);
  return {
    status: 202,
    body: { id: call.request, state: 'running', subscriptionId: subscription },
    headers: {
      location: `/api/billing/requests/${call.request}?subscriptionId=${subscription}`,
      'retry-after': '2',
    },
  };
}
