import { keyOf } from '../src/domain/effect.ts';
import type { OutsideDeps } from './charge.ts';
import type { Activities } from './contract.ts';
import { withTrouble } from './trouble.ts';

/** Gives money back. That it failed is an answer like any other: what becomes of it then, a person decides. */
export const createRefund =
  ({ processors }: OutsideDeps): Activities['refund'] =>
  ({ effect, subscription }) =>
    withTrouble(async () => {
      const { refund, attempt, invoice, payment, amount } = effect;
      const { tenant, mode, id, currency } = subscription;
      const { processor } = await processors.of(subscription);
      const ours = { tenant, mode, subscription: id, invoice, refund, attempt, payment };
      const answer = await processor.refund({ ...ours, amount, currency, key: keyOf(effect) });
      const asked = { refund, attempt };
      switch (answer.outcome) {
        case 'succeeded':
          return [{ type: 'payment_refunded', invoice, payment, refund: answer.refund, amount: answer.amount, asked }];
        case 'processing':
          return []; // the processor's webhook will tell the workflow
        case 'failed':
          return [{ type: 'refund_failed', payment, refund: answer.refund, amount, code: answer.code, asked }];
      }
    });
