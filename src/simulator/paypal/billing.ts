/** What time brings to subscriptions: PayPal bills them by itself, tries again by itself, and gives up by itself. */
import { type Call, code } from './call.ts';
import { planFor } from './catalog.ts';
import { cents, feeOf, money, times } from './money.ts';
import type { BillingCycle, Money, Sale, Subscription } from './tables.ts';

const RETRY_AFTER_MS = 5 * 86_400_000;

export const cyclesOf = (call: Call, row: Subscription): BillingCycle[] =>
  call.store.get('sim.agreement', row.id)?.cycles ?? planFor(call, row.plan_id).billing_cycles;

/** The earliest: a cycle that begins, or another try. */
export function nextDue(row: Subscription): number | null {
  if (row.status !== 'ACTIVE') return null;
  const { next_billing_time, last_failed_payment } = row.billing_info;
  const at = [next_billing_time, last_failed_payment?.next_payment_retry_time].flatMap((time) =>
    time ? [Date.parse(time)] : [],
  );
  return at.length > 0 ? Math.min(...at) : null;
}

export function carryOut(call: Call, row: Subscription): void {
  const retryAt = row.billing_info.last_failed_payment?.next_payment_retry_time;
  if (retryAt !== undefined && Date.parse(retryAt) === nextDue(row)) collectOutstanding(call, row);
  else beginCycle(call, row);
}

/** A subscription that was approved begins at its start time, with its set-up fee. */
export function activate(call: Call, row: Subscription, subscriber: object): Subscription {
  const { setup_fee } = planFor(call, row.plan_id).payment_preferences;
  const time = call.time();
  const active = call.store.put('subscription', {
    ...row,
    status: 'ACTIVE',
    status_update_time: time,
    update_time: time,
    subscriber,
    billing_info: { ...row.billing_info, next_billing_time: row.start_time },
  });
  tell(call, 'ACTIVATED', active);
  return setup_fee && cents(setup_fee) > 0 ? paid(call, active, setup_fee) : active;
}

function beginCycle(call: Call, row: Subscription): void {
  const cycles = cyclesOf(call, row);
  const { cycle_executions: executions } = row.billing_info;
  const execution = executions.find((each) => each.total_cycles === 0 || each.cycles_completed < each.total_cycles);
  const cycle = cycles.find(({ sequence }) => sequence === execution?.sequence);
  if (!execution || !cycle) {
    expire(call, row);
    return;
  }
  const completed = execution.cycles_completed + 1;
  const cycle_executions = executions.map((each) =>
    each === execution
      ? { ...each, cycles_completed: completed, cycles_remaining: Math.max(0, each.total_cycles - completed) }
      : each,
  );
  const next_billing_time = call.time(after(row.billing_info.next_billing_time ?? row.start_time, cycle.frequency));
  const billing_info = { ...row.billing_info, cycle_executions, next_billing_time };
  const begun = call.store.put('subscription', { ...row, billing_info, update_time: call.time() });
  const price = times(cycle.pricing_scheme.fixed_price, Number(row.quantity));
  if (cents(price) > 0) collect(call, begun, price);
  const rest = cycle_executions.some((each) => each.total_cycles === 0 || each.cycles_completed < each.total_cycles);
  if (rest) return;
  const last = call.store.get('subscription', row.id)!;
  const { next_billing_time: _, ...info } = last.billing_info;
  expire(call, { ...last, billing_info: info });
}

function collect(call: Call, row: Subscription, price: Money): void {
  const declined = call.meets('declines');
  if (declined === null) {
    paid(call, row, price);
    return;
  }
  const { outstanding_balance, failed_payments_count } = row.billing_info;
  const owed = money(cents(outstanding_balance) + cents(price), price.currency_code);
  failed(call, row, owed, failed_payments_count + 1);
}

function collectOutstanding(call: Call, row: Subscription): void {
  const { outstanding_balance: owed, failed_payments_count } = row.billing_info;
  if (call.meets('declines')) failed(call, row, owed, failed_payments_count + 1);
  else settle(call, row, owed);
}

