/** The limits of coupons, kept by the database where two steps are stored at once. */
import { expect, it } from 'vitest';
import { commit, isStored } from '../../src/db/commit.ts';
import { createCoupon, createPromotionCode, usedUpOf } from '../../src/db/coupons.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { Coupon, PromotionCode } from '../../src/domain/coupon.ts';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import type { CouponId, PromotionCodeId } from '../../src/domain/ids.ts';
import type { Fact } from '../../src/domain/input.ts';
import { DAY } from '../../src/domain/time.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { addCustomer, rowCounts, SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();
const inScope = <T>(work: Parameters<typeof inTenant<T>>[2]) => inTenant(database.db, SCOPE, work);

let made = 0;
async function coupon(over: Partial<Coupon> = {}): Promise<CouponId> {
  const id: CouponId = `co_${++made}`;
  const terms: Coupon = {
    ...{ id, name: 'Spring', percentOff: '10', amountOff: null, duration: 'once', periods: null, plans: null },
    ...{ maxRedemptions: null, perCustomer: null, redeemBy: null, state: 'active', ...over },
  };
  await inScope((trx) => createCoupon(trx, SCOPE, terms, new Date(START)));
  return id;
}
async function promotionCode(of: CouponId, over: Partial<PromotionCode> = {}): Promise<PromotionCodeId> {
  const id: PromotionCodeId = `promo_${++made}`;
  const code: PromotionCode = {
    ...{ id, coupon: of, code: `CODE-${made}`, active: true, expiresAt: null, maxRedemptions: null },
    ...{ firstTimeOnly: false, minimumAmount: null, customer: null, ...over },
  };
  await inScope((trx) => createPromotionCode(trx, SCOPE, code, new Date(START)));
  return id;
}

/** A new subscription that redeems it. */
function redeeming(id: CouponId, promotionCode?: PromotionCodeId, over: { customer?: 'cus_1' | 'cus_2' } = {}) {
  const discount: HeldDiscount = {
    ...{ coupon: id, name: 'Spring', kind: { percent: '10' }, duration: 'once', since: START },
    ...(promotionCode && { promotionCode }),
  };
  return step(draft({ id: `sub_coupon${++made}`, ...over }), [subscribe({ discounts: [discount] }), START]);
}
const outcomes = async (steps: ReturnType<typeof redeeming>[]) =>
  (await Promise.all(steps.map((each) => commit(database.db, each)))).map(({ outcome }) => outcome).sort();
const redeemed = (id: CouponId) =>
  inScope(async (trx) => {
    const row = await trx.selectFrom('coupons').select('redeemed').where('id', '=', id).executeTakeFirstOrThrow();
    const rows = await trx.selectFrom('redemptions').select('released_at').where('coupon_id', '=', id).execute();
    return { counted: row.redeemed, rows: rows.length, released: rows.filter((each) => each.released_at).length };
  });

it('of many that are stored at once, as many as the coupon allows; the others are told that it is stale', async () => {
  const id = await coupon({ maxRedemptions: 3 });
  const answers = await outcomes(Array.from({ length: 7 }, () => redeeming(id)));
  expect(answers).toEqual([...Array(3).fill('committed'), ...Array(4).fill('stale')]);
  expect(await redeemed(id)).toEqual({ counted: 3, rows: 3, released: 0 });
});

it('one too many leaves nothing behind, no number of an invoice either', async () => {
  const id = await coupon({ maxRedemptions: 1 });
  await commit(database.db, redeeming(id));
  const before = await rowCounts(database.db);
  const late = redeeming(id);
  expect(await commit(database.db, late)).toEqual({ outcome: 'stale', shared: null });
  expect(await rowCounts(database.db)).toEqual(before);
  expect(await isStored(database.db, late.subscription)).toBe(false);
  const usedUp = await inScope((trx) => usedUpOf(trx, 'cus_1', [{ coupon: id, promotionCode: null }]));
  expect(usedUp).toEqual({
    [id]: { code: 'coupon_exhausted', detail: 'it was redeemed 1 times, and 1 is the most' },
  });
});

it.each<[string, Partial<Coupon>, Partial<PromotionCode> | null]>([
  ['of a customer', { perCustomer: 1 }, null],
  ['of a code', { maxRedemptions: 9 }, { maxRedemptions: 1 }],
  ['of a first time', {}, { firstTimeOnly: true }],
])('the limit %s, too', async (_what, terms, code) => {
  const id = await coupon(terms);
  const by = code ? await promotionCode(id, code) : undefined;
  expect(await outcomes([redeeming(id, by), redeeming(id, by), redeeming(id, by)])).toEqual([
    'committed',
    'stale',
    'stale',
  ]);
  expect(await redeemed(id)).toEqual({ counted: 1, rows: 1, released: 0 });
});

it('what is a customer’s own limit leaves another customer alone', async () => {
  await inScope((trx) => addCustomer(trx, SCOPE, 'cus_2'));
  const id = await coupon({ perCustomer: 1 });
  const code = await promotionCode(id, { firstTimeOnly: true });
  const both = [redeeming(id, code), redeeming(id, code, { customer: 'cus_2' })];
  expect(await outcomes(both)).toEqual(['committed', 'committed']);
});

it('brought again it is counted once', async () => {
  const id = await coupon({ maxRedemptions: 1 });
  const only = redeeming(id);
  expect(await outcomes([only, only])).toEqual(['committed', 'repeated']);
  expect(await commit(database.db, only)).toEqual({ outcome: 'repeated' });
  // It used the last one up itself: that is no news to it.
  expect(await isStored(database.db, only.subscription)).toBe(true);
  expect(await redeemed(id)).toEqual({ counted: 1, rows: 1, released: 0 });
});

it('is given back once, by an ending that came before the first payment', async () => {
  const id = await coupon({ maxRedemptions: 1 });
  const code = await promotionCode(id);
  const first = redeeming(id, code);
  await commit(database.db, first);
  const { subscription } = first;
  const invoice = `inv_${subscription.id.slice(4)}_1` as const;
  const declined: Fact = {
    type: 'payment_failed',
    invoice,
    attempt: 1,
    payment: null,
    decline: 'soft',
    code: 'declined',
  };
  const ended = step(subscription, [declined, START], [{ type: 'incomplete_expired' }, START + DAY]);
  expect(await commit(database.db, ended)).toEqual({ outcome: 'committed' });
  expect(await redeemed(id)).toEqual({ counted: 0, rows: 1, released: 1 });
  expect(await outcomes([redeeming(id, code)])).toEqual(['committed']);
});

it('a redemption is never changed, taken back twice or deleted', async () => {
  const id = await coupon();
  await commit(database.db, redeeming(id));
  const rows = database.db.updateTable('redemptions').where('coupon_id', '=', id);
  await expect(rows.set({ customer_id: 'cus_x' }).execute()).rejects.toThrow(/append-only/);
  await rows.set({ released_at: new Date(START + DAY) }).execute();
  await expect(rows.set({ released_at: null }).execute()).rejects.toThrow(/append-only/);
  const gone = database.db.deleteFrom('redemptions').where('coupon_id', '=', id);
  await expect(gone.execute()).rejects.toThrow(/append-only/);
});
