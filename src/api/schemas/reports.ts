/** What finance asks for, and what it gets. Ranges include their first and not their last. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { AGES } from '../../db/reports/aging.ts';
import { isMonth, monthsBetween } from '../../domain/month.ts';
import { currency, customerId, invoiceId, minor, subscriptionId, time } from '../schemas.ts';
import { day, timeZone } from './text.ts';

extendZodWithOpenApi(z);

const MOST_MONTHS = 120;

export const month = z
  .string()
  .refine(isMonth, 'a month is YYYY-MM')
  .openapi({ pattern: '^\\d{4}-\\d{2}$', example: '2027-01' });

const zone = timeZone.optional().openapi({ description: 'Whose calendar it is. Without it: the tenant’s.' });

/** `strictObject` keeps its own keys when it is extended; a refinement would not let it be. */
export const monthRange = {
  from: month,
  to: month.openapi({ description: 'The month after the last.' }),
  timeZone: zone,
};
export const dayRange = { from: day, to: day.openapi({ description: 'The day after the last.' }), timeZone: zone };

export const monthsProblem = ({ from, to }: { from: string; to: string }): string | null =>
  from >= to
    ? `is ${to}, and has to come after ${from}`
    : monthsBetween(from, to).length > MOST_MONTHS + 1
      ? `is ${to}, more than ${MOST_MONTHS} months after ${from}`
      : null;

const about = { from: z.string(), to: z.string(), timeZone: z.string() };
const percent = z.string().nullable().openapi({ description: 'Null of nothing.', example: '2.50' });

const moved = z.object({ amount: minor, count: z.int() });
export const mrrReport = z
  .object({
    ...about,
    by: z.enum(['customer', 'subscription']),
    currencies: z.array(
      z.object({
        currency,
        months: z.array(
          z.object({
            month: z.string(),
            opening: minor,
            new: moved,
            expansion: moved,
            contraction: moved,
            churn: moved,
            reactivation: moved,
            closing: minor,
          }),
        ),
      }),
    ),
  })
  .openapi('MrrReport');

export const churnReport = z
  .object({
    ...about,
    currencies: z.array(
      z.object({
        currency,
        months: z.array(
          z.object({
            month: z.string(),
            customers: z.object({
              opening: z.int(),
              lost: z.int(),
              won: z.int(),
              closing: z.int(),
              churnPercent: percent,
            }),
            recurring: z.object({
              opening: minor,
              lost: minor,
              contracted: minor,
              expanded: minor,
              grossChurnPercent: percent,
              netChurnPercent: percent,
            }),
          }),
        ),
      }),
    ),
  })
  .openapi('ChurnReport');

const ages = z.object(Object.fromEntries([...AGES, 'unassigned', 'total'].map((age) => [age, minor])));
export const agingReport = z
  .object({
    on: z.string(),
    timeZone: z.string(),
    currencies: z.array(z.object({ currency, total: ages, customers: z.array(z.object({ customerId }).and(ages)) })),
    invoices: z
      .array(
        z.object({
          invoiceId: invoiceId.nullable(),
          number: z.string().nullable(),
          currency,
          dueAt: time.nullable(),
          owed: minor,
          age: z.enum([...AGES, 'unassigned']),
        }),
      )
      .optional()
      .openapi({ description: 'Where one customer is asked for.' }),
  })
  .openapi('AgingReport');

export const statementReport = z
  .object({
    ...about,
    account: z.string(),
    owner: z.string().nullable(),
    currency,
    opening: minor,
    closing: minor,
    entries: z.array(
      z.object({
        id: z.int(),
        transactionId: z.int(),
        key: z.string(),
        kind: z.string(),
        at: time,
        owner: z.string().nullable(),
        subscriptionId: subscriptionId.nullable(),
        invoiceId: invoiceId.nullable(),
        debit: minor.nullable(),
        credit: minor.nullable(),
        balance: minor,
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .openapi('AccountStatement');

export const issuedInvoice = z
  .object({
    id: invoiceId,
    number: z.string(),
    state: z.string(),
    customerId,
    subscriptionId,
    currency,
    subtotal: minor,
    discount: minor,
    tax: minor,
    taxIncluded: minor,
    total: minor,
    creditApplied: minor,
    amountDue: minor,
    amountPaid: minor,
    purchaseOrder: z.string().nullable(),
    issuedAt: time,
    dueAt: time,
    paidAt: time.nullable(),
    voidedAt: time.nullable(),
  })
  .openapi('IssuedInvoice');

export const waterfallReport = z
  .object({
    from: z.string(),
    to: z.string(),
    currencies: z.array(
      z.object({
        currency,
        origins: z.array(
          z.object({
            origin: z.string().nullable().openapi({ description: 'Null: before the range.' }),
            deferred: minor,
            earned: z.array(z.object({ month: z.string(), amount: minor })),
            later: minor,
          }),
        ),
      }),
    ),
  })
  .openapi('DeferredRevenueReport');
