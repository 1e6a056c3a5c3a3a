/** What an operator does about a debt that is being dunned. */
import { z } from 'zod';
import type { Command } from '../../domain/input.ts';
import { command, subscriptionOf } from '../command.ts';
import { AGENTS, type Call, ok, type Reply, route } from '../route.ts';
import { graceBody, holdBody } from '../schemas/dunning.ts';
import { subscription, subscriptionId } from '../schemas.ts';
import { showSubscription } from '../show.ts';

const operating = {
  tag: 'Dunning',
  method: 'post',
  who: AGENTS,
  grant: 'subscriptions:write',
  params: z.strictObject({ id: subscriptionId }),
  answers: { 200: { about: 'As it is now.', schema: subscription } },
} as const;
type Named = Call<{ id: z.output<typeof subscriptionId> }>;

async function ask(call: Named, asked: Command): Promise<Reply> {
  const { id } = call.params;
  const done = await command(call, await subscriptionOf(call, id), asked);
  return done.outcome === 'late' ? done.reply : ok(showSubscription(await subscriptionOf(call, id)));
}

const retry = route({
  ...operating,
  path: '/api/admin/subscriptions/:id/retry',
  summary: 'Try again what is owed, now',
  about:
    'With the subscription’s own method. Where an attempt is on its way, that is the one. The networks’ limits hold here, too.',
  handle: (call: Named) => ask(call, { type: 'retry' }),
});

const skip = route({
  ...operating,
  path: '/api/admin/subscriptions/:id/skip-retry',
  summary: 'Leave out the next try',
  handle: (call: Named) => ask(call, { type: 'skip_retry' }),
});

const grace = route({
  ...operating,
  path: '/api/admin/subscriptions/:id/grace',
  summary: 'Extend the grace',
  about: 'Full access until then, for who is restricted already, too.',
  body: graceBody,
  handle: (call: Named & { body: z.output<typeof graceBody> }) =>
    ask(call, { type: 'extend_grace', until: Date.parse(call.body.until) }),
});

const hold = route({
  ...operating,
  path: '/api/admin/subscriptions/:id/hold',
  summary: 'Hold the dunning',
  about: 'Nothing is tried, and access stays as it is. What was held is added to the ladder.',
  body: holdBody,
  handle: (call: Named & { body: z.output<typeof holdBody> }) => {
    const { until } = call.body;
    return ask(call, { type: 'hold', until: until === undefined ? null : Date.parse(until) });
  },
});

const release = route({
  ...operating,
  path: '/api/admin/subscriptions/:id/release',
  summary: 'Go on with the dunning',
  handle: (call: Named) => ask(call, { type: 'release' }),
});

export const dunningRoutes = [retry, skip, grace, hold, release];
