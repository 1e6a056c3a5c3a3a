import { ApplicationFailure } from '@temporalio/common';
import { keyOf } from '../src/domain/effect.ts';
import type { OutsideDeps } from './charge.ts';
import type { Activities } from './contract.ts';
import { withTrouble } from './trouble.ts';

/** Gives money back. */
export const createRefund =
  ({ processors }: OutsideDeps): Activities['refund'] =>
  ({ effect, subscription }) =>
    withTrouble(async () => {
      const { invoice, payment, amount } = effect;
      const { tenant, mode, id } = subscription;
      const { processor } = processors.of(subscription);
      const key = keyOf(effect);
      const answer = await processor.refund({ tenant, mode, subscription: id, invoice, payment, amount, key });
      switch (answer.outcome) {
        case 'succeeded':
          return [{ type: 'payment_refunded', invoice, payment, refund: answer.refund, amount: answer.amount }];
        case 'processing':
          return []; // the processor's webhook will tell the workflow
        case 'failed':
          // No fact says this yet, and it must not pass unseen: it stays the workflow's open call, flagged for a person.
          throw ApplicationFailure.nonRetryable(`refund of ${payment} failed: ${answer.code}`, 'refund_failed');
      }
    });
