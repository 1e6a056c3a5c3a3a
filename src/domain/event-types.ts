/**
 * Everything that is told to others, by its type: what it means and what it says. The pages for whoever listens are made from
 * this, and nothing can be announced that isn't here. Fields may be added; what a field means, and its name, stay.
 */

/** Amounts are whole minor units, times ISO 8601; one with a question mark may be null or missing. */
export type FieldKind = 'text' | 'text?' | 'amount' | 'amount?' | 'count' | 'count?' | 'time' | 'time?' | 'day?';

/** What the shape of what is sent is called. Another number only where a listener would have to change. */
export const EVENT_VERSION = '1';

type EventTypeOf = { about: string; data: Readonly<Record<string, FieldKind>> };

const invoice = { invoice: 'text', amount: 'amount', currency: 'text' } as const;
const refund = { refund: 'text', payment: 'text', amount: 'amount' } as const;
const dispute = { dispute: 'text', payment: 'text', amount: 'amount' } as const;
const migrated = {
  migration: 'text',
  fromPriceBook: 'text',
  toPriceBook: 'text',
  fromPrice: 'text?',
  toPrice: 'text?',
  day: 'day?',
} as const;

const types = {
  'subscription.created': { about: 'A customer has subscribed.', data: { plan: 'text' } },
  'subscription.trial_started': { about: 'A trial has begun.', data: { plan: 'text', until: 'time' } },
  'subscription.trial_will_end': {
    about: 'A trial ends soon, and without a payment method it ends in what the plan says.',
    data: { until: 'time', paymentMethod: 'text?' },
  },
  'subscription.activated': { about: 'It is active: paid, or its trial is over.', data: { why: 'text' } },
  'subscription.renewed': { about: 'A new period has begun.', data: { period: 'count' } },
  'subscription.changed': {
    about: 'Another plan or quantity; `when` says whether at once or at the end of the period.',
    data: { plan: 'text', quantity: 'count', when: 'text?' },
  },
  'subscription.discount_applied': { about: 'A coupon is held from now on.', data: { coupon: 'text' } },
  'subscription.discount_removed': { about: 'A coupon is held no longer.', data: { coupon: 'text' } },
  'subscription.migrated': {
    about: 'It has moved to another version of the price book.',
    data: { ...migrated, plan: 'text', when: 'text' },
  },
  'subscription.migration_undone': { about: 'It has moved back.', data: migrated },
  'subscription.past_due': { about: 'Something is overdue.', data: { since: 'time', owed: 'amount' } },
  'subscription.recovered': { about: 'Nothing is overdue any more.', data: { since: 'time' } },
  'subscription.unpaid': {
    about: 'The attempts to collect have ended, and it is not paid.',
    data: { since: 'time', owed: 'amount?' },
  },
  'subscription.downgraded': {
    about: 'The attempts to collect have ended, and it has moved to the baseline plan. The debt stays.',
    data: { plan: 'text', owed: 'amount' },
  },
  'subscription.paused': { about: 'It is paused.', data: { resumeAt: 'time?', why: 'text?' } },
  'subscription.resumed': { about: 'It goes on.', data: {} },
  'subscription.cancel_planned': { about: 'It will end.', data: { cancelAt: 'time' } },
  'subscription.cancel_undone': { about: 'It will not end after all.', data: {} },
  'subscription.canceled': { about: 'It has ended.', data: { reason: 'text?' } },
  'subscription.order_refused': {
    about: 'The processor that collects has refused what it was told.',
    data: { what: 'text', code: 'text' },
  },
  'access.changed': {
    about: 'The customer may use less, or all of it again.',
    data: { level: 'text', until: 'time?' },
  },
  'access.grace_ending': {
    about: 'Full access ends soon, unless what is owed is paid.',
    data: { until: 'time', owed: 'amount' },
  },
  'entitlements.changed': {
    about: 'What the customer may use is not what it was: ask for it anew.',
    data: { customer: 'text', access: 'text?', plan: 'text?', quantity: 'count?', feature: 'text?' },
  },
  'usage.threshold_reached': {
    about:
      'So many percent of what a feature gives for a period are used. At 100 it is switched off until the next one.',
    data: { customer: 'text', feature: 'text', meter: 'text', threshold: 'count', used: 'count', limit: 'count' },
  },
  'invoice.issued': {
    about: 'An invoice has its number.',
    data: { invoice: 'text', total: 'amount', amountDue: 'amount', currency: 'text' },
  },
  'invoice.paid': { about: 'Nothing is owed on it any more.', data: invoice },
  'invoice.partly_paid': { about: 'Some of it is paid.', data: { ...invoice, left: 'amount' } },
  'invoice.overdue': { about: 'One that was sent was not paid in time.', data: { invoice: 'text' } },
  'invoice.voided': { about: 'It counts no longer.', data: { invoice: 'text', total: 'amount', currency: 'text' } },
  'invoice.written_off': { about: 'What is owed on it is given up.', data: invoice },
  'payment.failed': {
    about: 'An attempt to collect was declined. `retryAt`: when it is tried again by itself.',
    data: { invoice: 'text', attempt: 'count', code: 'text?', decline: 'text?', retryAt: 'time?' },
  },
  'payment.needs_action': {
    about: 'The customer’s bank wants to see the customer.',
    data: { invoice: 'text', attempt: 'count' },
  },
  'credit_note.issued': {
    about: 'Something was taken off an invoice; `to` says where it went.',
    data: { creditNote: 'text', invoice: 'text', to: 'text', total: 'amount', currency: 'text' },
  },
  'credit.withdrawn': {
    about: 'A customer’s credit is paid out.',
    data: { amount: 'amount', currency: 'text' },
  },
  'refund.succeeded': { about: 'Money has gone back.', data: refund },
  'refund.failed': { about: 'Money could not go back.', data: { ...refund, code: 'text?' } },
  'refund.credited': { about: 'What could not go back is the customer’s credit now.', data: refund },
  'dispute.opened': {
    about: 'A customer has asked the bank for the money back. `inquiry`: yes or no; it is only a question then.',
    data: { ...dispute, reason: 'text?', inquiry: 'text' },
  },
  'dispute.funds_withdrawn': { about: 'The bank has taken the money.', data: { ...dispute, fee: 'amount' } },
  'dispute.funds_reinstated': { about: 'The bank has given it back.', data: { ...dispute, fee: 'amount' } },
  'dispute.closed': { about: 'The bank has decided.', data: { ...dispute, outcome: 'text' } },
  'event.dead': {
    about: 'What a processor has told us could not be applied within three days: a person has to look.',
    data: { event: 'text', type: 'text', reason: 'text', attempts: 'count' },
  },
  'event.quarantined': {
    about: 'What stands in the inbox is not what a processor has told us: a person has to look.',
    data: { event: 'text', type: 'text', reason: 'text' },
  },
  'endpoint.paused': {
    about: 'An endpoint takes nothing, and is told nothing until somebody resumes it.',
    data: { endpoint: 'text', reason: 'text' },
  },
  'endpoint.test': { about: 'Somebody tries an endpoint. Only that one is told.', data: { endpoint: 'text' } },
} as const satisfies Readonly<Record<string, EventTypeOf>>;

export type EventType = keyof typeof types;
export const eventTypes: Readonly<Record<EventType, EventTypeOf>> = types;

export const isEventType = (type: string): type is EventType => type in types;

/** Inside, times are milliseconds. */
export function dataOf(
  type: string,
  data: Readonly<Record<string, string | number | null>>,
): Record<string, string | number | null> {
  const kinds: Readonly<Record<string, FieldKind>> = isEventType(type) ? eventTypes[type].data : {};
  const isTime = (name: string) => kinds[name] === 'time' || kinds[name] === 'time?';
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      isTime(name) && typeof value === 'number' ? new Date(value).toISOString() : value,
    ]),
  );
}
