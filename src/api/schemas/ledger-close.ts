import { z } from 'zod';
import { isMonth } from '../../domain/month.ts';

const month = z
  .string()
  .refine(isMonth, 'a month is YYYY-MM')
  .openapi({ example: '2027-01', pattern: '^[0-9]{4}-[0-9]{2}$' });
const time = z.iso.datetime().openapi({ example: '2027-02-03T09:00:00.000Z' });

export const ledgerClose = z.strictObject({ through: month }).openapi('LedgerClose');

const problem = z
  .object({
    type: z.enum([
      'days_not_recognised',
      'events_not_applied',
      'drafts_not_finalised',
      'rounding_not_zero',
      'books_off',
    ]),
    count: z.int(),
    examples: z.array(z.string()),
  })
  .openapi('LedgerCloseProblem');

export const ledgerMonths = z
  .object({
    closed: z.array(z.object({ month, endsAt: time, closedAt: time, closedBy: z.string() })),
    /** The month that is closed next. */
    next: z.object({ month, isOver: z.boolean(), problems: z.array(problem) }).nullable(),
  })
  .openapi('LedgerMonths');
