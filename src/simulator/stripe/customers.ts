import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { given, merged, previous } from './changes.ts';
import { invalid, missing, missingReference } from './errors.ts';
import { page, within } from './list.ts';
import { attach, methodFor } from './methods.ts';
import { address, created, expand, flag, list, metadata, pagination, text, unsettable } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Customer } from './wire.ts';

const fields = {
  ...expand,
  address: unsettable(address).optional(),
  description: unsettable(text).optional(),
  email: unsettable(text).optional(),
  invoice_settings: z
    .strictObject({ default_payment_method: unsettable(text).optional(), footer: unsettable(text).optional() })
    .optional(),
  metadata: metadata.optional(),
  name: unsettable(text).optional(),
  payment_method: text.optional(),
  phone: unsettable(text).optional(),
  preferred_locales: list(text).optional(),
  tax_exempt: unsettable(z.enum(['none', 'exempt', 'reverse'])).optional(),
  validate: flag.optional(),
};
type Fields = z.output<z.ZodObject<typeof fields>>;

export const customerRoutes: Route[] = [
  route('POST', '/v1/customers', { ...fields, test_clock: text.optional() }, (call, params) => {
    const { test_clock = null } = params;
    if (test_clock !== null && call.store.get('test_clock', test_clock) === undefined) {
      throw missingReference('test_clock', test_clock, 'test_clock');
    }
    const at = test_clock === null ? call.now() : call.store.get('test_clock', test_clock)!.frozen_time;
    const id = newId('cus', 14);
    call.store.put('customer', blank(id, at, test_clock));
    const customer = call.store.put('customer', changed(call, call.store.get('customer', id)!, params));
    call.emit('customer.created', customer, at);
    return ok(customer);
  }),
  route('GET', '/v1/customers/:id', expand, (call, _, id) => {
    const customer = call.store.get('customer', id);
    if (customer !== undefined) return ok(customer);
    if (call.store.get('sim.gone', id) !== undefined) return ok(deleted(id));
    throw missing('customer', id);
  }),
  route('POST', '/v1/customers/:id', fields, (call, params, id) => {
    const before = customerFor(call, id);
    const after = call.store.put('customer', changed(call, before, params));
    const old = previous(before, after);
    if (Object.keys(old).length > 0) call.emit('customer.updated', after, call.now(id), old);
    return ok(after);
  }),
  route('DELETE', '/v1/customers/:id', {}, (call, _, id) => {
    removeCustomer(call, customerFor(call, id));
    return ok(deleted(id));
  }),
  route(
    'GET',
    '/v1/customers',
    { ...pagination, created: created.optional(), email: text.optional(), test_clock: text.optional() },
    (call, params) =>
      page(call, 'customer', '/v1/customers', params, (customer) => {
        if (params.email !== undefined && customer.email !== params.email) return false;
        // As at Stripe, customers of a test clock are listed only by naming it.
        return (customer.test_clock ?? undefined) === params.test_clock && within(customer.created, params.created);
      }),
  ),
];

/** A customer whom a checkout brings. */
export function addCustomer(call: Call, known: Pick<Customer, 'email' | 'name'>): Customer {
  const customer = call.store.put('customer', { ...blank(newId('cus', 14), call.now(), null), ...known });
  call.emit('customer.created', customer, customer.created);
  return customer;
}

/** The card that is charged from now on. */
export function useMethod(call: Call, id: string, default_payment_method: string): void {
  const before = customerFor(call, id);
  const invoice_settings = { ...before.invoice_settings, default_payment_method };
  const after = call.store.put('customer', { ...before, invoice_settings });
  call.emit('customer.updated', after, call.now(id), previous(before, after));
}

export function customerFor(call: Call, id: string, param?: string): Customer {
  const customer = call.store.get('customer', id);
  if (customer !== undefined) return customer;
  throw param === undefined ? missing('customer', id) : missingReference('customer', id, param);
}

/** Its methods are detached with it, as at Stripe. */
export function removeCustomer(call: Call, customer: Customer): void {
  const at = call.now(customer.id);
  for (const method of call.store.all('payment_method')) {
    if (method.customer !== customer.id) continue;
    call.store.put('payment_method', { ...method, customer: null });
    call.store.put('sim.method', { ...call.store.get('sim.method', method.id)!, spent: true });
  }
  call.store.remove('customer', customer.id);
  call.store.put('sim.gone', { id: customer.id });
  call.emit('customer.deleted', customer, at);
}

const deleted = (id: string) => ({ id, object: 'customer', deleted: true });

function changed(call: Call, customer: Customer, params: Fields): Customer {
  const { invoice_settings, metadata, payment_method, address, preferred_locales, tax_exempt } = params;
  const { description, email, name, phone } = params;
  const defaultMethod = invoice_settings?.default_payment_method;
  if (payment_method !== undefined) attach(call, methodFor(call, payment_method), customer.id);
  if (typeof defaultMethod === 'string' && call.store.get('payment_method', defaultMethod)?.customer !== customer.id) {
    const message = `The customer does not have a payment method with the ID ${defaultMethod}. The payment method must be attached to the customer.`;
    throw invalid(message, { code: 'resource_missing', param: 'invoice_settings[default_payment_method]' });
  }
  return {
    ...customer,
    ...given({ description, email, name, phone, preferred_locales, tax_exempt }),
    ...(address !== undefined && { address: address === null ? null : { ...NOWHERE, ...given(address) } }),
    invoice_settings: { ...customer.invoice_settings, ...given(invoice_settings ?? {}) },
    metadata: merged(customer.metadata, metadata),
  };
}

const NOWHERE = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

function blank(id: string, created: number, test_clock: string | null): Customer {
  return {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: newId('', 8).slice(1).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock,
  };
}
