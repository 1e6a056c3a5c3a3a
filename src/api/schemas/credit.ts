import { z } from 'zod';
import { MOST_MONEY } from '../../domain/money.ts';
import { currency, customerId, money, subscriptionId, text, time } from '../schemas.ts';

const positive = z.strictObject({
  amount: z
    .int()
    .min(1, { error: ({ input }) => `is ${input}, and the least is 1` })
    .max(MOST_MONEY, { error: ({ input }) => `is ${input}, and the most is ${MOST_MONEY}` }),
  currency,
});

export const creditChange = z
  .strictObject({
    amount: positive,
    reason: text(500).openapi({ description: 'In your own words: kept encrypted, and shown to operators.' }),
  })
  .openapi('CreditChange');

export const unappliedCash = z
  .strictObject({ amount: positive, reason: text(500).optional() })
  .openapi('UnappliedCashApply');

export const creditChanged = z
  .object({ customerId, amount: money, credit: money.openapi({ description: 'What is there now.' }) })
  .openapi('CreditChanged');

export const credit = z
  .object({
    customerId,
    credit: z.array(money).openapi({ description: 'What may be used up on invoices, in each currency.' }),
    unappliedCash: z.array(money).openapi({ description: 'Money that came and for which nothing was owed.' }),
    data: z.array(
      z.object({
        id: z.int(),
        kind: z.string().openapi({ example: 'credit_granted' }),
        at: time,
        amount: money.openapi({ description: 'Negative where it was used or taken back.' }),
        subscriptionId: subscriptionId.nullable(),
        by: z.string().nullable(),
        reason: z.string().nullable(),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .openapi('CustomerCredit');

export const ownCredit = z.object({ credit: z.array(money) }).openapi('OwnCredit');
