/** Decline codes and what a bank says with them. https://docs.stripe.com/declines/codes */

export type Decline = {
  code: string;
  decline_code?: string;
  message: string;
  advice_code?: 'confirm_card_data' | 'do_not_try_again' | 'try_again_later';
  network_decline_code?: string;
};

const DECLINED = 'Your card was declined.';

const published: Record<string, Decline> = {
  insufficient_funds: declined('insufficient_funds', 'Your card has insufficient funds.', '51', 'try_again_later'),
  lost_card: declined('lost_card', DECLINED, '41', 'do_not_try_again'),
  stolen_card: declined('stolen_card', DECLINED, '43', 'do_not_try_again'),
  card_velocity_exceeded: declined(
    'card_velocity_exceeded',
    'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    '65',
    'try_again_later',
  ),
  authentication_required: {
    ...declined('authentication_required', 'Your card was declined. This transaction requires authentication.'),
    code: 'authentication_required',
  },
  expired_card: { code: 'expired_card', message: 'Your card has expired.', network_decline_code: '54' },
  incorrect_cvc: {
    code: 'incorrect_cvc',
    message: "Your card's security code is incorrect.",
    advice_code: 'confirm_card_data',
  },
  incorrect_number: { code: 'incorrect_number', message: 'Your card number is incorrect.' },
  processing_error: {
    code: 'processing_error',
    message: 'An error occurred while processing your card. Try again in a little bit.',
    advice_code: 'try_again_later',
  },
  test_mode_live_card: declined(
    'test_mode_live_card',
    'Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit: https://stripe.com/docs/testing.',
  ),
};

function declined(decline: string, message: string, network = '05', advice?: Decline['advice_code']): Decline {
  return {
    code: 'card_declined',
    decline_code: decline,
    message,
    network_decline_code: network,
    ...(advice && { advice_code: advice }),
  };
}

/** Any other code is a plain `card_declined` with it as its `decline_code`. */
export function declineFor(code: string): Decline {
  return published[code] ?? declined(code, DECLINED);
}
