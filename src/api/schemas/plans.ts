import { z } from 'zod';
import { money } from '../schemas.ts';

const interval = z.object({ unit: z.enum(['day', 'week', 'month', 'quarter', 'year']), count: z.int() });
const perUnit = z.boolean().openapi({ description: 'Whether it is bought in a quantity that the price depends on.' });

export const offeredPlan = z
  .object({
    id: z.string(),
    name: z.string(),
    product: z.string(),
    interval,
    price: money.openapi({ description: 'What a whole period of one unit comes to, without fees and discounts.' }),
    fees: money.openapi({ description: 'What comes once, with the first period.' }),
    perUnit,
    tiered: z.boolean().openapi({ description: 'Whether more units cost otherwise than so many times `price`.' }),
    trialDays: z.int(),
    addOns: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        price: money.openapi({ description: 'What one of it adds to a period of the plan.' }),
        perUnit,
      }),
    ),
  })
  .openapi('OfferedPlan');
