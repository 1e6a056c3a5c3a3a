import { z } from 'zod';
import { DUNNING_ENDS, RETRIED } from '../../domain/dunning.ts';
import type { DunningPolicyId } from '../../domain/ids.ts';
import { catalogId, id, instant, time } from '../schemas.ts';

export const dunningPolicyId = id<DunningPolicyId>('dun', '01kam3g5v8f1a2b3c4d5e6f7g8');

const ladder = z.strictObject({
  days: z.array(z.int()).openapi({ description: 'Local days after the first failure.', example: [1, 3, 5, 7, 14] }),
  payday: z
    .boolean()
    .optional()
    .openapi({ description: 'Each try waits for the next day on which money is likely to have come.' }),
});
const names = z.array(catalogId).max(200);

export const dunningPolicyDocument = z
  .strictObject({
    name: catalogId.openapi({
      description: 'Its versions share it. `default` holds for whoever no other policy is for.',
      example: 'default',
    }),
    plans: names.optional().openapi({ description: 'Whom it is for: who has one of these plans.' }),
    segments: names
      .optional()
      .openapi({ description: 'And customers of these segments, where no plan says otherwise.' }),
    localHour: z.int().openapi({ description: 'When it is tried again, where the customer lives.', example: 9 }),
    retries: z.partialRecord(z.enum(RETRIED), ladder).openapi({
      description: 'By the class of the decline. One that is missing is not tried again by itself.',
    }),
    fallbacks: z.boolean().default(false).openapi({
      description: 'Whether the customer’s other methods are tried where one fails.',
    }),
    access: z.strictObject({
      graceDays: z.int().openapi({ description: 'Full access, from the debt’s due date on.', example: 7 }),
      restrictedDays: z.int().openapi({ description: 'When the dunning ends, counted from there, too.', example: 21 }),
    }),
    end: z.enum(DUNNING_ENDS),
    baselinePlanId: catalogId.optional().openapi({ description: 'What one is moved to by a downgrade.' }),
  })
  .openapi('DunningPolicyDocument');

export const dunningPolicy = z
  .object({
    id: dunningPolicyId,
    name: z.string(),
    version: z.int(),
    state: z.enum(['draft', 'published']),
    document: dunningPolicyDocument,
    contentHash: z.string(),
    intact: z.boolean().openapi({ description: 'Whether the document still has that hash.' }),
    publishedAt: time.nullable(),
    createdAt: time,
  })
  .openapi('DunningPolicy');

export const graceBody = z.strictObject({ until: instant }).openapi('GraceExtension');
export const holdBody = z
  .strictObject({ until: instant.optional().openapi({ description: 'Until it is released, where it is left out.' }) })
  .openapi('DunningHold');

export const backtestBody = z
  .strictObject({
    policy: dunningPolicyDocument.optional(),
    over: z.enum(['generated', 'past']).default('generated'),
    failures: z.int().min(1).max(5_000).default(2_000).openapi({ description: 'How many are made up.' }),
    seed: z.int().min(0).max(4_294_967_295).default(1).openapi({ description: 'The same seed, the same failures.' }),
  })
  .openapi('DunningBacktestRequest');
export const backtestReport = z
  .object({
    failures: z.int(),
    owedMinor: z.int().openapi({ description: 'In minor units, whatever the currency.' }),
    results: z.array(
      z.object({
        name: z.string(),
        recovered: z.int(),
        recoveredMinor: z.int(),
        retries: z.int().openapi({ description: 'Tries after the first, the failed ones included.' }),
        medianDays: z.number().nullable(),
        lost: z.int(),
      }),
    ),
  })
  .openapi('DunningBacktest');
