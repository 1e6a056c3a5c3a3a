import { keyOf } from '../src/domain/effect.ts';
import type { OutsideDeps } from './charge.ts';
import type { Activities } from './contract.ts';
import { withTrouble } from './trouble.ts';

/** Calls a payment off. It may be too late; then what it has become is the answer. */
export const createCancelPayment =
  ({ processors }: OutsideDeps): Activities['cancel_payment'] =>
  ({ effect, subscription }) =>
    withTrouble(async () => {
      const { invoice, attempt, payment } = effect;
      const { tenant, mode } = subscription;
      const { processor } = await processors.of(subscription);
      const answer = await processor.cancelPayment({ tenant, mode, payment, key: keyOf(effect) });
      switch (answer.outcome) {
        case 'canceled':
          return [{ type: 'payment_canceled', invoice, attempt, payment }];
        case 'succeeded':
          return [{ type: 'payment_succeeded', invoice, attempt, payment, amount: answer.amount }];
        case 'processing':
          return [{ type: 'payment_processing', invoice, attempt, payment }];
      }
    });
