import { expect, test } from 'vitest';
import { compare, type Moved } from '../../src/domain/discrepancy.ts';

const moved = (over: Partial<Moved> = {}): Moved => ({
  ...{ kind: 'payment', subject: 'pi_1', payment: 'pi_1', subscription: null, amount: 1000, currency: 'usd' },
  ...over,
});
const refund = (over: Partial<Moved> = {}) => moved({ kind: 'refund', subject: 're_1', amount: -400, ...over });
const dispute = (over: Partial<Moved> = {}) => moved({ kind: 'dispute', subject: 'du_1', amount: -1000, ...over });

test.each<[string, Moved[], Moved[], string[]]>([
  ['both say the same', [moved(), refund()], [moved(), refund()], []],
  ['nobody says anything', [], [], []],
  ['the books do not know it', [moved()], [], ['payment_unknown_here pi_1']],
  ['the processor does not know it', [], [moved()], ['payment_unknown_there pi_1']],
  ['another amount', [moved({ amount: 999 })], [moved()], ['payment_differs pi_1']],
  ['another currency', [moved({ currency: 'eur' })], [moved()], ['payment_differs pi_1']],
  ['a refund made there', [refund()], [], ['refund_unknown_here re_1']],
  ['a refund booked here alone', [], [refund()], ['refund_unknown_there re_1']],
  ['a refund that came back', [refund(), refund({ amount: 400 })], [refund({ amount: 0 })], []],
  ['one that came back, and is unknown', [refund(), refund({ amount: 400 })], [], []],
  ['one that came back, and is booked', [refund(), refund({ amount: 400 })], [refund()], ['refund_differs re_1']],
  ['a dispute that was taken and won', [dispute(), dispute({ amount: 1000 })], [dispute({ amount: 0 })], []],
  ['a dispute of which nobody has heard', [dispute()], [], ['dispute_differs du_1']],
])('%s', (_, theirs, ours, found) => {
  expect(compare(theirs, ours).map(({ kind, subject }) => `${kind} ${subject}`)).toEqual(found);
});

test('both sides are shown, and whose it is', () => {
  const ours = moved({ subscription: 'sub_1', amount: 900 });
  expect(compare([moved()], [ours])).toEqual([
    {
      ...{ kind: 'payment_differs', subject: 'pi_1', subscription: 'sub_1' },
      theirs: { payment: 'pi_1', amount: 1000, currency: 'usd' },
      ours: { payment: 'pi_1', amount: 900, currency: 'usd' },
    },
  ]);
});
