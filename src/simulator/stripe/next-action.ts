import type { Call } from './call.ts';

/**
 * Where the customer proves who they are: the simulator's 3-D Secure page. As at Stripe, a redirect needs a return_url;
 * without one the action is for Stripe.js, and the page's address is inside.
 */
export function nextAction(call: Call, intent: string, returnUrl: string | null) {
  const url = `${call.world.url()}/_sim/3ds/${intent}`;
  if (returnUrl === null) {
    return { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } };
  }
  return { type: 'redirect_to_url', redirect_to_url: { url, return_url: returnUrl } };
}
