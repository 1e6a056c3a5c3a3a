/** Subscriptions that PayPal bills itself. A cancellation is final, and whatever raises the price needs the buyer's consent. */
import { z } from 'zod';
import { activate, cyclesOf, saleShown, settle, tell } from './billing.ts';
import { type Call, code } from './call.ts';
import { cycles, planFor } from './catalog.ts';
import { invalid, missing, unprocessable } from './errors.ts';
import { cents, money } from './money.ts';
import { amount, created, done, experience, nothing, ok, type Route, route } from './route.ts';
import type { Sale, SaleRefund, Subscription } from './tables.ts';

const quantity = z.string().regex(/^[1-9]\d{0,6}$/);
const request = z.object({
  plan_id: z.string(),
  start_time: z.iso.datetime({ offset: true }).optional(),
  quantity: quantity.default('1'),
  custom_id: z.string().max(127).optional(),
  application_context: experience,
  plan: z.object({ billing_cycles: cycles.optional() }).optional(),
});
const operations = z.array(
  z.object({ op: z.enum(['add', 'replace', 'remove']), path: z.string(), value: z.unknown() }),
);
const revision = z.object({
  plan_id: z.string().optional(),
  quantity: quantity.optional(),
  application_context: experience,
});
const reasoned = z.object({ reason: z.string().min(1).max(128) });
const outstanding = z.object({ note: z.string().max(128), capture_type: z.literal('OUTSTANDING_BALANCE'), amount });
const partial = z
  .object({ amount: z.object({ total: z.string(), currency: z.string() }).optional() })
  .nullish()
  .transform((body) => body ?? {});

