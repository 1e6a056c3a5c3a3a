import { z } from 'zod';
import { quantity, subscriptionId } from '../schemas.ts';
import { text } from './text.ts';

const processor = z.enum(['stripe', 'paypal']).optional().openapi({ default: 'stripe' });
const address = z.url({ protocol: /^https?$/ }).max(2000);

export const checkoutBody = z
  .strictObject({
    planId: text(128),
    quantity: quantity.optional(),
    trialDays: z.int().min(0).max(730).optional(),
    processor,
    successUrl: address,
    cancelUrl: address,
  })
  .openapi('OpenCheckout');
export const checkoutSession = z
  .object({
    id: z.string(),
    subscriptionId,
    url: z.url().nullable().openapi({ description: 'Null once the page’s time is over.' }),
  })
  .openapi('CheckoutSession');

export const portalBody = z
  .strictObject({
    processor: z.enum(['stripe', 'paypal']).optional().openapi({ description: 'Its own portal, instead of ours.' }),
    returnUrl: address,
  })
  .openapi('OpenPortal');
export const portalSession = z.object({ id: z.string(), url: z.url().optional() }).openapi('PortalSession');
