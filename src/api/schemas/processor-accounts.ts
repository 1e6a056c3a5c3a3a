import { z } from 'zod';
import { id, instant } from '../schemas.ts';

export const accountId = id('acc', '01m7z3qyse0000000000000000');

const apiKey = z
  .string()
  .regex(/^[sr]k_(test|live)_[A-Za-z0-9_]{1,200}$/, 'a key beginning with sk_ or rk_')
  .openapi({ example: 'sk_test_…' });
const webhookSecrets = z
  .array(z.string().regex(/^whsec_[A-Za-z0-9+/=_-]{1,200}$/, 'a secret beginning with whsec_'))
  .max(5)
  .openapi({ description: 'Several while one is rolled.' });
const publishableKey = z.string().regex(/^pk_(test|live)_[A-Za-z0-9_]{1,200}$/, 'a key beginning with pk_');
const word = z.string().regex(/^[\x21-\x7e]{1,300}$/, 'letters, digits and signs');

const stripe = { apiKey, webhookSecrets, publishableKey: publishableKey.nullable() };
const paypal = { clientId: word, clientSecret: word, webhookId: word.nullable() };

export const accountCreate = z.discriminatedUnion('processor', [
  z.strictObject({
    ...{ processor: z.literal('stripe'), apiKey },
    ...{ webhookSecrets: webhookSecrets.default([]), publishableKey: stripe.publishableKey.default(null) },
  }),
  z.strictObject({ processor: z.literal('paypal'), ...paypal, webhookId: paypal.webhookId.default(null) }),
]);

export const accountChange = z.union([z.strictObject(stripe).partial(), z.strictObject(paypal).partial()]);

export const processorAccount = z
  .strictObject({
    id: accountId,
    processor: z.enum(['stripe', 'paypal']),
    mode: z.enum(['test', 'live']),
    publishableKey: z.string().nullable(),
    keyEndsWith: z
      .string()
      .openapi({ description: 'The last four signs of the key, or of the client’s id.', example: 'Ab12' }),
    webhook: z.strictObject({
      path: z.string().openapi({ description: 'Where the processor sends its events.' }),
      proven: z
        .boolean()
        .openapi({ description: 'Whether a secret is here that proves them. Without one all are refused.' }),
    }),
    createdAt: instant,
    changedAt: instant,
  })
  .openapi('ProcessorAccount');
