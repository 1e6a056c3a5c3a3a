/** What the processors have told us, as operators ask for it and have it told again. */
import { z } from 'zod';
import { instant, subscriptionId } from '../schemas.ts';

const STATES = ['received', 'signalled', 'applied', 'ignored', 'parked', 'quarantined', 'dead'] as const;

const filter = {
  type: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/, 'a type of event')
    .optional()
    .openapi({ description: 'As the processor calls it.', example: 'payment_intent.succeeded' }),
  provider: z.enum(['stripe', 'paypal']).optional(),
  since: instant.optional().openapi({ description: 'What came from then on.' }),
  subscriptionId: subscriptionId.optional(),
};

export const eventFilter = { ...filter, state: z.enum(STATES).optional() };

export const replayBody = z
  .strictObject({
    filter: z.strictObject({
      ...filter,
      state: z
        .enum(['received', 'signalled', 'parked', 'quarantined', 'dead'])
        .optional()
        .openapi({ description: 'Without one: `parked` and `dead`. What is in quarantine is asked for by name.' }),
    }),
  })
  .openapi('EventReplay');

export const replayed = z
  .object({
    replayed: z.int().openapi({ description: 'How many are told again.' }),
    more: z.boolean().openapi({ description: 'There are others: ask again.' }),
  })
  .openapi('EventsReplayed');
