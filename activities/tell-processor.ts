import { processorCustomerOf } from '../src/customers/processor-customer.ts';
import { keyOf } from '../src/domain/effect.ts';
import type { OutsideDeps } from './charge.ts';
import { collectorOf } from './collector.ts';
import type { Activities } from './contract.ts';
import { isRepeat, withTrouble } from './trouble.ts';

/** Tells a processor that collects what is wanted. What its object is then, is told like any news of it. */
export const createTellProcessor =
  (deps: OutsideDeps): Activities['tell_processor'] =>
  ({ effect, subscription, lookFirst }) =>
    withTrouble(async () => {
      const { order, theirs, version } = effect;
      const { tenant, mode, id } = subscription;
      const { customer } = await processorCustomerOf(deps, subscription);
      const answer = await (await collectorOf(deps, subscription)).carryOut({
        ...{ tenant, mode, subscription: id, customer, order, theirs, key: keyOf(effect) },
        lookFirst: lookFirst || isRepeat(),
      });
      const answered = { type: 'order_answered', order: order.n } as const;
      if ('refused' in answer) return [{ ...answered, refused: answer.refused }];
      const seen = { ...answer.seen, read: version, version: Math.max(version, answer.seen.version) };
      return [
        { type: 'subscription_seen', seen },
        { ...answered, refused: null },
      ];
    });
