/** Discounts of a running subscription: its owner types a code, an operator may take any coupon, and take it away. */
import { z } from 'zod';
import type { SubscriptionRow } from '../../db/subscriptions.ts';
import type { Command } from '../../domain/input.ts';
import { periodPrice } from '../../domain/price-book.ts';
import { isAccepted } from '../../domain/subscription.ts';
import { command, subscriptionOf } from '../command.ts';
import { redeemed, type Wanted } from '../discounts.ts';
import { Refused } from '../once.ts';
import { ADMINS, AGENTS, type Call, ok, type Reply, route } from '../route.ts';
import { applyCode, applyCoupon } from '../schemas/discounts.ts';
import { commanded, couponId, subscriptionId } from '../schemas.ts';
import { showSubscription } from '../show.ts';

const tag = 'Subscriptions';
const params = z.strictObject({ id: subscriptionId });

async function apply(call: Call, row: SubscriptionRow, wanted: Wanted): Promise<Reply> {
  const { document, customer_id: customer } = row;
  if (!isAccepted(document)) {
    const { state } = row;
    throw new Refused({ code: `not_while_${state}`, detail: `cannot apply a discount: subscription is ${state}` });
  }
  const { terms, quantity } = document;
  const buyer = { customer, plan: terms.planId, currency: terms.currency, price: periodPrice(terms, quantity) };
  return ask(call, row, { type: 'apply_discount', discount: await redeemed(call, wanted, buyer) });
}

async function ask(call: Call, row: SubscriptionRow, given: Command): Promise<Reply> {
  const done = await command(call, row, given);
  if (done.outcome === 'late') return done.reply;
  return ok({ subscription: showSubscription(await subscriptionOf(call, row.id)) });
}

const applyOwn = route({
  tag,
  who: ['customer', ...AGENTS],
  grant: 'subscriptions:write',
  actsOnCustomer: true,
  method: 'post',
  path: '/api/billing/subscriptions/:id/discounts',
  summary: 'Redeem a promotion code',
  about: 'For a subscription that runs: it comes off the invoices that are still to come.',
  params,
  body: applyCode,
  answers: { 200: { about: 'It is held.', schema: commanded } },
  handle: async (call) => apply(call, await subscriptionOf(call, call.params.id), call.body),
});

const applyAny = route({
  tag,
  who: ADMINS,
  grant: 'subscriptions:write',
  method: 'post',
  path: '/api/admin/subscriptions/:id/discounts',
  summary: 'Give a subscription a coupon',
  about: 'Or a promotion code. The coupon’s limits and its end hold all the same.',
  params,
  body: applyCoupon,
  answers: { 200: { about: 'It is held.', schema: commanded } },
  handle: async (call) => apply(call, await subscriptionOf(call, call.params.id), call.body),
});

const remove = route({
  tag,
  who: ADMINS,
  grant: 'subscriptions:write',
  method: 'delete',
  path: '/api/admin/subscriptions/:id/discounts/:couponId',
  summary: 'Take a discount away',
  about: 'It comes off no later invoice. What was redeemed stays redeemed.',
  params: z.strictObject({ id: subscriptionId, couponId }),
  answers: { 200: { about: 'It is not held any more.', schema: commanded } },
  async handle(call) {
    const { id, couponId: coupon } = call.params;
    return ask(call, await subscriptionOf(call, id), { type: 'remove_discount', coupon });
  },
});

export const discountRoutes = [applyOwn, applyAny, remove];
