/** Endpoints: addresses that are told what happens, and what became of each thing that they were told. */
import { z } from 'zod';
import { EVENT_VERSION, type EventType, eventTypes, type FieldKind } from '../../domain/event-types.ts';
import type { DeliveryId, EndpointId } from '../../domain/ids.ts';
import { instant, subscriptionId, time } from '../schemas.ts';
import { text } from './text.ts';

const idOf = <Id extends string>(prefix: string, example: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,80}$`), `an id beginning with ${prefix}_`)
    .transform((value) => value as Id)
    .openapi({ type: 'string', example });

export const endpointId = idOf<EndpointId>('ep', 'ep_01m7z3qyse0000000000000000');
export const deliveryId = idOf<DeliveryId>('del', 'del_5f0c2f6d0a9c4b7e8d3a1b2c4d5e6f70');

const names = Object.keys(eventTypes) as EventType[];
const groups = [...new Set(names.map((name) => `${name.split('.')[0]}.*`))];
const isKnown = (wanted: string): boolean => names.includes(wanted as EventType) || groups.includes(wanted);

const given = {
  url: z.url().max(2_000).openapi({
    description: 'Begins with `https://`, and can be reached publicly.',
    example: 'https://app.example.com/hooks',
  }),
  description: text(200).nullable(),
  eventTypes: z
    .array(z.string().refine(isKnown, 'a type of event, or `invoice.*` and the like'))
    .min(1)
    .max(100)
    .nullable()
    .openapi({ description: 'What it is told; `null`: everything.', example: ['invoice.*', 'subscription.canceled'] }),
};

export const endpointCreate = z
  .strictObject({ url: given.url, description: given.description.optional(), eventTypes: given.eventTypes.optional() })
  .openapi('EndpointCreate');

export const endpointChange = z
  .strictObject({
    ...{
      url: given.url.optional(),
      description: given.description.optional(),
      eventTypes: given.eventTypes.optional(),
    },
    state: z.enum(['enabled', 'disabled']).optional().openapi({ description: '`enabled` resumes one that is paused.' }),
  })
  .openapi('EndpointChange');

export const endpoint = z
  .object({
    id: endpointId,
    url: z.string(),
    description: z.string().nullable(),
    eventTypes: z.array(z.string()).nullable(),
    state: z.enum(['enabled', 'paused', 'disabled']),
    pausedWhy: z.string().nullable(),
    health: z.object({
      failures: z.int().openapi({ description: 'In a row.' }),
      failingSince: time.nullable(),
      lastDeliveredAt: time.nullable(),
    }),
    previousSecretUntil: time
      .nullable()
      .openapi({ description: 'Until then it is signed with the secret before, too.' }),
    createdAt: time,
    updatedAt: time,
  })
  .openapi('Endpoint');

export const endpointWithSecret = z
  .object({
    endpoint,
    secret: z.string().optional().openapi({
      description: 'Of Standard Webhooks. Shown in this answer and never again, a repeat included.',
      example: 'whsec_…',
    }),
  })
  .openapi('EndpointWithSecret');

export const rotation = z
  .strictObject({
    overlapHours: z
      .int()
      .min(0)
      .max(168)
      .default(24)
      .openapi({ type: 'integer', description: 'For so long what is sent is signed with both.' }),
  })
  .openapi('EndpointSecretRotation');

export const endpointTested = z.object({ eventId: z.string() }).openapi('EndpointTested');

const deliveryState = z.enum(['pending', 'delivered', 'failed']);
export const deliveryFilter = {
  state: deliveryState.optional(),
  type: z.string().max(100).optional(),
  subscriptionId: subscriptionId.optional(),
};

export const delivery = z
  .object({
    id: deliveryId,
    eventId: z.string(),
    type: z.string(),
    subscriptionId: subscriptionId.nullable(),
    state: deliveryState,
    attempts: z.array(
      z.object({
        at: time,
        ms: z.int(),
        status: z.int().nullable(),
        trouble: z.string().nullable().openapi({ description: 'Why nobody has answered.', example: 'timeout' }),
      }),
    ),
    nextAttemptAt: time.nullable().openapi({ description: 'Null where none is planned, as of a paused endpoint.' }),
    createdAt: time,
    settledAt: time.nullable(),
  })
  .openapi('EndpointDelivery');

export const deliveriesReplay = z
  .strictObject({
    state: z.enum(['failed', 'delivered']).default('failed'),
    since: instant.optional().openapi({ description: 'Those that were made from then on.' }),
  })
  .openapi('DeliveriesReplay');

export const deliveriesReplayed = z.object({ replayed: z.int() }).openapi('DeliveriesReplayed');

const KINDS: Readonly<Record<FieldKind, z.ZodType>> = {
  text: z.string(),
  'text?': z.string().nullable().optional(),
  amount: z.int().openapi({ description: 'Whole minor units.' }),
  'amount?': z.int().nullable().optional().openapi({ description: 'Whole minor units.' }),
  count: z.int(),
  'count?': z.int().nullable().optional(),
  time,
  'time?': time.nullable().optional(),
  'day?': z.string().nullable().optional(),
};

/** What is sent of one type, to endpoints and on every other way. */
export const eventSchema = (type: EventType): z.ZodType =>
  z.object({
    id: z.string().openapi({ description: 'The same however often it is sent.', example: 'evt_…' }),
    type: z.literal(type),
    apiVersion: z.literal(EVENT_VERSION),
    timestamp: time,
    mode: z.enum(['test', 'live']),
    subscriptionId: z.string().nullable(),
    customerId: z.string().nullable(),
    version: z.int().nullable().openapi({ description: 'Of the subscription, by the step that tells it.' }),
    ordinal: z.int().nullable().openapi({ description: 'Its place among what that step tells.' }),
    data: z.object(
      Object.fromEntries(Object.entries(eventTypes[type].data).map(([name, kind]) => [name, KINDS[kind]])),
    ),
  });
