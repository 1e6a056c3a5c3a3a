/**
 * What goes back: credit notes, refunds, disputes, write-offs. All of it is rare, so each effect has statements of its own,
 * in the order in which they were decided. Whatever was known before changes nothing and is not posted again.
 */
import { sql } from 'kysely';
import type { Effect } from '../../domain/effect.ts';
import { keyOf } from '../../domain/effect.ts';
import type { InvoiceId } from '../../domain/ids.ts';
import {
  type About,
  carriedSettled,
  creditNoteIssued,
  disputeFundsReinstated,
  disputeFundsWithdrawn,
  type KeyedPosting,
  type Posting,
  refundCredited,
  refundFailed,
  refundPaid,
  refundPromised,
  writtenOff,
} from '../../domain/ledger.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Trx } from '../tenant.ts';
import { writeSpans } from './earnings.ts';
import type { EffectOf } from './effects.ts';
import { iso } from './projection.ts';

/** Keeps what is new of it, and answers what is to be posted for that. Credit notes get their rows and numbers later. */
export async function giveBack(
  trx: Trx,
  subscription: Subscription,
  effects: readonly Effect[],
): Promise<KeyedPosting[]> {
  const postings: KeyedPosting[] = [];
  for (const effect of effects) postings.push(...(await kept(trx, subscription, effect)));
  return postings;
}

async function kept(trx: Trx, subscription: Subscription, effect: Effect): Promise<KeyedPosting[]> {
  const { customer, id, currency } = subscription;
  const about: About = { customer, subscription: id, currency, at: 'at' in effect ? effect.at : 0 };
  const once = (posting: Posting, invoice: InvoiceId | null = null): KeyedPosting[] => [
    { ...posting, key: keyOf(effect), invoice },
  ];
  switch (effect.type) {
    case 'issue_credit_note':
      await writeSpans(
        trx,
        { customer, subscription: id, currency },
        effect.spans.map(({ line, span }) => ({
          ...{ invoice: effect.note.invoice, ordinal: line, span, cause: 'credit_note', reference: keyOf(effect) },
        })),
      );
      return once(creditNoteIssued(effect.note, about), effect.note.invoice);
    case 'write_off_invoice':
      return (await writeOff(trx, effect)) ? once(writtenOff(effect.amount, about), effect.invoice) : [];
    case 'request_refund': {
      const isNew = await requestRefund(trx, subscription, effect);
      return isNew && effect.from !== 'credit_note' ? once(refundPromised(effect.amount, effect.from, about)) : [];
    }
    case 'repeat_refund':
      await repeatRefund(trx, effect);
      return [];
    case 'settle_refund': {
      const settled = await settleRefund(trx, effect);
      if (!settled) return [];
      const { amount, before } = settled;
      if (effect.outcome === 'succeeded') return once(refundPaid(amount, about));
      if (effect.outcome === 'credited') return once(refundCredited(amount, about));
      return before === 'succeeded' ? once(refundFailed(amount, about)) : [];
    }
    case 'record_refund': {
      if (!(await recordRefund(trx, subscription, effect))) return [];
      const promised =
        subscription.collection === 'processor'
          ? refundPromised(effect.amount - effect.unapplied, 'credit_granted', about)
          : refundPromised(effect.unapplied, 'unapplied_cash', about);
      return [
        ...(promised.transfers.length > 0 ? [{ ...promised, key: `promised/${effect.refund}` }] : []),
        ...once(refundPaid(effect.amount, about)),
      ];
    }
    case 'settle_carried':
      return once(carriedSettled(effect.amount, about));
    case 'record_dispute':
      await recordDispute(trx, subscription, effect);
      return [];
    case 'move_dispute_funds': {
      await moveDisputeFunds(trx, effect);
      const moved = effect.direction === 'withdrawn' ? disputeFundsWithdrawn : disputeFundsReinstated;
      return once(moved(effect.amount, effect.fee, about));
    }
    default:
      return [];
  }
}

async function writeOff(trx: Trx, { invoice, at }: EffectOf<'write_off_invoice'>): Promise<boolean> {
  const { rows } = await sql`/* commit_write_off */
    update invoices set state = 'uncollectible', written_off_at = ${iso(at)}
    where id = ${invoice} and state = 'open' returning id`.execute(trx);
  return rows.length > 0;
}

