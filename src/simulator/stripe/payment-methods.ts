import { z } from 'zod';
import { given, merged, previous } from './changes.ts';
import { customerFor } from './customers.ts';
import { invalid, missing } from './errors.ts';
import { page } from './list.ts';
import { allowRedisplay, attach, billingDetails, create, detach, details, methodData, methodFor } from './methods.ts';
import { expand, integer, metadata, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { PaymentMethod } from './wire.ts';

export const paymentMethodRoutes: Route[] = [
  route('POST', '/v1/payment_methods', { ...expand, ...methodData }, (call, params) => ok(create(call, params))),
  route('GET', '/v1/payment_methods/:id', expand, (call, _, id) => {
    const method = call.store.get('payment_method', id);
    if (method === undefined) throw missing('PaymentMethod', id, 'payment_method');
    return ok(method);
  }),
  route(
    'POST',
    '/v1/payment_methods/:id',
    {
      ...expand,
      allow_redisplay: allowRedisplay.optional(),
      billing_details: billingDetails.optional(),
      card: z.strictObject({ exp_month: integer.optional(), exp_year: integer.optional() }).optional(),
      metadata: metadata.optional(),
    },
    (call, params, id) => {
      const before = methodFor(call, id);
      if (before.customer === null) {
        throw invalid('You must save this PaymentMethod to a customer before you can update it.');
      }
      const { card, billing_details, allow_redisplay } = params;
      const after = call.store.put('payment_method', {
        ...before,
        ...given({ allow_redisplay }),
        billing_details: { ...before.billing_details, ...given(details(billing_details)) },
        card: { ...before.card!, ...given(card ?? {}) },
        metadata: merged(before.metadata ?? {}, params.metadata),
      });
      call.emit('payment_method.updated', after, call.now(after.customer), previous(before, after));
      return ok(after);
    },
  ),
  route('POST', '/v1/payment_methods/:id/attach', { ...expand, customer: text }, (call, { customer }, id) =>
    ok(attach(call, methodFor(call, id), customerFor(call, customer, 'customer').id)),
  ),
  route('POST', '/v1/payment_methods/:id/detach', expand, (call, _, id) => ok(detach(call, methodFor(call, id)))),
  route(
    'GET',
    '/v1/payment_methods',
    { ...pagination, customer: text.optional(), type: text.optional() },
    (call, { customer, type, ...params }) => {
      const isTheirs = ({ customer: owner }: PaymentMethod) => customer !== undefined && owner === customer;
      if (customer !== undefined) customerFor(call, customer, 'customer');
      return page(
        call,
        'payment_method',
        '/v1/payment_methods',
        params,
        (method) => isTheirs(method) && isOfType(method, type),
      );
    },
  ),
  route(
    'GET',
    '/v1/customers/:id/payment_methods',
    { ...pagination, type: text.optional() },
    (call, { type, ...params }, customer) => {
      customerFor(call, customer);
      const url = `/v1/customers/${customer}/payment_methods`;
      return page(
        call,
        'payment_method',
        url,
        params,
        (method) => method.customer === customer && isOfType(method, type),
      );
    },
  ),
];

const isOfType = (method: PaymentMethod, type: string | undefined) => type === undefined || method.type === type;
