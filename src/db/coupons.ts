/** Coupons, their promotion codes, and how often each was redeemed. */
import { type Selectable, sql } from 'kysely';
import { type Coupon, limitOf, type Offer, type PromotionCode } from '../domain/coupon.ts';
import type { CouponId, CustomerId, PromotionCodeId } from '../domain/ids.ts';
import type { Redemption, Shared } from '../domain/shared.ts';
import type { Instant } from '../domain/time.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { CouponsTable, PromotionCodesTable, RedemptionsTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type CouponRow = Selectable<CouponsTable>;
export type PromotionCodeRow = Selectable<PromotionCodesTable>;
export type RedemptionRow = Selectable<RedemptionsTable>;

export const createCoupon = (trx: Trx, { tenant, mode }: Scope, coupon: Coupon, at: Date): Promise<CouponRow> =>
  trx
    .insertInto('coupons')
    .values({
      ...{ tenant_id: tenant, mode, id: coupon.id, name: coupon.name, percent_off: coupon.percentOff },
      amount_off: coupon.amountOff && JSON.stringify(coupon.amountOff),
      duration: coupon.duration,
      periods: coupon.periods,
      plans: coupon.plans && [...coupon.plans],
      max_redemptions: coupon.maxRedemptions,
      per_customer: coupon.perCustomer,
      redeem_by: date(coupon.redeemBy),
      state: coupon.state,
      created_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();

export const readCoupon = async (trx: Trx, id: CouponId): Promise<CouponRow | null> =>
  (await trx.selectFrom('coupons').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export async function listCoupons(
  trx: Trx,
  { state, code }: { state?: CouponRow['state']; code?: string },
  page: Page,
): Promise<Slice<CouponRow>> {
  let query = trx.selectFrom('coupons').selectAll();
  if (state) query = query.where('state', '=', state);
  if (code !== undefined) {
    const brought = trx.selectFrom('promotion_codes').select('coupon_id').where(isCode(code));
    query = query.where('id', 'in', brought);
  }
  if (page.after) query = query.where('id', '<', page.after as CouponId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

export type CouponChange = { name?: string | undefined; state?: CouponRow['state'] | undefined };

/** What it takes off stays as it is: subscriptions hold it. */
export const changeCoupon = async (
  trx: Trx,
  id: CouponId,
  { name, state }: CouponChange,
  at: Date,
): Promise<CouponRow | null> =>
  (await trx
    .updateTable('coupons')
    .set((row) => ({
      ...(name !== undefined && { name }),
      ...(state !== undefined && {
        state,
        archived_at: state === 'archived' ? row.fn.coalesce('archived_at', row.val(at)) : null,
      }),
    }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()) ?? null;

/** Null where another has the code, in whatever letters. */
export const createPromotionCode = async (
  trx: Trx,
  { tenant, mode }: Scope,
  code: PromotionCode,
  at: Date,
): Promise<PromotionCodeRow | null> =>
  (await trx
    .insertInto('promotion_codes')
    .values({
      ...{ tenant_id: tenant, mode, id: code.id, coupon_id: code.coupon, code: code.code, active: code.active },
      expires_at: date(code.expiresAt),
      max_redemptions: code.maxRedemptions,
      first_time_only: code.firstTimeOnly,
      minimum_amount: code.minimumAmount?.amount ?? null,
      minimum_currency: code.minimumAmount?.currency ?? null,
      customer_id: code.customer,
      created_at: at,
    })
    .onConflict((conflict) => conflict.expression(sql`tenant_id, mode, lower(code)`).doNothing())
    .returningAll()
    .executeTakeFirst()) ?? null;

export async function listPromotionCodes(trx: Trx, coupon: CouponId, page: Page): Promise<Slice<PromotionCodeRow>> {
  let query = trx.selectFrom('promotion_codes').selectAll().where('coupon_id', '=', coupon);
  if (page.after) query = query.where('id', '<', page.after as PromotionCodeId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

/** What a code asks for stays as it is; it is switched on and off. */
export const switchPromotionCode = async (
  trx: Trx,
  { coupon, id, active }: { coupon: CouponId; id: PromotionCodeId; active: boolean },
): Promise<PromotionCodeRow | null> =>
  (await trx
    .updateTable('promotion_codes')
    .set({ active })
    .where('id', '=', id)
    .where('coupon_id', '=', coupon)
    .returningAll()
    .executeTakeFirst()) ?? null;

/** Every plan that was ever published, by its name. */
export async function plansSold(trx: Trx): Promise<string[]> {
  const { rows } = await sql<{ plan: string }>`
    select distinct plan ->> 'id' as plan
    from price_books, jsonb_array_elements(document -> 'plans') as plan
    where state = 'published' order by 1`.execute(trx);
  return rows.map(({ plan }) => plan);
}

/** However it is typed, it is the same code. */
const isCode = (code: string) => sql<boolean>`lower(code) = lower(${code})`;

/** By a code, however it is typed, or by itself; the latter as somebody redeemed it, with the code that brought it. */
export type WantedCoupon = { code: string } | { coupon: CouponId; promotionCode?: PromotionCodeId | undefined };

/** A coupon as this customer finds it. Null where there is none. */
export async function offerOf(trx: Trx, wanted: WantedCoupon, customer: CustomerId): Promise<Offer | null> {
  const codeRow = await codeOf(trx, wanted);
  const id = 'coupon' in wanted ? wanted.coupon : codeRow?.coupon_id;
  const row = id ? await readCoupon(trx, id) : null;
  if (!row) return null;
  const own = await trx
    .selectFrom('redemptions')
    .select('promotion_code_id as code')
    .where('coupon_id', '=', row.id)
    .where('customer_id', '=', customer)
    .where('released_at', 'is', null)
    .execute();
  return {
    coupon: couponOf(row),
    code: codeRow && promotionCodeOf(codeRow),
    redeemed: {
      coupon: row.redeemed,
      code: codeRow?.redeemed ?? 0,
      byCustomer: own.length,
      codeByCustomer: own.filter(({ code }) => code !== null && code === codeRow?.id).length,
    },
  };
}

/** Which of these would be one too many now, and why. */
export async function usedUpOf(
  trx: Trx,
  customer: CustomerId,
  redemptions: readonly Redemption[],
): Promise<NonNullable<Shared['usedUp']>> {
  const usedUp: NonNullable<Shared['usedUp']> = {};
  for (const { coupon, promotionCode } of redemptions) {
    const offer = await offerOf(trx, { coupon, promotionCode: promotionCode ?? undefined }, customer);
    const limit = offer && limitOf(offer);
    if (limit) usedUp[coupon] = limit;
  }
  return usedUp;
}

async function codeOf(trx: Trx, wanted: WantedCoupon): Promise<PromotionCodeRow | null> {
  const codes = trx.selectFrom('promotion_codes').selectAll();
  if ('code' in wanted) {
    return (await codes.where(isCode(wanted.code)).executeTakeFirst()) ?? null;
  }
  if (!wanted.promotionCode) return null;
  return (await codes.where('id', '=', wanted.promotionCode).executeTakeFirst()) ?? null;
}

export async function listRedemptions(trx: Trx, coupon: CouponId, page: Page): Promise<Slice<RedemptionRow>> {
  let query = trx.selectFrom('redemptions').selectAll().where('coupon_id', '=', coupon);
  if (page.after) query = query.where('id', '<', Number(page.after));
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => String(id));
}

export const couponOf = (row: CouponRow): Coupon => ({
  id: row.id,
  name: row.name,
  percentOff: row.percent_off,
  amountOff: row.amount_off,
  duration: row.duration,
  periods: row.periods,
  plans: row.plans,
  maxRedemptions: row.max_redemptions,
  perCustomer: row.per_customer,
  redeemBy: row.redeem_by?.getTime() ?? null,
  state: row.state,
});

export const promotionCodeOf = (row: PromotionCodeRow): PromotionCode => ({
  id: row.id,
  coupon: row.coupon_id,
  code: row.code,
  active: row.active,
  expiresAt: row.expires_at?.getTime() ?? null,
  maxRedemptions: row.max_redemptions,
  firstTimeOnly: row.first_time_only,
  minimumAmount:
    row.minimum_amount === null ? null : { amount: row.minimum_amount, currency: row.minimum_currency ?? '' },
  customer: row.customer_id,
});

const date = (at: Instant | null): Date | null => (at === null ? null : new Date(at));
