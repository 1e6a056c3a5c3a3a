/**
 * Why a card was declined, in Stripe's codes, and what it means for trying again. As data, so that a person can check it
 * against https://docs.stripe.com/declines/codes line by line.
 */
import type { DeclineClass } from '../domain/input.ts';
import { isSensitive } from '../security/sensitive.ts';

const classes: { readonly [Class in DeclineClass]: readonly string[] } = {
  /** May pass another day. */
  soft: [
    'approve_with_id',
    'call_issuer',
    'card_decline_rate_limit_exceeded',
    'card_declined',
    'card_velocity_exceeded',
    'do_not_honor',
    'duplicate_transaction',
    'generic_decline',
    'no_action_taken',
    'not_permitted',
    'offline_pin_required',
    'online_or_offline_pin_required',
    'pin_try_exceeded',
    'service_not_allowed',
    'transaction_not_allowed',
    'withdrawal_count_limit_exceeded',
  ],
  insufficient_funds: ['bank_account_insufficient_funds', 'balance_insufficient', 'insufficient_funds'],
  /** This card won't pay this: the customer needs another, or a word with the bank. */
  hard: [
    'account_closed',
    'amount_too_large',
    'amount_too_small',
    'bank_account_declined',
    'bank_account_restricted',
    'bank_account_unusable',
    'card_not_supported',
    'charge_exceeds_source_limit',
    'charge_exceeds_transaction_limit',
    'currency_not_supported',
    'debit_not_authorized',
    'do_not_try_again',
    'expired_payment_method',
    'incorrect_address',
    'incorrect_cvc',
    'incorrect_number',
    'incorrect_pin',
    'incorrect_postal_code',
    'incorrect_zip',
    'invalid_account',
    'invalid_amount',
    'invalid_charge_amount',
    'invalid_cvc',
    'invalid_expiry_month',
    'invalid_expiry_year',
    'invalid_number',
    'invalid_pin',
    'not_permitted_by_issuer',
    'payment_method_currency_mismatch',
    'payment_method_customer_decline',
    'payment_method_not_available',
    'payment_method_provider_decline',
    'payment_method_restricted',
    'revocation_of_all_authorizations',
    'revocation_of_authorization',
    'stop_payment_order',
    'test_mode_live_card',
    'testmode_charges_only',
    'testmode_decline',
  ],
  /** Expired or given up: the customer has, or will get, a new one. */
  card_replaced: ['expired_card', 'new_account_information_available'],
  authentication_required: [
    'authentication_not_handled',
    'authentication_required',
    'india_recurring_payment_mandate_canceled',
    'mobile_device_authentication_required',
    'payment_intent_action_required',
    'payment_intent_authentication_failure',
    'payment_intent_mandate_invalid',
  ],
  /** Stripe asks to show these to the customer as a plain decline; they are known to us alone. */
  fraud_suspected: [
    'fraudulent',
    'highest_risk_level',
    'lost_card',
    'merchant_blacklist',
    'pickup_card',
    'restricted_card',
    'security_violation',
    'stolen_card',
  ],
  /** Neither the card nor the customer: something on the way. */
  processor_trouble: [
    'issuer_not_available',
    'payment_intent_payment_attempt_expired',
    'payment_intent_payment_attempt_failed',
    'payment_method_provider_timeout',
    'processing_error',
    'reenter_transaction',
    'try_again_later',
  ],
  no_payment_method: ['customer_missing', 'no_payment_method', 'payment_method_missing'],
};

const byCode: ReadonlyMap<string, DeclineClass> = new Map(
  Object.entries(classes).flatMap(([decline, codes]) => codes.map((code) => [code, decline as DeclineClass] as const)),
);

/** A code that nobody knows is taken for a soft one: trying again costs little, giving up costs a customer. */
export function declineClassOf(code: string): DeclineClass {
  return byCode.get(code) ?? 'soft';
}

export const knownDeclines = classes;

type Told = { code?: string; decline_code?: string; advice_code?: string; network_advice_code?: string };

/**
 * The bank's own reason where there is one, Stripe's code else. `do_not_try_again` is the network's word: tries after it
 * are fined, so it makes any soft reason a hard one.
 */
export function declineOf(told: Told): { decline: DeclineClass; code: string; advice?: string } {
  const { code, decline_code, advice_code, network_advice_code = '' } = told;
  const reason = safeCode(decline_code) ?? safeCode(code) ?? 'card_declined';
  const decline = declineClassOf(reason);
  const retriable = decline === 'soft' || decline === 'insufficient_funds' || decline === 'processor_trouble';
  const forbids = advice_code === 'do_not_try_again';
  const advice = /^\d\d$/.test(network_advice_code) ? network_advice_code : forbids ? 'do_not_try_again' : null;
  return { decline: retriable && forbids ? 'hard' : decline, code: reason, ...(advice !== null && { advice }) };
}

/** A code is a word. Anything else in its place is not kept. */
const safeCode = (code: string | undefined): string | null =>
  code !== undefined && /^[a-z][a-z0-9_]{0,63}$/.test(code) && !isSensitive(code) ? code : null;
