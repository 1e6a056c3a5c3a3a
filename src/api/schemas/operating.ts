import { z } from 'zod';
import { customerId, listOf, money, subscriptionId, time } from '../schemas.ts';

const found = z
  .object({
    kind: z.enum(['customer', 'subscription', 'invoice', 'event', 'discrepancy', 'coupon', 'price_book', 'clock']),
    id: z.string(),
    by: z.string().openapi({ description: 'By which of its names it was found.' }),
    label: z.string().nullable(),
    customerId: customerId.nullable(),
    subscriptionId: subscriptionId.nullable(),
  })
  .openapi('Found');

const happening = z
  .object({
    kind: z.enum(['event', 'decision', 'charge', 'entry', 'message', 'mail', 'action']),
    id: z.string(),
    at: time,
    subscriptionId: z.string().nullable(),
    name: z.string().openapi({ description: 'An event’s type, a decision’s rule, a posting’s kind.' }),
    state: z.string().nullable(),
    amount: money.nullable(),
    by: z.string().nullable(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    brings: z.array(z.string()),
    broughtBy: z.string().nullable().openapi({ description: 'Among what its cause brings.' }),
  })
  .openapi('Happening');
export const foundList = listOf(found, 'Found');
export const timeline = listOf(happening, 'Happening');

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const workflowLook = z
  .object({
    outcome: z.enum(['answered', 'unreachable', 'no_workflow']),
    workflowId: z.string(),
    url: z.string().nullable().openapi({ description: 'Its run in Temporal’s UI.' }),
    version: z.int().nullable(),
    state: z.string().nullable(),
    pendingInputs: z.int().nullable(),
    outsideCalls: z.int().nullable(),
    differences: z
      .array(z.object({ path: z.string(), workflow: value, stored: value }))
      .openapi({ description: 'Where the projection says something else.' }),
    timers: z.array(z.object({ type: z.string(), at: time })),
    now: time.openapi({ description: 'By its clock, if it has one.' }),
  })
  .openapi('WorkflowLook');
