/** What is billed beside the plan. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { MAX_QUANTITY } from '../../domain/price-book-check.ts';
import { addDays } from '../../domain/time.ts';
import { invoice, subscriptionId } from '../schemas.ts';
import { collectFields } from './collect.ts';
import { taxCategory } from './sale.ts';
import { day, text } from './text.ts';

extendZodWithOpenApi(z);

const MOST_LINES = 50;

const period = z
  .strictObject({ from: day, to: day })
  .refine(({ from, to }) => from < to && to <= addDays(from, 3_660), 'ends after it begins, and within ten years')
  .openapi({ description: 'Half-open days over which it is earned. Without it: when it is invoiced.' });

export const billBody = z
  .strictObject({
    subscriptionId,
    lines: z
      .array(
        z.strictObject({
          description: text(200).openapi({
            description: 'Printed on the invoice, and seen by operators: nothing personal.',
          }),
          quantity: z.int().min(1).max(MAX_QUANTITY).optional().openapi({ default: 1 }),
          unitPrice: z
            .string()
            .regex(/^\d{1,12}(\.\d{1,12})?$/, 'a decimal of minor units, such as "1999" or "0.05", from zero')
            .openapi({ example: '15000' }),
          product: text(128)
            .optional()
            .openapi({ description: 'Whose revenue it is; the plan’s where it is left out.' }),
          taxCategory: taxCategory.optional(),
          taxInclusive: z.boolean().optional(),
          period: period.optional(),
        }),
      )
      .min(1)
      .max(MOST_LINES),
    when: z.enum(['now', 'next_invoice']).optional().openapi({ default: 'now' }),
    ...collectFields,
  })
  .openapi('Bill');
export const billed = z.object({ invoice: invoice.nullable() }).openapi('Billed');
