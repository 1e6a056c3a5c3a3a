/** What waits for a customer's next invoice. */
import { z } from 'zod';
import { merged } from './changes.ts';
import { customerFor } from './customers.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { keep, recomposed } from './invoice.ts';
import { notDraft } from './invoice-collection.ts';
import { itemLine, pricing } from './invoice-lines.ts';
import { page, within } from './list.ts';
import { created, expand, flag, integer, metadata, pagination, text } from './params.ts';
import { amountOf } from './price-amount.ts';
import { inlinePrice, priceData, priceFor } from './prices.ts';
import { ok, type Route, route } from './route.ts';
import { addWaiting } from './waiting.ts';

const period = z.strictObject({ start: integer, end: integer });

export const invoiceItemRoutes: Route[] = [
  route(
    'POST',
    '/v1/invoiceitems',
    {
      ...expand,
      amount: integer.optional(),
      currency: text.optional(),
      customer: text,
      description: text.optional(),
      discountable: flag.optional(),
      invoice: text.optional(),
      metadata: metadata.optional(),
      period: period.optional(),
      price_data: priceData.optional(),
      pricing: z.strictObject({ price: text }).optional(),
      quantity: integer.optional(),
      subscription: text.optional(),
    },
    (call, params) => {
      const { customer, discountable = true, invoice = null, quantity = 1, subscription } = params;
      customerFor(call, customer, 'customer');
      const at = call.now(customer);
      const price =
        params.price_data !== undefined
          ? inlinePrice(call, params.price_data)
          : params.pricing && priceFor(call, params.pricing.price, 'pricing[price]');
      if (price === undefined && (params.amount === undefined || params.currency === undefined)) {
        throw invalid('You must pass amount and currency, or pricing.', { code: 'parameter_missing', param: 'amount' });
      }
      const target = invoice === null ? null : call.store.get('invoice', invoice);
      if (target === undefined) throw missingReference('invoice', invoice!, 'invoice');
      if (target !== null && target.status !== 'draft') throw notDraft(target);
      const item = addWaiting(call, customer, {
        amount: price === undefined ? params.amount! : amountOf(price, quantity),
        currency: price?.currency ?? params.currency!.toLowerCase(),
        description: params.description ?? (price ? (call.store.get('product', price.product)?.name ?? null) : null),
        discountable,
        invoice,
        metadata: merged({}, params.metadata),
        parent:
          subscription === undefined ? null : { subscription_details: { subscription }, type: 'subscription_details' },
        period: params.period ?? { start: at, end: at },
        pricing: price === undefined ? null : pricing(price),
        quantity,
        quantity_decimal: String(quantity),
      });
      if (target !== null) {
        keep(call, recomposed(call, target, [...target.lines.data, itemLine(item)], target.discounts as string[]));
      }
      return ok(item);
    },
  ),
  route('GET', '/v1/invoiceitems/:id', expand, (call, _, id) => {
    const item = call.store.get('invoiceitem', id);
    if (item === undefined) throw missing('invoiceitem', id);
    return ok(item);
  }),
  route('DELETE', '/v1/invoiceitems/:id', {}, (call, _, id) => {
    const item = call.store.get('invoiceitem', id);
    if (item === undefined) throw missing('invoiceitem', id);
    const invoice = item.invoice === null ? undefined : call.store.get('invoice', item.invoice);
    if (invoice !== undefined) {
      if (invoice.status !== 'draft') throw notDraft(invoice);
      const lines = invoice.lines.data.filter(({ parent }) => parent?.invoice_item_details?.invoice_item !== id);
      keep(call, recomposed(call, invoice, lines, invoice.discounts as string[]));
    }
    call.store.remove('invoiceitem', id);
    call.emit('invoiceitem.deleted', item, call.now(item.customer));
    return ok({ id, object: 'invoiceitem', deleted: true });
  }),
  route(
    'GET',
    '/v1/invoiceitems',
    {
      ...pagination,
      created: created.optional(),
      customer: text.optional(),
      invoice: text.optional(),
      pending: flag.optional(),
    },
    (call, { customer, invoice, pending, ...params }) =>
      page(call, 'invoiceitem', '/v1/invoiceitems', params, (item) => {
        if (customer !== undefined && item.customer !== customer) return false;
        if (invoice !== undefined && item.invoice !== invoice) return false;
        if (pending !== undefined && (item.invoice === null) !== pending) return false;
        return within(item.date, params.created);
      }),
  ),
];
