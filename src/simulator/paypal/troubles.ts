/** What the next calls will meet: trouble on the way, or a wallet that says no. */
import { z } from 'zod';

const times = { times: z.int().positive().nullable().default(1) };
const issue = z.string().regex(/^[A-Z0-9_]{3,64}$/);

/** `on`: which calls it waits for. */
export const trouble = z.discriminatedUnion('behaviour', [
  /** PayPal refuses the order: nothing is captured. */
  z.object({ behaviour: z.literal('declines'), issue: issue.default('INSTRUMENT_DECLINED'), ...times }),
  /** The order is made, and its capture declined. */
  z.object({ behaviour: z.literal('denies'), reason: issue.default('DECLINED_BY_RISK_FRAUD_FILTERS'), ...times }),
  z.object({ behaviour: z.literal('pends'), reason: issue.default('PENDING_REVIEW'), ...times }),
  z.object({ behaviour: z.literal('refund_pends'), ...times }),
  z.object({ behaviour: z.literal('refund_fails'), ...times }),
  /** It happens, and the caller never hears of it; nor do so many repeats. */
  z.object({ behaviour: z.literal('answer_lost'), requests: z.int().positive().default(1), ...times }),
  z.object({ behaviour: z.literal('hangs'), seconds: z.number().positive().default(30), ...times }),
  z.object({ behaviour: z.literal('server_error'), ...times }),
  z.object({ behaviour: z.literal('rate_limited'), retryAfter: z.int().nullable().default(1), ...times }),
]);
export type Trouble = z.output<typeof trouble>;
export type Behaviour = Trouble['behaviour'];
