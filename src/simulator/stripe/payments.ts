/** How a PaymentIntent that is being confirmed goes on: to its money, its refusal, its customer or its bank. */
import { newId } from '../ids.ts';
import { type Behaviour, isInterruption, judgeCharge, OK, type Verdict } from './behaviour.ts';
import type { Call } from './call.ts';
import { declineOf, fail, pend, succeed } from './charges.ts';
import { type Decline, declineFor } from './declines.ts';
import { docUrl, invalid } from './errors.ts';
import { attach } from './methods.ts';
import { nextAction } from './next-action.ts';
import { type Answer, answer, ok } from './route.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './wire.ts';

/** `asksWhenAbsent`: where an absent customer's bank wants to see them, the payment waits for them, as billing does it. */
export type How = { offSession: boolean; returnUrl: string | null; errorOnAction: boolean; asksWhenAbsent?: boolean };

export function confirm(
  call: Call,
  intent: PaymentIntent,
  method: PaymentMethod,
  behaviour: Behaviour,
  how: How,
): Answer {
  const { setUp } = call.store.get('sim.method', method.id)!;
  const absent = judgeCharge(behaviour, { offSession: how.offSession, setUp, authenticated: false });
  const waits = how.asksWhenAbsent && absent.verdict === 'declined' && absent.code === 'authentication_required';
  const verdict: Verdict = waits ? { verdict: 'needs_authentication' } : absent;
  const chosen: PaymentIntent = { ...intent, payment_method: method.id };
  const remember = () => call.store.put('sim.intent', { id: intent.id, habit: behaviour, offSession: how.offSession });
  switch (verdict.verdict) {
    case 'succeeds':
      return ok(paid(call, chosen, method, behaviour));
    case 'declined':
      return declinedAnswer(...refused(call, chosen, method, declineFor(verdict.code)));
    case 'needs_authentication': {
      if (how.errorOnAction)
        return declinedAnswer(...refused(call, chosen, method, declineFor('authentication_required')));
      remember();
      return ok(
        move(call, 'payment_intent.requires_action', {
          ...chosen,
          last_payment_error: null,
          next_action: nextAction(call, intent.id, how.returnUrl),
          status: 'requires_action',
        }),
      );
    }
    case 'processes': {
      remember();
      const charge = pend(call, chosen, method);
      const work = { kind: 'settle_payment', intent: intent.id } as const;
      const clock = chosen.customer === null ? null : call.clockOf(chosen.customer);
      call.store.put('sim.due', { id: newId('due'), at: call.now(chosen.customer) + verdict.seconds, clock, work });
      return ok(
        move(call, 'payment_intent.processing', {
          ...chosen,
          last_payment_error: null,
          latest_charge: charge.id,
          next_action: null,
          processing: { card: {}, type: 'card' },
          status: 'processing',
        }),
      );
    }
  }
}

/** The customer has been at their bank's page. */
export function authenticated(call: Call, intent: PaymentIntent, outcome: 'complete' | 'fail'): PaymentIntent {
  const method = call.store.get('payment_method', intent.payment_method!)!;
  if (outcome === 'fail') {
    const message =
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.';
    return unpaid(call, intent, method, { code: 'payment_intent_authentication_failure', message }, null);
  }
  const habit = call.store.get('sim.intent', intent.id)!.habit;
  const behaviour = isInterruption(habit) ? OK : habit;
  const verdict = judgeCharge(behaviour, { offSession: false, setUp: true, authenticated: true });
  return verdict.verdict === 'declined'
    ? refused(call, intent, method, declineFor(verdict.code))[0]
    : paid(call, intent, method, behaviour);
}

/** The bank has made up its mind about a payment that was processing; without `code` its money comes. */
export function settled(call: Call, intent: PaymentIntent, code: string | null): PaymentIntent {
  const method = call.store.get('payment_method', intent.payment_method!)!;
  const pending = call.store.get('charge', intent.latest_charge!)!;
  return code === null
    ? paid(call, intent, method, OK, pending)
    : refused(call, intent, method, declineFor(code), pending)[0];
}

function paid(
  call: Call,
  intent: PaymentIntent,
  method: PaymentMethod,
  behaviour: Behaviour,
  pending?: Charge,
): PaymentIntent {
  const charge = succeed(call, intent, method, behaviour, pending);
  const keep = intent.setup_future_usage !== null && intent.customer !== null;
  if (keep) attach(call, method, intent.customer as string);
  const nature = call.store.get('sim.method', method.id)!;
  const isSaved = keep || method.customer !== null;
  const setUp = nature.setUp || (isSaved && intent.setup_future_usage === 'off_session');
  call.store.put('sim.method', { ...nature, setUp, spent: !isSaved });
  const manual = intent.capture_method === 'manual';
  return move(call, manual ? 'payment_intent.amount_capturable_updated' : 'payment_intent.succeeded', {
    ...intent,
    amount_capturable: manual ? intent.amount : 0,
    amount_received: manual ? 0 : intent.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    processing: null,
    status: manual ? 'requires_capture' : 'succeeded',
  });
}

type Refusal = [intent: PaymentIntent, method: PaymentMethod, charge: Charge];

function refused(
  call: Call,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
  pending?: Charge,
): Refusal {
  const charge = fail(call, intent, method, decline, pending);
  return [unpaid(call, intent, method, decline, charge), method, charge];
}

function unpaid(
  call: Call,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
  charge: Charge | null,
): PaymentIntent {
  const error = { ...decline, type: 'card_error' as const, doc_url: docUrl(decline.code) };
  return move(call, 'payment_intent.payment_failed', {
    ...intent,
    last_payment_error: { ...error, ...(charge && { charge: charge.id }), payment_method: method },
    latest_charge: charge?.id ?? intent.latest_charge,
    next_action: null,
    payment_method: null,
    processing: null,
    status: 'requires_payment_method',
  });
}

/** A declined charge is an answer like any other: kept under its key and given again. */
function declinedAnswer(payment_intent: PaymentIntent, payment_method: PaymentMethod, charge: Charge): Answer {
  const decline = declineOf(charge);
  const doc_url = docUrl(decline.code);
  return answer(402, {
    error: { type: 'card_error', ...decline, charge: charge.id, doc_url, payment_intent, payment_method },
  });
}

function move(call: Call, type: Parameters<Call['emit']>[0], intent: PaymentIntent): PaymentIntent {
  call.emit(type, call.store.put('payment_intent', intent), call.now(intent.customer));
  return intent;
}

export function unexpectedState(verb: string, payment_intent: PaymentIntent) {
  const message = `You cannot ${verb} this PaymentIntent because it has a status of ${payment_intent.status}.`;
  return invalid(message, { code: 'payment_intent_unexpected_state', payment_intent });
}