export const subscriptionRoutes: Route[] = [
  route('POST', '/v1/billing/subscriptions', request, (call, { body }) => {
    const plan = planFor(call, body.plan_id);
    if (plan.status !== 'ACTIVE') throw unprocessable('PLAN_STATUS_INVALID', 'The plan is not active.');
    const own = body.plan?.billing_cycles ?? null;
    const time = call.time();
    const { currency_code } = (own ?? plan.billing_cycles)[0]!.pricing_scheme.fixed_price;
    const row: Subscription = call.store.put('subscription', {
      id: `I-${code(12)}`,
      plan_id: plan.id,
      ...(body.custom_id !== undefined && { custom_id: body.custom_id }),
      quantity: body.quantity,
      status: 'APPROVAL_PENDING',
      status_update_time: time,
      start_time: body.start_time ? call.time(Date.parse(body.start_time)) : time,
      create_time: time,
      update_time: time,
      billing_info: {
        outstanding_balance: money(0, currency_code),
        cycle_executions: (own ?? plan.billing_cycles)
          .toSorted((a, b) => a.sequence - b.sequence)
          .map(({ tenure_type, sequence, total_cycles }) => ({
            ...{ tenure_type, sequence, cycles_completed: 0, cycles_remaining: total_cycles, total_cycles },
          })),
        failed_payments_count: 0,
      },
    });
    const { return_url, cancel_url } = body.application_context ?? {};
    const memory = { id: row.id, returnUrl: return_url ?? null, cancelUrl: cancel_url ?? null };
    call.store.put('sim.agreement', { ...memory, cycles: own, revision: null });
    tell(call, 'CREATED', row);
    return created(shown(call, row));
  }),
  route('GET', '/v1/billing/subscriptions/:id', nothing, (call, { id }) => ok(shown(call, subscriptionFor(call, id)))),
  route('PATCH', '/v1/billing/subscriptions/:id', operations, (call, { id, body }) => {
    for (const operation of body) patch(call, subscriptionFor(call, id), operation);
    tell(call, 'UPDATED', subscriptionFor(call, id));
    return done;
  }),
  route('POST', '/v1/billing/subscriptions/:id/revise', revision, (call, { id, body }) => {
    const row = inState(call, id, 'ACTIVE', 'SUSPENDED');
    const { plan_id = row.plan_id, quantity: wanted = row.quantity } = body;
    const [old, plan] = [planFor(call, row.plan_id), planFor(call, plan_id)];
    if (plan.status !== 'ACTIVE') throw unprocessable('PLAN_STATUS_INVALID', 'The plan is not active.');
    if (plan.product_id !== old.product_id) {
      throw unprocessable('PLAN_PRODUCT_NOT_COMPATIBLE', 'The plan is of another product.');
    }
    const currency = plan.billing_cycles[0]!.pricing_scheme.fixed_price.currency_code;
    if (currency !== row.billing_info.outstanding_balance.currency_code) {
      throw unprocessable('CURRENCY_MISMATCH', 'The plan has another currency.');
    }
    const memory = call.store.get('sim.agreement', id)!;
    const { return_url = memory.returnUrl, cancel_url = memory.cancelUrl } = body.application_context ?? {};
    const asked = { plan_id, quantity: wanted };
    call.store.put('sim.agreement', { ...memory, returnUrl: return_url, cancelUrl: cancel_url, revision: asked });
    return ok({ ...asked, links: [approveLink(call, id)] });
  }),
  route('POST', '/v1/billing/subscriptions/:id/suspend', reasoned, (call, { id, body }) =>
    change(call, inState(call, id, 'ACTIVE'), 'SUSPENDED', body.reason),
  ),
  route('POST', '/v1/billing/subscriptions/:id/cancel', reasoned, (call, { id, body }) =>
    change(call, inState(call, id, 'ACTIVE', 'SUSPENDED', 'APPROVED'), 'CANCELLED', body.reason),
  ),
  route('POST', '/v1/billing/subscriptions/:id/activate', reasoned, (call, { id, body }) => {
    const row = inState(call, id, 'SUSPENDED');
    const { next_billing_time, ...info } = row.billing_info;
    // What was missed meanwhile is not billed.
    const next = Math.max(call.at, Date.parse(next_billing_time ?? call.time()));
    return change(
      call,
      { ...row, billing_info: { ...info, next_billing_time: call.time(next) } },
      'ACTIVE',
      body.reason,
    );
  }),
  route('POST', '/v1/billing/subscriptions/:id/capture', outstanding, (call, { id, body }) => {
    const row = inState(call, id, 'ACTIVE', 'SUSPENDED', 'EXPIRED');
    const { outstanding_balance: owed } = row.billing_info;
    if (cents(owed) === 0) throw unprocessable('ZERO_OUTSTANDING_BALANCE', 'Nothing is owed.');
    if (body.amount.currency_code !== owed.currency_code)
      throw unprocessable('CURRENCY_MISMATCH', 'It is owed in another currency.');
    if (cents(body.amount) > cents(owed)) {
      throw unprocessable('AMOUNT_GREATER_THAN_OUTSTANDING_BALANCE', 'Less is owed.');
    }
    const declined = call.meets('declines');
    if (declined?.behaviour === 'declines')
      throw unprocessable(declined.issue, 'The instrument presented was declined.');
    settle(call, row, body.amount);
    return { status: 202, body: null };
  }),
  route('GET', '/v1/billing/subscriptions/:id/transactions', nothing, (call, { id, query }) => {
    subscriptionFor(call, id);
    const [from, to] = [Date.parse(query.get('start_time') ?? ''), Date.parse(query.get('end_time') ?? '')];
    if (!(from <= to)) throw invalid('/start_time', 'A start and an end are required.');
    const sales = [...call.store.all('sale')].filter((sale) => {
      const at = Date.parse(sale.create_time);
      return sale.billing_agreement_id === id && from <= at && at <= to;
    });
    return ok({ transactions: sales.map(transaction), total_items: sales.length });
  }),

  route('GET', '/v1/payments/sale/:id', nothing, (call, { id }) => ok(saleShown(call, saleFor(call, id)))),
  route('GET', '/v1/payments/refund/:id', nothing, (call, { id }) => ok(saleRefundFor(call, id))),
  route('POST', '/v1/payments/sale/:id/refund', partial, (call, { id, body }) => {
    const row = saleFor(call, id);
    if (row.state === 'refunded') throw unprocessable('TRANSACTION_ALREADY_REFUNDED', 'It was refunded before.');
    const { total = row.amount.total, currency = row.amount.currency } = body.amount ?? {};
    const whole = { value: row.amount.total, currency_code: row.amount.currency };
    const part = { value: total, currency_code: currency };
    if (cents(part) > cents(whole))
      throw unprocessable('REFUND_EXCEEDED_TRANSACTION_AMOUNT', 'It is more than was paid.');
    const time = call.time();
    const state = cents(part) === cents(whole) ? 'refunded' : 'partially_refunded';
    call.store.put('sale', { ...row, state, update_time: time });
    const refund = call.store.put('sale_refund', {
      ...{ id: code(), state: 'completed', amount: { total, currency }, sale_id: id },
      ...{ create_time: time, update_time: time },
      ...(row.custom !== undefined && { custom: row.custom }),
    });
    call.emit('PAYMENT.SALE.REFUNDED', 'refund', `A ${total} ${currency} sale payment was refunded`, refund);
    return created(refund);
  }),
];

