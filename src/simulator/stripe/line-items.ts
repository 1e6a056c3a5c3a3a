/** What a checkout sells. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { merged } from './changes.ts';
import { invalid } from './errors.ts';
import { productName } from './invoice-lines.ts';
import { integer, metadata, text } from './params.ts';
import { amountOf } from './price-amount.ts';
import { inlinePrice, priceData, priceFor } from './prices.ts';
import type { LineItem } from './wire.ts';

export const lineItem = z.strictObject({
  metadata: metadata.optional(),
  price: text.optional(),
  price_data: priceData.optional(),
  quantity: integer.optional(),
});

export function lineItems(call: Call, wanted: readonly z.output<typeof lineItem>[]): LineItem[] {
  return wanted.map(({ metadata, price: id, price_data, quantity = 1 }, index) => {
    const param = `line_items[${index}][price]`;
    if (id === undefined && price_data === undefined) {
      throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
    }
    const price = price_data === undefined ? priceFor(call, id!, param) : inlinePrice(call, price_data, true);
    const amount = amountOf(price, quantity);
    return {
      id: newId('li'),
      object: 'item',
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency: price.currency,
      description: productName(call, price),
      discounts: [],
      metadata: merged({}, metadata),
      price,
      quantity,
      taxes: [],
    };
  });
}
