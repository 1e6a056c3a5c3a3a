import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { shown } from './money.ts';
import { amountOf } from './price-amount.ts';
import type { InvoiceItem, InvoiceLine, Price, Subscription, SubscriptionItem } from './wire.ts';

type Period = { start: number; end: number };

/** A subscription's item for a period; its amount is the price's, unless the period is only a part of one. */
export function recurringLine(
  call: Call,
  { id: subscription, metadata }: Pick<Subscription, 'id' | 'metadata'>,
  item: SubscriptionItem,
  period: Period,
  amount = amountOf(item.price, item.quantity ?? 1),
): InvoiceLine {
  return {
    ...blank(),
    amount,
    currency: item.price.currency,
    description: describe(call, item.price, item.quantity ?? 1),
    metadata,
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: { credited_items: null },
        subscription,
        subscription_item: item.id,
      },
      type: 'subscription_item_details',
    },
    period,
    pricing: pricing(item.price),
    quantity: item.quantity ?? 1,
    quantity_decimal: String(item.quantity ?? 1),
    subscription,
    subtotal: amount,
  };
}

/** A trial costs nothing, and says so. */
export function trialLine(
  call: Call,
  subscription: Pick<Subscription, 'id' | 'metadata'>,
  item: SubscriptionItem,
  period: Period,
): InvoiceLine {
  const description = `Trial period for ${productName(call, item.price)}`;
  return { ...recurringLine(call, subscription, item, period, 0), description };
}

/** What was waiting to be invoiced: an item that somebody added, or a proration. */
export function itemLine(item: InvoiceItem): InvoiceLine {
  const subscription = item.parent?.subscription_details?.subscription ?? null;
  const subscriptionItem = item.parent?.subscription_details?.subscription_item;
  const details = {
    invoice_item: item.id,
    proration: item.proration,
    proration_details: { credited_items: null },
    subscription,
  };
  return {
    ...blank(),
    amount: item.amount,
    currency: item.currency,
    description: item.description,
    discountable: item.discountable,
    metadata: item.metadata ?? {},
    parent:
      subscriptionItem === undefined
        ? { invoice_item_details: details, subscription_item_details: null, type: 'invoice_item_details' }
        : {
            invoice_item_details: null,
            subscription_item_details: { ...details, subscription_item: subscriptionItem },
            type: 'subscription_item_details',
          },
    period: item.period,
    pricing: item.pricing,
    quantity: item.quantity,
    quantity_decimal: item.quantity_decimal,
    subscription,
    subtotal: item.amount,
  };
}

export const pricing = (price: Price) => ({
  price_details: { price: price.id, product: price.product },
  type: 'price_details' as const,
  unit_amount_decimal: price.unit_amount_decimal,
});

export const productName = (call: Call, { product }: Price) => call.store.get('product', product)?.name ?? product;

function describe(call: Call, price: Price, quantity: number): string {
  const { interval, interval_count } = price.recurring!;
  const every = interval_count === 1 ? interval : `every ${interval_count} ${interval}s`;
  const unit = price.unit_amount === null ? '' : ` (at ${shown(price.unit_amount, price.currency)} / ${every})`;
  return `${quantity} × ${productName(call, price)}${unit}`;
}

function blank() {
  return {
    id: newId('il'),
    object: 'line_item' as const,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    pretax_credit_amounts: [],
    taxes: [],
  };
}
