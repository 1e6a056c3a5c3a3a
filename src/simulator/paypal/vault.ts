/** Ways to pay that a buyer has agreed to keep: a set-up token, approved by them, becomes a payment token. */
import { z } from 'zod';
import { type Call, code } from './call.ts';
import { missing, unprocessable } from './errors.ts';
import { created, done, experience, nothing, ok, type Route, route } from './route.ts';
import type { Customer, PaymentToken, SetupToken } from './tables.ts';

const customer = z
  .object({ id: z.string().max(22).optional(), merchant_customer_id: z.string().max(64).optional() })
  .optional();
const setup = z.object({
  customer,
  payment_source: z.object({
    paypal: z.object({ usage_type: z.enum(['MERCHANT', 'PLATFORM']).optional(), experience_context: experience }),
  }),
});
const exchange = z.object({
  customer,
  payment_source: z.object({ token: z.object({ id: z.string(), type: z.literal('SETUP_TOKEN') }) }),
});

export const vaultRoutes: Route[] = [
  route('POST', '/v3/vault/setup-tokens', setup, (call, { body }) => {
    const { return_url, cancel_url } = body.payment_source.paypal.experience_context ?? {};
    if (!return_url || !cancel_url)
      throw unprocessable('RETURN_URL_REQUIRED', 'A return and a cancel URL are required.');
    const row = call.store.put('setup_token', {
      id: code(),
      status: 'PAYER_ACTION_REQUIRED',
      customer: { id: body.customer?.id ?? code(10), ...body.customer },
      payment_source: { paypal: {} },
    });
    call.store.put('sim.setup', { id: row.id, returnUrl: return_url, cancelUrl: cancel_url });
    return created(setupShown(call, row));
  }),
  route('GET', '/v3/vault/setup-tokens/:id', nothing, (call, { id }) => {
    const row = call.store.get('setup_token', id);
    if (row === undefined) throw missing('set-up token');
    return ok(setupShown(call, row));
  }),
  route('POST', '/v3/vault/payment-tokens', exchange, (call, { body }) => {
    const { id } = body.payment_source.token;
    const row = call.store.get('setup_token', id);
    if (row === undefined) throw unprocessable('TOKEN_NOT_FOUND', 'The set-up token does not exist.');
    if (row.status !== 'APPROVED') {
      throw unprocessable('INVALID_SETUP_TOKEN_STATUS', 'The set-up token is not approved, or was used before.');
    }
    call.store.put('setup_token', { ...row, status: 'TOKENIZED' });
    return created(tokenShown(call, makePaymentToken(call, row.customer, row.payment_source)));
  }),
  route('GET', '/v3/vault/payment-tokens/:id', nothing, (call, { id }) => {
    const row = call.store.get('payment_token', id);
    if (row === undefined) throw missing('payment token');
    return ok(tokenShown(call, row));
  }),
  route('GET', '/v3/vault/payment-tokens', nothing, (call, { query }) => {
    const of = query.get('customer_id');
    const tokens = [...call.store.all('payment_token')].filter((row) => row.customer.id === of);
    return ok({
      customer: { id: of },
      payment_tokens: tokens.map((row) => tokenShown(call, row)),
      total_items: tokens.length,
    });
  }),
  route('DELETE', '/v3/vault/payment-tokens/:id', nothing, (call, { id }) => {
    removePaymentToken(call, id);
    return done;
  }),
];

export function approveSetup(call: Call, row: SetupToken): void {
  call.store.put('setup_token', {
    ...row,
    status: 'APPROVED',
    payment_source: {
      paypal: { email_address: 'buyer@example.com', account_id: code(13), name: { given_name: 'Buyer' } },
    },
  });
}

export function makePaymentToken(
  call: Call,
  customer: Customer,
  payment_source: Record<string, unknown>,
): PaymentToken {
  const row = call.store.put('payment_token', { id: code(8).toLowerCase(), customer, payment_source });
  call.afterwards(() =>
    call.emit(
      'VAULT.PAYMENT-TOKEN.CREATED',
      'payment_token',
      'A payment token has been created.',
      tokenShown(call, row),
    ),
  );
  return row;
}

/** PayPal's customers do it in their account, too. */
export function removePaymentToken(call: Call, id: string): void {
  if (call.store.get('payment_token', id) === undefined) return;
  call.store.remove('payment_token', id);
  call.emit('VAULT.PAYMENT-TOKEN.DELETED', 'payment_token', 'A payment token has been deleted.', { id });
}

function setupShown(call: Call, row: SetupToken): object {
  const self = call.link('self', `/v3/vault/setup-tokens/${row.id}`);
  const approve = call.link('approve', `/agreements/approve?approval_session_id=${row.id}`);
  const links = row.status === 'PAYER_ACTION_REQUIRED' ? [approve, self] : [self];
  return { ...row, links };
}

const tokenShown = (call: Call, row: PaymentToken): object => ({
  ...row,
  links: [
    call.link('self', `/v3/vault/payment-tokens/${row.id}`),
    call.link('delete', `/v3/vault/payment-tokens/${row.id}`, 'DELETE'),
  ],
});
