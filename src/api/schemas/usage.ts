/** Meters, the events that they count, and what was used. */
import { z } from 'zod';
import type { MeterId } from '../../domain/ids.ts';
import { AGGREGATIONS } from '../../domain/meter.ts';
import { MOST_EVENTS } from '../../domain/usage-event.ts';
import { customerId, id, instant, subscriptionId, text, time } from '../schemas.ts';

export const meterId = id<MeterId>('mtr', '01m7z3qyse0000000000000000');
export const meterKey = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, 'lower case letters, digits and _')
  .openapi({ example: 'api_calls' });
const property = text(64).openapi({ example: 'bytes', description: 'A property of `data`.' });

const documentFields = {
  name: text(255),
  eventType: text(255).openapi({ example: 'api.call' }),
  aggregation: z.enum(AGGREGATIONS),
  property: property.optional(),
  filters: z
    .array(z.strictObject({ property, in: z.array(z.string().max(256)).min(1).max(100) }))
    .max(10)
    .optional(),
  groupBy: z.array(property).max(4).optional().openapi({ description: 'Its usage can be told apart by these.' }),
  unit: text(64).optional().openapi({ example: 'GB' }),
  per: z
    .int()
    .max(10 ** 15)
    .optional()
    .openapi({ minimum: 1, description: 'So many of what is reported make one unit.' }),
  negative: z.boolean().optional().openapi({ description: 'Takes values below 0.' }),
  lateDays: z
    .int()
    .optional()
    .openapi({ minimum: 0, maximum: 35, description: 'So many days after it an event is taken.' }),
};
export const meterDocument = z.strictObject(documentFields).openapi('MeterDocument');
export const meterCreate = z.strictObject({ key: meterKey, ...documentFields }).openapi('MeterCreate');
export const meter = z
  .object({
    id: meterId,
    key: meterKey,
    version: z.int(),
    state: z.enum(['draft', 'published', 'archived']),
    ...documentFields,
    createdAt: time,
    publishedAt: time.nullable(),
    archivedAt: time.nullable(),
  })
  .openapi('Meter');

export const usageEvent = z
  .looseObject({
    id: z.string().openapi({ description: 'With `source` it names the event: the same one is counted once.' }),
    source: z.string().optional(),
    type: z.string(),
    subject: z.string().openapi({ description: 'The customer: our id, or your own.' }),
    time: z.string().openapi({ format: 'date-time' }),
    data: z.looseObject({}).optional(),
  })
  .openapi('UsageEvent', { description: 'Shaped like a CloudEvent.' });
/** What is wrong with one event is told of that one. */
export const usageEvents = z
  .strictObject({
    events: z
      .array(z.unknown())
      .min(1)
      .max(MOST_EVENTS)
      .openapi({ items: { $ref: '#/components/schemas/UsageEvent' } }),
  })
  .openapi('UsageEvents');
export const usageResults = z
  .object({
    results: z.array(
      z.object({
        id: z.string().nullable(),
        outcome: z.enum(['accepted', 'duplicate', 'conflict', 'rejected']),
        code: z.string().optional(),
        reason: z.string().optional(),
      }),
    ),
  })
  .openapi('UsageResults', { description: 'In the order of the events.' });

export const usageWithdraw = z
  .strictObject({
    events: z
      .array(z.strictObject({ id: text(255), source: z.string().max(255).optional() }))
      .min(1)
      .max(100),
  })
  .openapi('UsageWithdraw');
export const usageWithdrawn = z
  .object({
    results: z.array(z.object({ id: z.string(), outcome: z.enum(['withdrawn', 'repeated', 'unknown', 'too_late']) })),
  })
  .openapi('UsageWithdrawn');

const quantity = z.string().openapi({ example: '1250.5', description: 'A decimal.' });
export const usageQuery = z.strictObject({
  meter: meterKey.optional(),
  subscriptionId: subscriptionId.optional().openapi({ description: 'Its running period, where no range is named.' }),
  from: instant.optional(),
  to: instant.optional(),
  grain: z.enum(['minute', 'hour', 'day']).optional().openapi({ description: 'In steps of this, too; by UTC.' }),
});
export const usageShown = z
  .object({
    from: time,
    to: time,
    data: z.array(
      z.object({
        meter: meterKey,
        name: z.string(),
        unit: z.string().nullable(),
        quantity,
        dimensions: z.array(z.object({ dimensions: z.record(z.string(), z.string()), quantity })),
        series: z.array(z.object({ at: time, quantity })).optional(),
      }),
    ),
  })
  .openapi('Usage');

export const meterPreviewBody = z
  .strictObject({
    events: z.array(usageEvent).max(MOST_EVENTS).optional().openapi({ description: 'Instead of the last day’s.' }),
  })
  .openapi('MeterPreviewRequest');
export const meterPreview = z
  .object({
    events: z.int(),
    counted: z.int(),
    leftOut: z.int().openapi({ description: 'By its filters.' }),
    rejected: z.array(z.object({ reason: z.string(), events: z.int() })),
    quantity,
    customers: z
      .array(z.object({ customer: z.union([customerId, z.string()]), quantity }))
      .openapi({ description: 'The ten with the most.' }),
  })
  .openapi('MeterPreview');
