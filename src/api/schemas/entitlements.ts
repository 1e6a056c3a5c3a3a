import { z } from 'zod';
import { customerId, instant, time } from '../schemas.ts';
import { featureId, featureLimit, tier } from './sale.ts';

const limit = z.int().nullable().openapi({ description: 'Null is unlimited.' });
const any = { feature: featureId, name: z.string(), enabled: z.boolean(), source: z.enum(['plan', 'override']) };
const entitlement = z
  .discriminatedUnion('type', [
    z.object({ ...any, type: z.literal('boolean') }),
    z.object({ ...any, type: z.literal('limit'), limit }),
    z.object({
      ...{ ...any, type: z.literal('metered'), meter: z.string(), limit },
      used: z.int().nullable().openapi({ description: 'In the period that runs; null where nothing is counted.' }),
      remaining: limit,
    }),
  ])
  .openapi('Entitlement');

export const entitlements = z
  .object({
    customerId,
    tier: tier.nullable().openapi({ description: 'Null without access.' }),
    access: z.object({ level: z.enum(['full', 'grace', 'restricted', 'none']), until: time.nullable() }),
    features: z.array(entitlement),
  })
  .openapi('Entitlements');

const reason = z
  .string()
  .regex(/^[a-z0-9_]{1,64}$/, 'a code in lower case, such as support_agreed')
  .openapi({ example: 'support_agreed', description: 'A code: it is kept in the record for ever.' });
export const overrideBody = z
  .union([
    z.strictObject({ enabled: z.boolean(), until: instant.optional(), reason }),
    z.strictObject({ limit: featureLimit.nullable(), until: instant.optional(), reason }),
  ])
  .openapi('EntitlementOverrideSet');
export const override = z
  .object({
    feature: featureId,
    enabled: z.boolean().optional(),
    limit: limit.optional(),
    until: time.nullable(),
    reason: z.string(),
    setBy: z.string(),
    setAt: time,
  })
  .openapi('EntitlementOverride');
