/** Credit notes, refunds, disputes, and payments that came on another way. */
import { z } from 'zod';
import { CREDIT_TARGETS } from '../../domain/credit-note.ts';
import type { CreditNoteId, RefundId } from '../../domain/ids.ts';
import { MOST_MONEY } from '../../domain/money.ts';
import { customerId, instant, invoice, invoiceId, money, subscriptionId, text, time } from '../schemas.ts';

const named = <Id extends string>(prefix: string, example: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,120}$`), `an id beginning with ${prefix}_`)
    .openapi({ example: `${prefix}_${example}` }) as unknown as z.ZodType<Id>;

export const creditNoteId = named<CreditNoteId>('cn', '01m7z3qyse0000000000000000_1_1');
export const refundId = named<RefundId>('ref', '01m7z3qyse0000000000000000_1_1_1');

const minor = z
  .int()
  .min(1)
  .max(MOST_MONEY)
  .openapi({ description: 'In minor units of the invoice’s currency, taxes included.', example: 1000 });
const reason = text(200).openapi({
  description:
    'A code such as `order_change` is kept in the record for ever. A sentence is kept encrypted, as a remark.',
  example: 'order_change',
});
const line = z.int().min(0).max(9_999).openapi({ description: 'Its place in the invoice’s `lines`, from 0.' });

const lineRequest = z.union([
  z.strictObject({ line, amount: minor }),
  z.strictObject({ line, quantity: z.int().min(1).max(Number.MAX_SAFE_INTEGER) }),
]);

export const creditNoteBody = z
  .strictObject({
    lines: z
      .array(lineRequest)
      .min(1)
      .max(200)
      .optional()
      .openapi({ description: 'How much of which lines. Without it the amount is spread over all of them.' }),
    amount: minor.optional(),
    to: z.enum(CREDIT_TARGETS).openapi({
      description:
        '`open`: off what is still to be paid. `credit`: to the customer’s credit. `refund`: back to the payment.',
    }),
    reason,
  })
  .refine(({ lines, amount }) => !lines || amount === undefined, {
    path: ['amount'],
    message: 'lines or amount, not both',
  })
  .openapi('NewCreditNote');

export const refundBody = z.strictObject({ amount: minor.optional(), reason }).openapi('NewRefund');
export const reasonBody = z.strictObject({ reason }).openapi('WithReason');
export const paymentBody = z
  .strictObject({
    amount: minor,
    receivedAt: instant.optional().openapi({ description: 'When the money came; now, where it isn’t said.' }),
    reference: z
      .string()
      .regex(/^[A-Za-z0-9._:/-]{1,64}$/, 'up to 64 letters, digits and . _ : / -')
      .openapi({
        description: 'What it is called where it came in. Nothing personal: it is kept in the record for ever.',
      }),
  })
  .openapi('NewPayment');
export const creditRefundBody = z.strictObject({ subscriptionId, amount: minor }).openapi('CreditRefund');

const part = z
  .object({
    line,
    description: z.string(),
    amount: money.openapi({ description: 'What it takes of the line’s total.' }),
    gross: money.openapi({ description: 'Before discount, and before taxes on top.' }),
    discount: money,
    tax: money,
    from: z.string().nullable().openapi({ description: 'From which day on; null for all of its days alike.' }),
  })
  .openapi('CreditNoteLine');

export const creditNote = z
  .object({
    id: creditNoteId,
    number: z.string(),
    invoiceId,
    subscriptionId,
    customerId,
    to: z.enum(CREDIT_TARGETS),
    reason: z.string(),
    lines: z.array(part),
    tax: money,
    total: money,
    issuedAt: time,
  })
  .openapi('CreditNote');

export const refund = z
  .object({
    id: refundId,
    state: z.enum(['requested', 'succeeded', 'failed', 'credited']).openapi({
      description: '`failed`: the money is still promised; try it again, or turn it into credit.',
    }),
    amount: money,
    paymentId: z.string(),
    invoiceId: invoiceId.nullable(),
    creditNoteId: creditNoteId.nullable(),
    subscriptionId: subscriptionId.nullable(),
    from: z.enum(['credit_note', 'customer_credit', 'unapplied_cash', 'goodwill']),
    outside: z.boolean().openapi({ description: 'Made at the processor, and learned of afterwards.' }),
    attempt: z.int(),
    code: z.string().nullable().openapi({ description: 'Why it failed.' }),
    requestedAt: time,
    refundedAt: time.nullable(),
    failedAt: time.nullable(),
  })
  .openapi('Refund');

export const dispute = z
  .object({
    id: z.string(),
    paymentId: z.string(),
    invoiceId: invoiceId.nullable(),
    subscriptionId: subscriptionId.nullable(),
    customerId,
    amount: money,
    reason: z.string().nullable(),
    inquiry: z.boolean().openapi({ description: 'The bank only asks, and has taken nothing.' }),
    outcome: z.enum(['won', 'lost', 'closed']).nullable(),
    withdrawn: money,
    reinstated: money,
    fee: money.openapi({ description: 'What the processor has kept.' }),
    openedAt: time,
    closedAt: time.nullable(),
  })
  .openapi('Dispute');

export const creditedInvoice = z.object({ creditNote, refunds: z.array(refund), invoice }).openapi('CreditedInvoice');
export const settledInvoice = z.object({ invoice }).openapi('SettledInvoice');
export const changedRefund = z.object({ refund }).openapi('ChangedRefund');
export const refundedCredit = z.object({ refunds: z.array(refund) }).openapi('RefundedCredit');
