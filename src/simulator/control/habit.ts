/** Behaviours as the control API names them: `{ behaviour: 'declines', code: 'lost_card', times: 2 }`. */
import { z } from 'zod';
import type { Habit } from '../stripe/behaviour.ts';

const code = z.string().regex(/^[a-z_]+$/);
const named = z.discriminatedUnion('behaviour', [
  z.object({ behaviour: z.literal('ok') }),
  z.object({ behaviour: z.literal('declines'), code: code.default('generic_decline') }),
  z.object({
    behaviour: z.literal('authenticates'),
    when: z.enum(['always', 'unless_set_up', 'on_session']).default('always'),
    decline: code.nullable().default(null),
  }),
  z.object({
    behaviour: z.literal('processes'),
    seconds: z.int().positive().default(86_400),
    decline: code.nullable().default(null),
  }),
  z.object({
    behaviour: z.literal('disputed'),
    reason: code.default('fraudulent'),
    inquiry: z.boolean().default(false),
  }),
  z.object({ behaviour: z.literal('answer_lost'), requests: z.int().positive().default(2) }),
  z.object({ behaviour: z.literal('hangs'), seconds: z.number().positive().default(30) }),
  z.object({ behaviour: z.literal('server_error') }),
  z.object({ behaviour: z.literal('rate_limited'), retryAfter: z.int().nullable().default(1) }),
]);

export const habit = named.transform((given): Habit => {
  const { behaviour, ...rest } = given;
  if (behaviour === 'declines') return { kind: 'declines', code: given.code, on: 'charge' };
  return { kind: behaviour, ...rest } as Habit;
});

/** How many uses it lasts; null is for ever. */
export const times = z.int().positive().nullable();
