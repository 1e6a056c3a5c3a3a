import type Stripe from 'stripe';
import { type Started, start } from './support.ts';

export const JANUARY = 1_767_225_600;
export const HOUR = 3_600;
export const DAY = 86_400;

/** A simulator with a monthly and a yearly price, and a customer with a card on a test clock. */
export async function shop(token: string | null = 'pm_card_visa', options: Parameters<typeof start>[0] = {}) {
  const sim = await start(options);
  const { stripe } = sim;
  const product = await stripe.products.create({ name: 'Pro' });
  const priced = (unit_amount: number, interval: 'month' | 'year') =>
    stripe.prices.create({ product: product.id, currency: 'usd', unit_amount, recurring: { interval } });
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: JANUARY });
  const customer = await stripe.customers.create({ test_clock: clock.id, email: 'ada@example.com' });
  if (token !== null) await card(sim, customer.id, token);
  return {
    ...sim,
    monthly: (await priced(3100, 'month')).id,
    better: (await priced(6200, 'month')).id,
    yearly: (await priced(36_500, 'year')).id,
    product: product.id,
    clock: clock.id,
    customer: customer.id,
    advance: (frozen_time: number) => stripe.testHelpers.testClocks.advance(clock.id, { frozen_time }),
  };
}

/** A card that charges are made to from now on. */
export async function card({ stripe }: Pick<Started, 'stripe'>, customer: string, token: string): Promise<string> {
  const { id } = await stripe.paymentMethods.attach(token, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } });
  return id;
}

/** Without what belongs to no customer. */
export async function typesSince({ stripe }: Pick<Started, 'stripe'>, at: number): Promise<string[]> {
  const types: string[] = [];
  for await (const event of stripe.events.list({ created: { gte: at }, limit: 100 })) types.push(event.type);
  return types.reverse().filter((type) => !/^(test_helpers|product|price|payout)\./.test(type));
}

export const invoiceOf = (subscription: Stripe.Subscription) => subscription.latest_invoice as Stripe.Invoice;
