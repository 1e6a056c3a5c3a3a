import { z } from 'zod';
import { type EventType, isEventType } from '../../domain/event-types.ts';
import type { Listening } from '../../outbox/streams.ts';
import { badField } from '../problem.ts';
import { AGENTS, type Call, READERS, type Reply, route } from '../route.ts';

const eventTypes = z
  .string()
  .max(2_000)
  .transform((value) => value.split(','))
  .refine((types) => types.every(isEventType), 'types of events, with commas between them')
  .transform((types) => types as EventType[])
  .openapi({ type: 'string', example: 'invoice.paid,access.changed' });
const query = z.strictObject({
  types: eventTypes.optional(),
  lastEventId: z
    .string()
    .regex(/^evt_[A-Za-z0-9]{1,64}$/, 'the id of an event')
    .optional()
    .openapi({ description: 'As the header `Last-Event-ID`, which goes before it.' }),
});
const answers = {
  200: {
    about:
      'Server-sent events, each as endpoints are sent it. Comes back with `Last-Event-ID` and is told what it missed.',
    types: ['text/event-stream'],
  },
};

const own = route({
  method: 'get',
  path: '/api/billing/events',
  tag: 'Events',
  summary: 'Hear what happens to a customer',
  who: ['customer', ...AGENTS],
  grant: 'events:read',
  actsOnCustomer: true,
  query,
  answers,
  async handle(call) {
    if (!call.customer) throw badField('Hydra-Customer', 'name the customer in this header', 'customer_required');
    return listening(call, call.customer);
  },
});

const all = route({
  method: 'get',
  path: '/api/admin/events/stream',
  tag: 'Events',
  summary: 'Hear what happens',
  who: READERS,
  grant: 'events:read',
  query,
  answers,
  handle: async (call) => listening(call, null),
});

function listening(
  { parts, scope, query: { types, lastEventId }, lastEventId: header }: Call<unknown, z.output<typeof query>>,
  customer: Listening['customer'],
): Reply {
  const after = header ?? lastEventId ?? null;
  if (after !== null && !/^evt_[A-Za-z0-9]{1,64}$/.test(after)) throw badField('Last-Event-ID', 'the id of an event');
  return { status: 200, stream: parts.streams.listen({ ...scope, customer, types: types ?? null, after }) };
}

export const eventStreamRoutes = [own, all];