async function requestRefund(
  trx: Trx,
  { id: subscription, currency }: Subscription,
  { refund, attempt, from, note, invoice, payment, amount, at }: EffectOf<'request_refund'>,
): Promise<boolean> {
  const { rows } = await sql`/* commit_request_refund */
    insert into refunds (tenant_id, mode, id, state, attempt, "from", credit_note_id, invoice_id, payment_id,
      subscription_id, amount, currency, unapplied, requested_at)
    values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${refund}, 'requested', ${attempt}, ${from},
      ${note}, ${invoice}, ${payment}, ${subscription}, ${amount}, ${currency},
      ${from === 'unapplied_cash' ? amount : 0}, ${iso(at)})
    on conflict (tenant_id, mode, id) do nothing returning id`.execute(trx);
  return rows.length > 0;
}

const repeatRefund = (trx: Trx, { refund, attempt }: EffectOf<'repeat_refund'>) =>
  sql`/* commit_repeat_refund */
    update refunds set state = 'requested', attempt = ${attempt}, code = null, failed_at = null, refunded_at = null
    where id = ${refund} and state = 'failed' and attempt < ${attempt}`.execute(trx);

/** From which state each end can be reached: a refund that has arrived may still come back. */
const BEFORE = { succeeded: ['requested'], failed: ['requested', 'succeeded'], credited: ['failed'] } as const;

async function settleRefund(
  trx: Trx,
  { refund, attempt, outcome, name, code, at }: EffectOf<'settle_refund'>,
): Promise<{ amount: number; before: string } | null> {
  const { rows } = await sql<{ amount: number; before: string }>`/* commit_settle_refund */
    with known as (
      select id, state from refunds
      where id = ${refund} and attempt = ${attempt} and state = any(${[...BEFORE[outcome]]}::text[]) for update
    )
    update refunds set state = ${outcome}, name = coalesce(${name}, name), code = coalesce(${code}, code),
      refunded_at = case ${outcome} when 'succeeded' then ${iso(at)}::timestamptz else refunded_at end,
      failed_at = case ${outcome} when 'failed' then ${iso(at)}::timestamptz else failed_at end
    from known where refunds.id = known.id
    returning refunds.amount, known.state as before`.execute(trx);
  return rows[0] ?? null;
}

async function recordRefund(
  trx: Trx,
  { id: subscription, currency, collection }: Subscription,
  { refund, name, note, invoice, payment, amount, unapplied, at }: EffectOf<'record_refund'>,
): Promise<boolean> {
  const isFollowed = collection === 'processor';
  const from = isFollowed ? 'goodwill' : note === null && unapplied > 0 ? 'unapplied_cash' : 'credit_note';
  const { rows } = await sql`/* commit_record_refund */
    insert into refunds (tenant_id, mode, id, name, state, attempt, "from", outside, credit_note_id, invoice_id, payment_id,
      subscription_id, amount, unapplied, currency, requested_at, refunded_at)
    values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${refund}, ${name}, 'succeeded', 1, ${from},
      true, ${note}, ${invoice}, ${payment}, ${subscription}, ${amount}, ${unapplied}, ${currency}, ${iso(at)}, ${iso(at)})
    on conflict (tenant_id, mode, id) do nothing returning id`.execute(trx);
  return rows.length > 0;
}

/** What is known stays: a verdict, and the bank's reason. */
const recordDispute = (
  trx: Trx,
  { id: subscription, customer, currency }: Subscription,
  { dispute, payment, amount, inquiry, reason, outcome, at }: EffectOf<'record_dispute'>,
) =>
  sql`/* commit_record_dispute */
    insert into disputes as known (tenant_id, mode, id, payment_id, invoice_id, subscription_id, customer_id, amount,
      currency, reason, inquiry, outcome, opened_at, closed_at)
    values (current_setting('hydra.tenant'), current_setting('hydra.mode'), ${dispute}, ${payment},
      (select invoice_id from payments where id = ${payment}), ${subscription}, ${customer}, ${amount}, ${currency},
      ${reason}, ${inquiry}, ${outcome}, ${iso(at)}, ${outcome === null ? null : iso(at)})
    on conflict (tenant_id, mode, id) do update set amount = excluded.amount, inquiry = excluded.inquiry,
      reason = coalesce(excluded.reason, known.reason), outcome = coalesce(known.outcome, excluded.outcome),
      closed_at = coalesce(known.closed_at, excluded.closed_at)`.execute(trx);

const moveDisputeFunds = (trx: Trx, { dispute, direction, amount, fee }: EffectOf<'move_dispute_funds'>) =>
  direction === 'withdrawn'
    ? sql`/* commit_withdrawn */
        update disputes set withdrawn = ${amount}, fee = fee + ${fee} where id = ${dispute} and withdrawn = 0`.execute(
        trx,
      )
    : sql`/* commit_reinstated */
        update disputes set reinstated = ${amount}, fee = fee - ${fee} where id = ${dispute} and reinstated = 0`.execute(
        trx,
      );
