import { z } from 'zod';
import { priceBookId } from '../schemas.ts';

const brief = z.object({
  id: priceBookId,
  version: z.int(),
  state: z.enum(['draft', 'published']),
  contentHash: z.string(),
});

export const priceBookChange = z
  .object({
    kind: z.enum(['added', 'removed', 'changed']),
    planId: z.string().nullable(),
    path: z.string().openapi({ example: 'plans.pro.prices.usd', description: 'By ids, not by places.' }),
    before: z.string().nullable(),
    after: z.string().nullable(),
    words: z.string().openapi({ example: 'pro costs 59.00 USD instead of 49.00 USD' }),
  })
  .openapi('PriceBookChange');

export const priceBookDiff = z
  .object({
    with: brief.nullable().openapi({ description: 'Null where nothing was sold before.' }),
    priceBook: brief,
    changes: z.array(priceBookChange),
  })
  .openapi('PriceBookDiff');
