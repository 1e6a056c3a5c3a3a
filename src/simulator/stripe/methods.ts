import { z } from 'zod';
import { newId } from '../ids.ts';
import { isInterruption, judgeSetup, OK } from './behaviour.ts';
import type { Call } from './call.ts';
import { type Card, cardOfNumber, cardOfToken, fingerprint } from './cards.ts';
import { given, merged, previous } from './changes.ts';
import { declineFor } from './declines.ts';
import { invalid, missingReference, Refused } from './errors.ts';
import { address, integer, metadata, text, unsettable } from './params.ts';
import type { PaymentMethod } from './wire.ts';

export const billingDetails = z.strictObject({
  address: unsettable(address).optional(),
  email: unsettable(text).optional(),
  name: unsettable(text).optional(),
  phone: unsettable(text).optional(),
});
const typedCard = z.strictObject({ number: text, exp_month: integer, exp_year: integer, cvc: text.optional() });
const newCard = z.union([typedCard, z.strictObject({ token: text })]);
export const allowRedisplay = z.enum(['always', 'limited', 'unspecified']);

export const methodData = {
  allow_redisplay: allowRedisplay.optional(),
  billing_details: billingDetails.optional(),
  card: newCard,
  metadata: metadata.optional(),
  type: z.literal('card').optional(),
};
export type MethodData = z.output<z.ZodObject<typeof methodData>>;

/** The method of this id; a token like `pm_card_visa` makes a new one, as at Stripe. */
export function methodFor(call: Call, id: string, param = 'payment_method'): PaymentMethod {
  const method = call.store.get('payment_method', id);
  if (method !== undefined) return method;
  const card = cardOfToken(id);
  if (card === undefined) throw missingReference('PaymentMethod', id, param);
  return mint(call, card, {});
}

export function create(call: Call, data: MethodData): PaymentMethod {
  if ('number' in data.card) {
    const { number, exp_month, exp_year } = data.card;
    const card = cardOfNumber(number);
    assertNotPast(call, exp_month, exp_year);
    return mint(call, card, data, { exp_month, exp_year });
  }
  const made = call.store.get('payment_method', data.card.token); // a token from the browser names what it was made of
  if (made !== undefined) return made;
  const card = cardOfToken(data.card.token);
  if (card === undefined) throw missingReference('token', data.card.token, 'card[token]');
  return mint(call, card, data);
}

function assertNotPast(call: Call, month: number, year: number): void {
  if (month < 1 || month > 12)
    throw cardError('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  const now = new Date(call.world.now());
  if (year * 12 + month < now.getUTCFullYear() * 12 + now.getUTCMonth() + 1) {
    throw cardError('invalid_expiry_year', "Your card's expiration year is invalid.", 'exp_year');
  }
}

const cardError = (code: string, message: string, param: string) =>
  new Refused(402, { type: 'card_error', code, message, param });

function mint(call: Call, card: Card, data: Partial<MethodData>, expiry = expiryOfTokens(call)): PaymentMethod {
  const method: PaymentMethod = {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: data.allow_redisplay ?? 'unspecified',
    billing_details: {
      address: null,
      email: null,
      name: null,
      phone: null,
      tax_id: null,
      ...given(details(data.billing_details)),
    },
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'unchecked' },
      country: card.country,
      display_brand: card.brand,
      ...expiry,
      fingerprint: fingerprint(card),
      funding: card.funding,
      generated_from: null,
      last4: card.number.slice(-4),
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: call.now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: merged({}, data.metadata),
    type: 'card',
  };
  call.store.put('sim.method', { id: method.id, ...card.lasting, setUp: false, spent: false });
  return call.store.put('payment_method', method);
}

const expiryOfTokens = (call: Call) => ({ exp_month: 12, exp_year: new Date(call.world.now()).getUTCFullYear() + 4 });

/** An address is given whole or not at all. */
export function details(data: MethodData['billing_details']): Partial<PaymentMethod['billing_details']> {
  if (data === undefined) return {};
  const { address, ...rest } = data;
  if (address === undefined) return rest;
  const nowhere = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  return { ...rest, address: address === null ? null : { ...nowhere, ...given(address) } };
}

/** Attaching asks the bank whether the card is good: some cards are refused here, some only when charged. */
export function attach(call: Call, method: PaymentMethod, customer: string): PaymentMethod {
  if (method.customer === customer) return method;
  assertUsable(call, method, customer);
  const { habit } = call.store.get('sim.method', method.id)!;
  const verdict = judgeSetup(isInterruption(habit) ? OK : habit, true);
  if (verdict.verdict === 'declined') {
    throw new Refused(402, { type: 'card_error', ...declineFor(verdict.code), payment_method: method });
  }
  const attached = call.store.put('payment_method', {
    ...method,
    customer,
    card: { ...method.card!, checks: { ...method.card!.checks!, cvc_check: 'pass' } },
  });
  call.emit('payment_method.attached', attached, call.now(customer));
  return attached;
}

/** The bank has sent a new card, and the processor has learned its expiry from it. */
export function renewed(call: Call, before: PaymentMethod): PaymentMethod {
  const card = { ...before.card!, exp_year: before.card!.exp_year + 4 };
  const after = call.store.put('payment_method', { ...before, card });
  call.emit('payment_method.automatically_updated', after, call.now(after.customer), previous(before, after));
  return after;
}

export function detach(call: Call, method: PaymentMethod): PaymentMethod {
  const { customer } = method;
  if (customer === null)
    throw invalid('The payment method you provided is not attached to a customer so detachment is impossible.');
  const detached = call.store.put('payment_method', { ...method, customer: null });
  call.store.put('sim.method', { ...call.store.get('sim.method', method.id)!, spent: true });
  const owner = call.store.get('customer', customer as string);
  if (owner?.invoice_settings.default_payment_method === method.id) {
    const invoice_settings = { ...owner.invoice_settings, default_payment_method: null };
    const after = call.store.put('customer', { ...owner, invoice_settings });
    call.emit('customer.updated', after, call.now(owner.id), previous(owner, after));
  }
  call.emit('payment_method.detached', detached, call.now(customer), { customer });
  return detached;
}

/** Stripe refuses a method that belongs to another customer, or that was used up or detached before. */
export function assertUsable(call: Call, method: PaymentMethod, customer: string | null): void {
  if (method.customer !== null && method.customer !== customer) {
    const message = `The provided PaymentMethod (${method.id}) belongs to a different Customer. Please include the Customer in the 'customer' parameter.`;
    throw invalid(message, { code: 'payment_method_unexpected_state', param: 'payment_method' });
  }
  if (method.customer === null && call.store.get('sim.method', method.id)!.spent) {
    const message = `This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.`;
    throw invalid(message, { code: 'payment_method_unexpected_state', param: 'payment_method' });
  }
}
