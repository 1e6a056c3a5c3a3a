/** Everything that the rules refuse, by its stable code, and what that means. `docs/api.md` is written from it. */
import type { StateName } from './subscription.ts';

export const REFUSALS = {
  already_there: 'the subscription is on that version of the price book',
  anchor_day_unfit: 'the interval can’t be anchored on that day',
  below_minimum_amount: 'the promotion code is for a higher price',
  cancel_date_past: 'the day of the cancellation is over',
  change_not_offered: 'the price book’s rule of changes says otherwise, and binds customers',
  changed_meanwhile: 'the subscription is not as it was read',
  changed_since: 'what a migration has made of it was changed since, and is not undone',
  coupon_archived: 'the coupon is not offered any more',
  coupon_exhausted: 'it was redeemed as often as it may be',
  coupon_expired: 'the coupon or its code has ended',
  coupon_not_for_plan: 'the coupon is for other plans',
  coupon_not_in_currency: 'the coupon is an amount in another currency',
  credit_exceeds_remainder: 'more than is left of the line, of the invoice, or of where it goes',
  credit_insufficient: 'the customer has less credit',
  credit_line_unknown: 'the invoice has no such line, or it is named twice',
  credit_not_refundable: 'no payment of the subscription can take so much back',
  currency_mismatch: 'the plan costs another currency than the customer pays',
  date_past: 'the date is not after the one that it has to follow',
  debt_unpaid: 'it was paused for a debt, which is paid first',
  discount_held: 'a coupon counts once',
  discount_not_held: 'it holds other discounts',
  invoice_given_back: 'another invoice has given back of its days: credit the rest',
  invoice_not_creditable: 'a draft and a void invoice have nothing to give back',
  invoice_not_open: 'nothing is to be paid of it',
  invoice_partly_settled: 'some of it was paid or credited: credit the rest',
  invoice_unknown: 'the subscription has no such invoice',
  invoice_written_off: 'it was given up as lost',
  no_change: 'that is what it has',
  not_a_draft: 'the invoice was issued, or is not there',
  not_canceling: 'no cancellation is planned',
  not_carried: 'the processor that collects the subscription can’t do it',
  not_first_time: 'the promotion code is for a first subscription',
  nothing_unused: 'a cancellation for later leaves no unused days',
  no_retry_planned: 'no retry is planned that could be left out',
  not_on_hold: 'the dunning runs',
  nothing_owed: 'no invoice is open',
  order_pending: 'the processor that collects has not answered to the last command yet',
  payment_disputed: 'what is disputed is not refunded',
  payment_in_flight: 'an attempt is on its way; its answer comes first',
  payment_method_required: 'the plan’s trial asks for one',
  processor_collects: 'the processor invoices and collects the subscription: it is done there',
  promotion_code_unknown: 'there is none, or it is not this customer’s',
  refund_not_failed: 'only what failed is tried again, or turned into credit',
  resume_date_past: 'the pause would be over',
  too_many_discounts: 'a subscription holds fewer',
  trial_used: 'one trial per customer and product',
  within_term: 'the term that was subscribed for still runs, and binds customers',
} as const;

export type RefusalCode = keyof typeof REFUSALS | `not_while_${StateName}`;

/** A command that can't be done. Where a value was asked for that another one forbids, `path` names its field. */
export type Refusal = { code: RefusalCode; detail: string; path?: string };

/** Just that, of whatever carries it. */
export const refusalOf = ({ code, detail, path }: Refusal): Refusal => ({ code, detail, path });