function saleRefundFor(call: Call, id: string): SaleRefund {
  const row = call.store.get('sale_refund', id);
  if (row === undefined) throw missing('refund');
  return row;
}

export function approveSubscription(call: Call, row: Subscription): void {
  const memory = call.store.get('sim.agreement', row.id)!;
  if (row.status === 'APPROVAL_PENDING') {
    const name = { given_name: 'Buyer', surname: 'Example' };
    activate(call, row, { email_address: 'buyer@example.com', payer_id: code(13), name });
  } else if (memory.revision !== null) {
    call.store.put('sim.agreement', { ...memory, cycles: null, revision: null });
    const revised = call.store.put('subscription', { ...row, ...memory.revision, update_time: call.time() });
    tell(call, 'UPDATED', revised);
  }
}

export function subscriptionFor(call: Call, id: string): Subscription {
  const row = call.store.get('subscription', id);
  if (row === undefined) throw missing('subscription');
  return row;
}

function saleFor(call: Call, id: string): Sale {
  const row = call.store.get('sale', id);
  if (row === undefined) throw missing('sale');
  return row;
}

function inState(call: Call, id: string, ...states: Subscription['status'][]): Subscription {
  const row = subscriptionFor(call, id);
  if (!states.includes(row.status)) {
    throw unprocessable('SUBSCRIPTION_STATUS_INVALID', `Invalid subscription status for this action: ${row.status}.`);
  }
  return row;
}

const TOLD = { SUSPENDED: 'SUSPENDED', CANCELLED: 'CANCELLED', ACTIVE: 'RE-ACTIVATED' } as const;

function change(call: Call, row: Subscription, status: keyof typeof TOLD, reason: string) {
  const time = call.time();
  const { next_billing_time, ...info } = row.billing_info;
  const billing_info = status === 'CANCELLED' ? info : row.billing_info;
  const note = { status_change_note: reason, status_update_time: time, update_time: time };
  tell(call, TOLD[status], call.store.put('subscription', { ...row, billing_info, status, ...note }));
  return done;
}

function patch(call: Call, row: Subscription, { path, value }: { path: string; value?: unknown }): void {
  const update_time = call.time();
  const price = /^\/plan\/billing_cycles\/@sequence==(\d+)\/pricing_scheme\/fixed_price$/.exec(path);
  if (path === '/custom_id' && typeof value === 'string')
    call.store.put('subscription', { ...row, custom_id: value, update_time });
  else if (path === '/billing_info/outstanding_balance') {
    const billing_info = { ...row.billing_info, outstanding_balance: amount.parse(value) };
    call.store.put('subscription', { ...row, billing_info, update_time });
  } else if (price) {
    const changed = cyclesOf(call, row).map((each) =>
      each.sequence === Number(price[1])
        ? { ...each, pricing_scheme: { fixed_price: amount.parse(value), version: each.pricing_scheme.version + 1 } }
        : each,
    );
    call.store.put('sim.agreement', { ...call.store.get('sim.agreement', row.id)!, cycles: changed });
  } else throw unprocessable('INVALID_PATCH_PATH', `The path ${path} can't be patched.`);
}

const transaction = ({ id, state, amount: { total, currency }, transaction_fee, create_time }: Sale): object => {
  const gross_amount = { value: total, currency_code: currency };
  const net = money(cents(gross_amount) - cents({ value: transaction_fee.value, currency_code: currency }), currency);
  return {
    ...{ id, status: state.toUpperCase(), time: create_time, payer_email: 'buyer@example.com' },
    amount_with_breakdown: {
      gross_amount,
      fee_amount: { value: transaction_fee.value, currency_code: currency },
      net_amount: net,
    },
  };
};

const approveLink = (call: Call, id: string) =>
  call.link('approve', `/webapps/billing/subscriptions?ba_token=BA-${id.slice(2)}`);

const shown = (call: Call, row: Subscription): object => ({
  ...row,
  links: [
    ...(row.status === 'APPROVAL_PENDING' ? [approveLink(call, row.id)] : []),
    call.link('self', `/v1/billing/subscriptions/${row.id}`),
  ],
});
