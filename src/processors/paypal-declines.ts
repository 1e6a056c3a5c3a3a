/**
 * Why PayPal took no money: the issue of an order that it refused, the reason on a capture, or the answer of a card's bank.
 * https://developer.paypal.com/api/rest/reference/orders/v2/errors/ and …/card-decline-errors/
 */
import type { DeclineClass } from '../domain/input.ts';

const classes: Record<Exclude<DeclineClass, 'soft'>, readonly string[]> = {
  insufficient_funds: ['5120', 'insufficient_funds', 'payer_insufficient_funds'],
  hard: [
    '0500',
    '1330',
    '5180',
    '5930',
    '9500',
    '9540',
    'card_closed',
    'compliance_violation',
    'currency_not_supported',
    'currency_not_supported_for_card_type',
    'max_value_exceeded',
    'max_number_of_payment_attempts_exceeded',
    'payee_blocked_transaction',
    'payer_account_locked_or_closed',
    'payer_account_restricted',
    'payer_cannot_pay',
    'payer_country_not_supported',
    'payment_denied',
    'transaction_limit_exceeded',
  ],
  card_replaced: ['5400', 'card_expired', 'pphd'],
  authentication_required: ['payer_action_required', 'redirect_payer_for_alternate_funding', 'ppbi'],
  fraud_suspected: ['9520', 'declined_by_risk_fraud_filters', 'transaction_blocked_by_payee', 'suspected_fraud'],
  processor_trouble: ['processor_timeout', 'internal_server_error', '9100', 'pprn'],
  no_payment_method: [
    'card_type_not_supported',
    'invalid_resource_id',
    'payment_source_cannot_be_used',
    'payment_source_declined_by_processor_token',
    'payment_source_info_cannot_be_verified',
    'token_not_found',
    'token_id_not_found',
    'resource_not_found',
    'agreement_already_cancelled',
    'billing_agreement_not_found',
  ],
};

const byCode: ReadonlyMap<string, DeclineClass> = new Map(
  Object.entries(classes).flatMap(([decline, codes]) => codes.map((code) => [code, decline as DeclineClass] as const)),
);

export const knownPaypalDeclines = classes;

/** A code that nobody knows is taken for a soft one, as elsewhere. */
export function paypalDecline(code: string | null): { decline: DeclineClass; code: string } {
  const word = code?.toLowerCase() ?? '';
  const known = /^[a-z0-9][a-z0-9_]{0,63}$/.test(word) ? word : 'instrument_declined';
  return { decline: byCode.get(known) ?? 'soft', code: known };
}
