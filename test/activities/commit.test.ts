/** A step that was stored, and whose end nobody heard, is brought again: whatever it used up, it used up itself. */
import { expect, test } from 'vitest';
import { createCoupon } from '../../src/db/coupons.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { Commit } from '../../src/domain/commit.ts';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import { SCOPE, step } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { useActivities } from './support.ts';

const { activities, deps } = useActivities();

async function redeemingTheLast(): Promise<(id: `sub_${string}`) => Commit> {
  await inTenant(deps().db, SCOPE, (trx) =>
    createCoupon(
      trx,
      SCOPE,
      {
        ...{
          id: 'co_last',
          name: 'Last',
          percentOff: '10',
          amountOff: null,
          duration: 'once',
          periods: null,
          plans: null,
        },
        ...{ maxRedemptions: 1, perCustomer: null, redeemBy: null, state: 'active' },
      },
      new Date(START),
    ),
  );
  const kind = { percent: '10' };
  const discount: HeldDiscount = { coupon: 'co_last', name: 'Last', kind, duration: 'once', since: START };
  return (id) => ({
    ...step(draft({ id }), [subscribe({ discounts: [discount] }), START]),
    wanted: { redemptions: [{ coupon: 'co_last', promotionCode: null }] },
  });
}

test('the last redemption is had by who stored it, however often that is brought, and by nobody else', async () => {
  const redeeming = await redeemingTheLast();
  const mine = redeeming('sub_mine');
  const looked = await activities().commit(mine);
  expect(looked).toMatchObject({ outcome: 'stale', shared: { credit: 0 } });
  const known = looked.outcome === 'stale' ? looked.shared : null;
  expect(known?.usedUp).toBeUndefined();
  const step = { ...mine, shared: known };
  expect(await activities().commit(step)).toEqual({ outcome: 'committed' });
  expect(await activities().commit(step)).toEqual({ outcome: 'repeated' });
  const late = await activities().commit({ ...redeeming('sub_late'), shared: known });
  expect(late).toMatchObject({
    ...{ outcome: 'stale', shared: { usedUp: { co_last: { code: 'coupon_exhausted' } } } },
  });
});
