import { createHmac } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { theirMethod } from '../src/customers/method-reference.ts';
import { processorCustomerOf } from '../src/customers/processor-customer.ts';
import type { Db } from '../src/db/client.ts';
import { triesOf } from '../src/db/method-facts.ts';
import { readPaymentMethod } from '../src/db/payment-methods.ts';
import { inTenant } from '../src/db/tenant.ts';
import type { Fact } from '../src/domain/input.ts';
import { adviceUntil, type SchemeLimit, schemeLimit } from '../src/domain/scheme-limits.ts';
import { failPoint } from '../src/fail-point.ts';
import type { ChargeAnswer } from '../src/processors/processor.ts';
import type { Processors } from '../src/processors/processors.ts';
import type { KeyRing } from '../src/security/key-ring.ts';
import type { Taxes } from '../src/tax/taxes.ts';
import type { Activities, Call, EffectOf } from './contract.ts';
import { isRepeat, withTrouble } from './trouble.ts';

/** `ring`: what is sealed in rows is opened by it. `cardKey`: cards are known again by it, and by nothing else. */
export type OutsideDeps = { db: Db; ring: KeyRing; cardKey: Buffer; processors: Processors; taxes: Taxes };

/**
 * Asks the processor for money and reports the answer; recording it is the workflow's affair. One attempt is one charge:
 * its repeats share a key, and where the key may be forgotten, or an answer was lost, the charge is looked up first.
 */
export const createCharge =
  (deps: OutsideDeps): Activities['charge'] =>
  (call) =>
    withTrouble(async () => {
      const { effect, subscription } = call;
      const { invoice, attempt } = effect;
      const stored = await storedAttempt(deps.db, call);
      const paymentMethod = await methodThere(deps, call);
      if (paymentMethod === null) {
        const none = 'no_payment_method';
        return [{ type: 'payment_failed', invoice, attempt, payment: null, decline: none, code: none }];
      }
      const { account, customer } = await processorCustomerOf(deps, subscription);
      const { processor } = account;
      const { tenant, mode } = subscription;
      const { requestedAt } = stored;
      const isOld = Date.now() - requestedAt > processor.capabilities.keysLiveMs;
      if (call.lookFirst || isRepeat() || isOld || stored.state !== 'requested') {
        const found = await processor.findCharge({ tenant, mode, invoice, attempt, customer, requestedAt });
        if (found) return [factOf(found, effect)];
      }
      const limit = await limitOf(deps.db, call);
      if (limit) {
        const { until, why: code } = limit;
        const decline = until === null ? 'hard' : 'soft';
        return [
          {
            type: 'payment_failed',
            invoice,
            attempt,
            payment: null,
            decline,
            code,
            ...(until && { notBefore: until }),
          },
        ];
      }
      failPoint('charge.before-call');
      const answer = await processor.charge({
        tenant,
        mode,
        subscription: subscription.id,
        invoice,
        attempt,
        key: stored.key,
        requestedAt,
        customer,
        paymentMethod,
        amount: effect.amount,
        currency: subscription.currency,
        onSession: effect.onSession,
      });
      await rememberCard(deps, call, answer);
      failPoint('charge.after-call');
      return [factOf(answer, effect)];
    });

/** What the card's network forbids binds every try of it, whoever asks: nothing is sent. */
async function limitOf(db: Db, { effect, subscription }: Call<EffectOf<'charge'>>): Promise<SchemeLimit | null> {
  const { paymentMethod: id, at } = effect;
  if (id === null) return null;
  return inTenant(db, subscription, async (trx) => {
    const method = await readPaymentMethod(trx, subscription.customer, id);
    return method && schemeLimit(method.brand, await triesOf(trx, [id], at, effect), at);
  });
}

/** By a hash that says nothing of it, so that a card is known again as another method, and on another invoice. */
async function rememberCard(
  { db, cardKey }: OutsideDeps,
  { effect: { paymentMethod: id }, subscription }: Call<EffectOf<'charge'>>,
  answer: ChargeAnswer,
): Promise<void> {
  if (id === null || !('card' in answer) || answer.card === undefined) return;
  const { tenant, mode } = subscription;
  const key = createHmac('sha256', cardKey)
    .update(JSON.stringify(['card', tenant, mode, answer.card]))
    .digest('hex');
  await inTenant(db, subscription, (trx) =>
    trx
      .updateTable('payment_methods')
      .set({ card_key: key })
      .where('id', '=', id)
      .where('card_key', 'is distinct from', key)
      .execute(),
  );
}

/** As the processor calls it; null where there is none. */
async function methodThere({ db, ring, processors }: OutsideDeps, { effect, subscription }: Call<EffectOf<'charge'>>) {
  const { paymentMethod: id } = effect;
  const { capabilities } = (await processors.of(subscription)).processor;
  if (id === null || capabilities.namesMethods) return id;
  const row = await inTenant(db, subscription, (trx) => readPaymentMethod(trx, subscription.customer, id));
  return row && theirMethod(ring, row);
}

/** Money is asked for only under a key that the database holds: a restored backup must not charge on its own. */
async function storedAttempt(db: Db, { effect, subscription }: Call<EffectOf<'charge'>>) {
  const row = await inTenant(db, subscription, (trx) =>
    trx
      .selectFrom('payment_attempts')
      .select(['key', 'state', 'requested_at'])
      .where('invoice_id', '=', effect.invoice)
      .where('attempt', '=', effect.attempt)
      .executeTakeFirst(),
  );
  if (row) return { key: row.key, state: row.state, requestedAt: row.requested_at.getTime() };
  throw ApplicationFailure.retryable(
    `attempt ${effect.attempt} of ${effect.invoice} is not in the database`,
    'attempt_unknown',
  );
}

function factOf(answer: ChargeAnswer, { invoice, attempt, at }: EffectOf<'charge'>): Fact {
  const { payment } = answer;
  switch (answer.outcome) {
    case 'succeeded':
      return { type: 'payment_succeeded', invoice, attempt, payment: answer.payment, amount: answer.amount };
    case 'declined': {
      const { decline, code, advice } = answer;
      const notBefore = advice === undefined ? null : adviceUntil(advice, at);
      return {
        ...{ type: 'payment_failed', invoice, attempt, payment, decline, code },
        ...(advice !== undefined && { advice }),
        ...(notBefore && { notBefore }),
      };
    }
    case 'needs_action':
      return { type: 'payment_needs_action', invoice, attempt, payment: answer.payment };
    case 'processing':
      return { type: 'payment_processing', invoice, attempt, payment: answer.payment };
    case 'canceled':
      return { type: 'payment_canceled', invoice, attempt, payment: answer.payment };
  }
}
