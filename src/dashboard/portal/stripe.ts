/** Stripe's own script, fetched when it is first needed, from the one address that the policy allows. */
import type { Stripe, StripeConstructor } from '@stripe/stripe-js';
import type { Payment } from './data.ts';

declare global {
  interface Window {
    Stripe?: StripeConstructor;
  }
}

let loading: Promise<StripeConstructor> | null = null;

function load(): Promise<StripeConstructor> {
  loading ??= new Promise<StripeConstructor>((resolve, reject) => {
    const script = document.createElement('script');
    script.src = document.querySelector<HTMLMetaElement>('meta[name="hydra-stripe-js"]')!.content;
    script.onload = () => (window.Stripe ? resolve(window.Stripe) : reject(new Error('Stripe.js did not start')));
    script.onerror = () => reject(new Error('Stripe.js can’t be loaded'));
    document.head.append(script);
  }).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

export const stripeFor = async (publishableKey: string): Promise<Stripe> => (await load())(publishableKey);

export type Confirmed = 'succeeded' | 'processing' | 'declined' | 'not_confirmed';

/** Leads through the bank's page where the payment waits for it. */
export async function confirmed(payment: Payment | null): Promise<Confirmed> {
  if (payment?.status !== 'requires_action') return payment?.status ?? 'succeeded';
  const { clientSecret, publishableKey } = payment;
  if (!clientSecret || !publishableKey) return 'not_confirmed';
  const stripe = await stripeFor(publishableKey);
  const { error, paymentIntent } = await stripe.handleNextAction({ clientSecret });
  if (error)
    return error.type === 'card_error' && error.code !== 'authentication_aborted' ? 'declined' : 'not_confirmed';
  return paymentIntent?.status === 'succeeded' ? 'succeeded' : 'processing';
}