/** What was owed is paid. */
export function settle(call: Call, row: Subscription, part: Money): Subscription {
  const { last_failed_payment: _, ...info } = row.billing_info;
  const left = cents(info.outstanding_balance) - cents(part);
  const outstanding_balance = money(left, part.currency_code);
  return paid(call, { ...row, billing_info: { ...info, outstanding_balance, failed_payments_count: 0 } }, part);
}

function paid(call: Call, row: Subscription, amount: Money): Subscription {
  const time = call.time();
  const sale: Sale = call.store.put('sale', {
    id: code(),
    state: 'completed',
    amount: { total: amount.value, currency: amount.currency_code, details: { subtotal: amount.value } },
    payment_mode: 'INSTANT_TRANSFER',
    protection_eligibility: 'ELIGIBLE',
    transaction_fee: { value: money(feeOf(amount), amount.currency_code).value, currency: amount.currency_code },
    billing_agreement_id: row.id,
    ...(row.custom_id !== undefined && { custom: row.custom_id }),
    create_time: time,
    update_time: time,
  });
  const billing_info = { ...row.billing_info, last_payment: { amount, time } };
  const after = call.store.put('subscription', { ...row, billing_info, update_time: time });
  call.emit(
    'PAYMENT.SALE.COMPLETED',
    'sale',
    `Payment completed for ${amount.value} ${amount.currency_code}`,
    saleShown(call, sale),
  );
  return after;
}

function failed(call: Call, row: Subscription, outstanding_balance: Money, count: number): void {
  const { payment_failure_threshold: threshold, auto_bill_outstanding } = planFor(
    call,
    row.plan_id,
  ).payment_preferences;
  const isOver = threshold > 0 && count >= threshold;
  const failure = {
    amount: outstanding_balance,
    time: call.time(),
    reason_code: 'PAYMENT_DENIED',
    ...(auto_bill_outstanding && !isOver && { next_payment_retry_time: call.time(call.at + RETRY_AFTER_MS) }),
  };
  const billing_info = {
    ...row.billing_info,
    outstanding_balance,
    failed_payments_count: count,
    last_failed_payment: failure,
  };
  const after = call.store.put('subscription', { ...row, billing_info, update_time: call.time() });
  tell(call, 'PAYMENT.FAILED', after);
  if (!isOver) return;
  tell(
    call,
    'SUSPENDED',
    call.store.put('subscription', { ...after, status: 'SUSPENDED', status_update_time: call.time() }),
  );
}

function expire(call: Call, row: Subscription): void {
  const time = call.time();
  tell(
    call,
    'EXPIRED',
    call.store.put('subscription', { ...row, status: 'EXPIRED', status_update_time: time, update_time: time }),
  );
}

export const tell = (call: Call, what: string, row: Subscription): void =>
  call.emit(`BILLING.SUBSCRIPTION.${what}`, 'subscription', `Subscription ${what.toLowerCase()}`, row);

export const saleShown = (call: Call, row: Sale): object => ({
  ...row,
  links: [
    call.link('self', `/v1/payments/sale/${row.id}`),
    call.link('refund', `/v1/payments/sale/${row.id}/refund`, 'POST'),
  ],
});

/** A month later is the same day, or the month's last. */
export function after(time: string, { interval_unit, interval_count: n }: BillingCycle['frequency']): number {
  const at = new Date(time);
  if (interval_unit === 'DAY' || interval_unit === 'WEEK') {
    return at.getTime() + n * (interval_unit === 'WEEK' ? 7 : 1) * 86_400_000;
  }
  const months = at.getUTCMonth() + n * (interval_unit === 'YEAR' ? 12 : 1);
  const last = new Date(Date.UTC(at.getUTCFullYear(), months + 1, 0)).getUTCDate();
  const day = Math.min(at.getUTCDate(), last);
  return Date.UTC(at.getUTCFullYear(), months, day, at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds());
}
