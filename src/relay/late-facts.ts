/**
 * What arrives after a subscription's workflow has ended. Money is money: it reaches the ledger without a workflow, as
 * money for which nothing is owed, by the same functions that a commit uses, and once by the same keys.
 */
import { sql } from 'kysely';
import type { Db } from '../db/client.ts';
import { recordMoney } from '../db/commit/money.ts';
import { knownDisputes, knownRefunds, readCreditables } from '../db/creditable.ts';
import { isMethodNews } from '../db/inbox.ts';
import { type Leased, type Pending, settle } from '../db/inbox-relay.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import { decide } from '../domain/decide.ts';
import type { Effect } from '../domain/effect.ts';
import type { Fact, Followable, InputOf } from '../domain/input.ts';
import { NOBODY } from '../domain/parties.ts';
import { booksOfPayment, NOTHING_SHARED } from '../domain/shared.ts';
import { isAccepted, type Subscription } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';

const WHY = 'subscription_ended';

type AboutPayment = InputOf<
  'payment_refunded' | 'refund_failed' | 'dispute_opened' | 'funds_withdrawn' | 'funds_reinstated' | 'dispute_closed'
>;

export function settleLate(db: Db, leased: Leased, subscription: Subscription): Promise<void> {
  return inTenant(db, leased, async (trx) => {
    for (const event of leased.events) {
      if (isMethodNews(event.told)) continue;
      const effects = await effectsOf(trx, subscription, event.told, event.occurredAt);
      await recordMoney(trx, [{ subscription, effects, parties: NOBODY }]); // what comes late is no invoice
      if (effects.length > 0) await audit(trx, leased, event, subscription);
      const state = effects.length > 0 ? 'applied' : 'ignored';
      await settle(trx, event.id, { state, reason: 'the subscription has ended, and its workflow with it' });
    }
  });
}

async function effectsOf(
  trx: Trx,
  subscription: Subscription,
  fact: Fact | Followable,
  at: Instant,
): Promise<Effect[]> {
  switch (fact.type) {
    case 'subscription_seen':
    case 'invoice_seen':
    case 'payment_seen':
    case 'object_stirred':
    case 'order_answered':
    case 'checkout_expired': {
      const decision = decide(subscription, { ...fact, at, origin: { by: 'processor', ref: WHY } });
      return decision.outcome === 'applied' ? decision.effects.filter(({ type }) => type !== 'read_back') : [];
    }
    case 'payment_succeeded': {
      const { invoice, attempt, payment, amount } = fact;
      const none = { decline: null, code: null };
      return [
        { type: 'settle_attempt', invoice, attempt, outcome: 'succeeded', payment, ...none, at },
        { type: 'record_unapplied_payment', invoice, payment, amount, why: WHY, at },
      ];
    }
    case 'payment_refunded':
    case 'refund_failed':
    case 'dispute_opened':
    case 'funds_withdrawn':
    case 'funds_reinstated':
    case 'dispute_closed':
      return decided(trx, subscription, { ...fact, at, origin: { by: 'processor', ref: WHY } });
    case 'payment_failed':
    case 'payment_needs_action':
    case 'payment_processing':
    case 'payment_canceled':
      return [];
  }
}

/** By the same rule as a workflow would: what it would remember of refunds and disputes, the books tell. */
async function decided(trx: Trx, subscription: Subscription, input: AboutPayment): Promise<Effect[]> {
  if (!isAccepted(subscription)) return [];
  const { payment } = input;
  const wanted = booksOfPayment(payment);
  const books = { of: wanted, invoices: await readCreditables(trx, subscription.id, wanted), refundable: [] };
  const [refunds, disputes] = [await knownRefunds(trx, payment), await knownDisputes(trx, payment)];
  const decision = decide({ ...subscription, refunds, disputes }, { ...input, shared: { ...NOTHING_SHARED, books } });
  return decision.outcome === 'applied' ? decision.effects : [];
}

async function audit(trx: Trx, { tenant, mode }: Leased, event: Pending, { id, state }: Subscription): Promise<void> {
  await trx
    .insertInto('audit_log')
    .values({
      tenant_id: tenant,
      mode,
      at: new Date(event.occurredAt),
      actor_by: 'processor',
      actor_ref: event.id,
      action: event.told.type,
      subject: id,
      version: null,
      from_state: state,
      to_state: state,
      why: JSON.stringify({ rule: 'late_money', why: WHY }),
      recorded_at: sql`clock_timestamp()`,
      sealed_at: null,
      hash: null,
    })
    .execute();
}
