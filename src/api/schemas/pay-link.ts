import { z } from 'zod';
import { money, time } from '../schemas.ts';

export const payLinkInvoice = z
  .object({
    seller: z.string(),
    accent: z.string(),
    mode: z.enum(['test', 'live']),
    number: z.string().nullable(),
    state: z.enum(['open', 'processing', 'paid', 'void']),
    amount: money,
    card: z.object({ brand: z.string().nullable(), last4: z.string().nullable() }).nullable(),
  })
  .openapi('PayLinkInvoice');

export const payLinkBegin = z
  .strictObject({
    another: z.boolean().default(false).openapi({ description: 'With a card that the customer types now.' }),
  })
  .openapi('PayLinkBegin');

export const payLinkBegun = z
  .object({
    status: z.enum(['paid', 'processing', 'void', 'confirm', 'declined']),
    declineCode: z.string().optional(),
    paymentMethodId: z.string().nullable().optional(),
    clientSecret: z.string().optional().openapi({ description: 'Fetched for this answer and stored nowhere.' }),
    publishableKey: z.string().nullable().optional(),
  })
  .openapi('PayLinkBegun');

export const cancelLinkShape = z
  .object({
    ...{ seller: z.string(), accent: z.string(), mode: z.enum(['test', 'live']), plan: z.string() },
    state: z.enum(['going', 'ending', 'over']),
    endsAt: time.nullable(),
  })
  .openapi('CancelLinkSubscription');

export const cancelLinkDo = z.strictObject({ what: z.enum(['cancel', 'undo']) }).openapi('CancelLinkDo');
