/** A change in the middle of a period: the unused time is given back, the remaining time is charged. */
import type { Call } from './call.ts';
import { couponOf } from './discounts.ts';
import { pricing, productName } from './invoice-lines.ts';
import { amountOf, share } from './price-amount.ts';
import { timeOf } from './subscription.ts';
import { addWaiting } from './waiting.ts';
import type { Subscription, SubscriptionItem } from './wire.ts';

export function creditUnused(call: Call, subscription: Subscription, item: SubscriptionItem, from: number): void {
  prorate(call, subscription, item, from, -1, 'Unused time on');
}

export function chargeRemaining(call: Call, subscription: Subscription, item: SubscriptionItem, from: number): void {
  prorate(call, subscription, item, from, 1, 'Remaining time on');
}

function prorate(
  call: Call,
  subscription: Subscription,
  item: SubscriptionItem,
  from: number,
  sign: 1 | -1,
  words: string,
): void {
  const { current_period_start: start, current_period_end: end, price, quantity = 1 } = item;
  const net = afterPercents(call, subscription, amountOf(price, quantity));
  const amount = sign * share(net, Math.max(0, end - from), end - start);
  if (amount === 0) return;
  const day = new Date(from * 1000).toISOString().slice(0, 10);
  addWaiting(call, subscription.customer, {
    amount,
    currency: price.currency,
    date: timeOf(call, subscription),
    description: `${words} ${quantity} × ${productName(call, price)} after ${day}`,
    discountable: false,
    parent: {
      subscription_details: { subscription: subscription.id, subscription_item: item.id },
      type: 'subscription_details',
    },
    period: { start: from, end },
    pricing: pricing(price),
    proration: true,
    quantity,
    quantity_decimal: String(quantity),
  });
}

/** What a discount takes off a period, it takes off its parts: the line itself isn't discounted again. */
function afterPercents(call: Call, { discounts }: Subscription, amount: number): number {
  return (discounts as string[]).reduce((left, discount) => {
    const { percent_off } = couponOf(call, discount);
    return percent_off === null ? left : left - share(left, Math.round(percent_off * 10_000), 1_000_000);
  }, amount);
}
