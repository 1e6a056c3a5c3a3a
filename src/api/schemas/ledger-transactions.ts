/** A ledger transaction as a whole, with what made it. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { invoiceId, ledgerEntry, subscriptionId, time } from '../schemas.ts';

extendZodWithOpenApi(z);

export const transactionId = z
  .string()
  .regex(/^\d{1,15}$/, 'the number of a transaction')
  .transform(Number)
  .openapi({ type: 'integer', example: 42 });

export const ledgerTransaction = z
  .object({
    id: z.int(),
    key: z.string().openapi({ description: 'Names the business fact: posted once, whoever told it.' }),
    kind: z.string(),
    at: time,
    recordedAt: time,
    subscriptionId: subscriptionId.nullable(),
    invoiceId: invoiceId.nullable(),
    entries: z.array(ledgerEntry),
    cause: z.object({
      invoice: z.object({ id: invoiceId, number: z.string().nullable() }).nullable(),
      payment: z.object({ id: z.string(), receivedAt: time }).nullable(),
      refund: z.object({ id: z.string(), refundedAt: time.nullable() }).nullable(),
      decision: z
        .object({
          subscriptionId,
          version: z.int(),
          rule: z.string(),
          at: time,
          input: z.string(),
          origin: z.object({ by: z.string(), ref: z.string() }),
        })
        .nullable(),
    }),
  })
  .openapi('LedgerTransaction');
