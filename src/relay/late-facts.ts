/**
 * What arrives after a subscription's workflow has ended. Money is money: it reaches the ledger without a workflow, as
 * money for which nothing is owed, by the same functions that a commit uses, and once by the same keys.
 */
import { sql } from 'kysely';
import type { Db } from '../db/client.ts';
import { recordMoney } from '../db/commit/money.ts';
import { isMethodNews } from '../db/inbox.ts';
import { type Leased, type Pending, settle } from '../db/inbox-relay.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import type { Effect } from '../domain/effect.ts';
import type { Fact } from '../domain/input.ts';
import { NOBODY } from '../domain/parties.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';

const WHY = 'subscription_ended';

export function settleLate(db: Db, leased: Leased, subscription: Subscription): Promise<void> {
  return inTenant(db, leased, async (trx) => {
    for (const event of leased.events) {
      if (isMethodNews(event.told)) continue;
      const effects = effectsOf(event.told, event.occurredAt);
      await recordMoney(trx, subscription, effects, NOBODY); // what comes late is no invoice
      if (effects.length > 0) await audit(trx, leased, event, subscription);
      const state = effects.length > 0 ? 'applied' : 'ignored';
      await settle(trx, event.id, { state, reason: 'the subscription has ended, and its workflow with it' });
    }
  });
}

function effectsOf(fact: Fact, at: Instant): Effect[] {
  switch (fact.type) {
    case 'payment_succeeded': {
      const { invoice, attempt, payment, amount } = fact;
      const none = { decline: null, code: null };
      return [
        { type: 'settle_attempt', invoice, attempt, outcome: 'succeeded', payment, ...none, at },
        { type: 'record_unapplied_payment', invoice, payment, amount, why: WHY, at },
      ];
    }
    case 'payment_refunded':
      return [{ type: 'record_refund', payment: fact.payment, refund: fact.refund, amount: fact.amount, at }];
    case 'payment_failed':
    case 'payment_needs_action':
    case 'payment_processing':
    case 'payment_canceled':
      return [];
  }
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
